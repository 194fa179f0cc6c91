// The left side: collections, and the documents of one of them.
import {$, ago, make, show} from './dom.js';
import {Address, ask, hashOf, place} from './store.js';

// What the list shows now; `key` tells one list from another.
const side = {key: null, next: null, loading: null, shown: false};

// Shows a page of collections; returns how many are shown then.
//   failed   told what goes wrong later, when more are asked for
export async function loadCollections(failed, path = '/v1/collections?limit=100') {
  const {body, next} = await ask(path);
  const list = $('collections');
  if (path.indexOf('after=') < 0) list.replaceChildren();
  for (const {name} of body.collections)
    list.append(make('li', {}, make('a', {href: hashOf({collection: name}), 'data-name': name},
                                    make('span', {class: 'id'}, name))));
  const more = $('more-collections');
  show(more, Boolean(next));
  more.onclick = () => loadCollections(failed, next).then(markCurrent).catch(failed);
  return list.children.length;
}

function documentItem(entry) {
  const here = place();
  const href = hashOf({...here, collection: entry.collection, id: entry.id, version: null});
  const title = entry.title && entry.title !== entry.id ? entry.title + ' · ' : '';
  const state = entry.is_deleted ? 'deleted ' : '';
  return make('li', {class: entry.is_deleted ? 'is-deleted' : null},
              make('a', {href, 'data-id': entry.id},
                   make('span', {class: 'id'}, entry.id),
                   make('span', {class: 'under'},
                        `${title}v${entry.version} · ${state}${ago(entry.modified_at)}`)));
}

// One of which nothing but its id is known any more.
function purgedItem(id) {
  return make('li', {class: 'is-deleted'},
              make('a', {href: hashOf({...place(), id, version: null}), 'data-id': id},
                   make('span', {class: 'id'}, id), make('span', {class: 'under'}, 'purged')));
}

async function loadDocuments(path, fresh) {
  side.loading?.abort();
  side.loading = new AbortController();
  try {
    const {body, next} = await ask(path, side.loading.signal);
    if (fresh) $('documents').replaceChildren();
    $('documents').append(...body.documents.map(documentItem), ...(body.purged || []).map(purgedItem));
    side.next = next;
    show($('more-documents'), Boolean(next));
    const none = $('documents').children.length === 0;
    $('documents-note').textContent = emptyListText(place());
    show($('documents-note'), none);
    markCurrent();
  } catch (error) {
    if (error.name === 'AbortError') return;
    $('documents').replaceChildren();
    show($('more-documents'), false);
    $('documents-note').textContent = error.message;
    show($('documents-note'));
  }
}

function emptyListText({prefix, deleted}) {
  if (prefix) return `No id begins with “${prefix}”.`;
  return deleted ? 'There are no documents in this collection.'
                 : 'There are no documents here that are not deleted.';
}

// Shows the documents of the place, if others are shown.
export function refreshList(here) {
  show($('documents-section'), Boolean(here.collection));
  const key = JSON.stringify([here.collection, here.prefix, here.deleted]);
  if (!here.collection || key === side.key) return markCurrent();
  side.key = key;
  side.shown = false;
  if (document.activeElement !== $('prefix')) $('prefix').value = here.prefix;
  $('deleted').checked = here.deleted;
  const query = new URLSearchParams({limit: 100});
  if (here.prefix) query.set('prefix', here.prefix);
  if (here.deleted) query.set('deleted', 'true');
  return loadDocuments(`${Address.documents(here.collection)}?${query}`, true);
}

function markCurrent() {
  const here = place();
  const mark = (link, current) =>
    current ? link.setAttribute('aria-current', 'true') : link.removeAttribute('aria-current');
  for (const link of $('collections').querySelectorAll('a')) mark(link, link.dataset.name === here.collection);
  for (const link of $('documents').querySelectorAll('a')) {
    mark(link, link.dataset.id === here.id);
    if (link.dataset.id === here.id && !side.shown) {  // once for each list: later it would get in the way
      side.shown = true;
      $('side').scrollTop = Math.max(0, link.offsetTop - $('side').clientHeight / 2);
    }
  }
}

export function moreDocuments() {
  if (side.next) loadDocuments(side.next, false);
}
