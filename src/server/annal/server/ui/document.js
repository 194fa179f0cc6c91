// One document at one of its versions: what it was, and what the version changed.
import {bothTexts, showChanges} from './changes.js';
import {contentOf} from './content.js';
import {$, absolute, make, show, time} from './dom.js';
import * as RawJson from './raw_json.js';
import {Address, ask, hashOf, place, Problem} from './store.js';

// `versions` keeps the events that were fetched, by version; `states` the document as of a version, null
// where it was deleted, `purged` where nobody knows it any more.
const purged = {};
export const view = {key: null, newest: 0, versions: new Map(), states: new Map(), shown: 0, loading: null};

export async function openDocument(here) {
  const key = JSON.stringify([here.collection, here.id]);
  if (key !== view.key || !here.version || here.version > view.newest) {
    const path = Address.document(here.collection, here.id);
    const {body} = await ask(`${path}/versions?limit=100`);
    if (JSON.stringify([place().collection, place().id]) !== key) return;  // another was opened meanwhile
    Object.assign(view, {key, path, here, shown: 0, newest: body.versions[0].version,
                         versions: new Map(body.versions.map((event) => [event.version, event])),
                         states: new Map()});
    $('slider').max = view.newest;
    $('slider').disabled = view.newest === 1;
  }
  if (here.version > view.newest)
    throw new Problem(404, {detail: `There is no version ${here.version}; the newest is ${view.newest}.`});
  await showVersion(here.version || view.newest);
}

async function eventOf(version, signal) {
  if (!view.versions.has(version)) {
    const {body} = await ask(`${view.path}/versions?before=${version + 1}&limit=50`, signal);
    for (const event of body.versions) view.versions.set(event.version, event);
  }
  return view.versions.get(version);
}

async function stateOf(version, signal) {
  if (version === 0) return null;
  if (!view.states.has(version)) {
    let state = null;
    try {
      const {body, raw} = await ask(`${view.path}?at=@v${version}`, signal);
      const {content, ...rest} = body;
      state = {...rest, content, raw: RawJson.members(raw).get('content')};
    } catch (error) {
      if (error.status !== 410) throw error;
      if (error.body.type === 'urn:annal:problem:document-purged') state = purged;
    }
    if (view.states.size > 60) view.states.delete(view.states.keys().next().value);
    view.states.set(version, state);
  }
  return view.states.get(version);
}

async function showVersion(version) {
  view.loading?.abort();
  const {signal} = view.loading = new AbortController();
  view.shown = version;
  showSlider(version);
  for (const id of ['changes', 'content', 'event']) $(id).classList.add('loading');
  try {
    const event = await eventOf(version, signal);
    const states = [await stateOf(version - 1, signal), await stateOf(version, signal)];
    const gone = {before: states[0] === purged, after: states[1] === purged};
    const [before, after] = states.map((state) => state === purged ? null : state);
    const patch = await patchOf(version, before, after, signal);
    if (signal.aborted) return;
    showHead(event, before, after, gone.after);
    showEvent(event);
    showChanges($('changes'), $('changes-note'), {version, before, after, gone, patch});
    showContent(version, after, gone.after);
    show($('document'));
    for (const id of ['changes', 'content', 'event']) $(id).classList.remove('loading');
  } catch (error) {
    if (error.name !== 'AbortError') throw error;
  }
}

// The server's JSON Patch, where there is no text to compare line by line.
async function patchOf(version, before, after, signal) {
  if (!before || !after || before.raw === after.raw || bothTexts(before, after)) return null;
  const {raw} = await ask(`${view.path}/diff?from=@v${version - 1}&to=@v${version}`, signal);
  return RawJson.elements(RawJson.members(raw).get('patch'))
    .map((operation) => RawJson.members(operation))
    .filter((operation) => JSON.parse(operation.get('path')).startsWith('/content'));
}

function showSlider(version) {
  const slider = $('slider');
  slider.value = version;
  slider.setAttribute('aria-valuetext', `version ${version} of ${view.newest}`);
  $('version').replaceChildren('version ', make('b', {}, String(version)), ` of ${view.newest}`);
  $('older').disabled = version <= 1;
  $('newer').disabled = version >= view.newest;
}

function fact(name, ...value) { return make('div', {}, make('dt', {}, name), make('dd', {}, ...value)); }

function showHead(event, before, after, isPurged) {
  const {collection, id} = place();
  $('crumbs').replaceChildren(make('a', {href: hashOf({collection})}, collection), ` / ${id}`);
  const state = after || before;
  $('title').textContent = state?.title || 'untitled';
  $('title').classList.toggle('untitled', !state?.title);
  document.title = `${state?.title || id} · v${event.version} · annal`;
  $('facts').replaceChildren(...(state ? [
    fact('by', state.author || 'unknown'),
    fact('created', time(state.created_at)),
    event.version > 1 ? fact('last changed', time(event.recorded_at)) : '',
    after && after.last_editor !== after.author ? fact('last editor', after.last_editor || 'unknown') : '',
  ].filter(Boolean) : []));
  const banner = $('banner');
  const link = (version, text) => make('a', {href: hashOf({...place(), version})}, text);
  if (isPurged) {
    banner.replaceChildren(`What version ${event.version} was has been purged${event.reason ? ': ' + event.reason : ''}.`);
  } else if (!after) {
    const last = event.version - 1;
    banner.replaceChildren(`Deleted in version ${event.version}${event.reason ? ': ' + event.reason : ''}. `,
                           last > 0 ? link(last, `Its last version before that is ${last}.`) : '');
  } else if (event.version < view.newest) {
    banner.replaceChildren(`You are looking at the past: version ${event.version} of ${view.newest}. `,
                           link(view.newest, 'Go to the newest.'));
  }
  show(banner, !after || event.version < view.newest);
}

function showEvent(event) {
  const kind = event.type.split('.').pop();
  const {message, ...others} = event.metadata;
  const late = event.occurred_at !== event.recorded_at;
  const recorded = ` recorded ${absolute.format(new Date(event.recorded_at))}`;
  const who = event.editor || others.author || '';
  $('event').replaceChildren(
    make('div', {class: 'line'},
         make('span', {class: `badge ${kind}`}, event.type),
         who ? make('span', {}, 'by ', make('b', {}, who)) : '',
         event.at_version ? make('span', {class: 'soft'}, `back to version ${event.at_version}`) : '',
         make('span', {}, time(event.occurred_at), late ? make('span', {class: 'soft'}, recorded) : ''),
         make('span', {class: 'soft mono'}, `@${event.position}`)),
    event.reason ? make('p', {class: 'message'}, event.reason) : '',
    message ? make('p', {class: 'message'}, message.trimEnd()) : '',
    event.tags.length ? make('div', {class: 'line'}, event.tags.map((tag) => make('span', {class: 'tag'}, tag))) : '');
}

function showContent(version, state, isPurged) {
  const raw = $('raw');
  raw.href = `${view.path}?at=@v${version}`;
  show(raw, Boolean(state));
  const {note, elements} = contentOf(state, place().id);
  $('content-note').textContent = state ? `as of version ${version}${note}` : '';
  $('content').replaceChildren(...(isPurged ? [make('p', {}, 'Its content was purged.')] : elements));
}

// The slider's own moves change the address without leaving a trail in the browser's history.
export async function goTo(version) {
  if (!view.key || version < 1 || version > view.newest || version === view.shown) return;
  history.replaceState(null, '', hashOf({...place(), version}));
  await showVersion(version);
}

export function closeDocument() {
  view.key = null;
  show($('document'), false);
}
