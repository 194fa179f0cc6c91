// The page: collections and documents on the left, one document and its versions on the right. What is
// shown is in the address (#/collection/id?v=3), so that a link shows the same again.
import {closeDocument, goTo, openDocument, view} from './document.js';
import {$, count, make, show} from './dom.js';
import {loadCollections, moreDocuments, refreshList} from './list.js';
import {ask, hashOf, isAt, place} from './store.js';

function showWelcome(collections) {
  const example = `curl -X PUT ${location.origin}/v1/documents/notes/first \\\n` +
                  `  -H 'Content-Type: application/json' \\\n` +
                  `  -d '{"title":"First","content":"Hello","author":"me"}'`;
  $('welcome').replaceChildren(...(collections
    ? [make('h1', {}, 'Choose a document'),
       make('p', {}, 'Every version of every document is still here. Open one and move the slider.')]
    : [make('h1', {}, 'This store holds no documents yet'),
       make('p', {}, 'Record one, and load this page again:'), make('pre', {}, example)]));
  document.title = 'annal';
  show($('welcome'));
}

function asSentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1) + (/[.?!]$/.test(text) ? '' : '.');
}

function showError(error) {
  if (error.name === 'AbortError') return;
  const missing = error.status === 404;
  $('error').replaceChildren(
    make('h1', {}, missing ? 'Not found' : 'That did not work'), make('p', {}, asSentence(error.message)),
    missing ? '' : make('button', {type: 'button', onclick: refresh}, 'Try again'));
  closeDocument();
  show($('welcome'), false);
  show($('error'));
}

async function refresh() {
  const here = place();
  show($('error'), false);
  show($('welcome'), false);
  if (!here.id) show($('document'), false);
  try {
    const collections = $('collections').children.length || await loadCollections(showError);
    refreshList(here);
    if (here.id) await openDocument(here);
    else showWelcome(collections);
  } catch (error) {
    if (isAt(here)) showError(error);  // else something else was opened meanwhile
  }
}

async function showStore() {
  try {
    const {body} = await ask('/healthz');
    const kept = body.durability === 'ephemeral' ? 'in memory only' : 'on disk';
    $('store').textContent = `${count(body.head, 'event')} · ${kept}${body.read_only ? ' · read-only' : ''}`;
  } catch (error) {
    $('store').textContent = error.message;
  }
}

function step(version) {
  const shown = goTo(version);
  const here = place();
  shown.catch((error) => { if (isAt(here)) showError(error); });
}

function filter() {
  const here = {...place(), prefix: $('prefix').value, deleted: $('deleted').checked};
  history.replaceState(null, '', hashOf(here));
  refreshList(here);
}

function onKey(event) {
  const typing = event.target.matches('input[type="search"], textarea');
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.key === 'Escape' && typing) return event.target.blur();
  if (typing || event.target === $('slider')) return;
  if (event.key === '/' && !$('documents-section').hidden) {
    event.preventDefault();
    return $('prefix').focus();
  }
  const to = {ArrowLeft: view.shown - 1, ArrowRight: view.shown + 1, Home: 1, End: view.newest}[event.key];
  if (to === undefined || $('document').hidden) return;
  event.preventDefault();
  step(to);
}

$('slider').addEventListener('input', () => step(Number($('slider').value)));
$('older').addEventListener('click', () => step(view.shown - 1));
$('newer').addEventListener('click', () => step(view.shown + 1));
$('prefix').addEventListener('input', filter);
$('deleted').addEventListener('change', filter);
$('more-documents').addEventListener('click', moreDocuments);
document.addEventListener('keydown', onKey);
window.addEventListener('hashchange', refresh);
showStore();
refresh();
