// What a version changed: line by line where both contents are texts, as a JSON Patch otherwise.
import {plainJson} from './content.js';
import * as Diff from './diff.js';
import {count, make} from './dom.js';
import * as RawJson from './raw_json.js';

export function bothTexts(before, after) {
  return typeof before.content === 'string' && typeof after.content === 'string';
}

//   before, after   the document, or null where it was not there
//   patch           the operations of a JSON Patch on its content, each a map of raw JSON; or null
export function showChanges(panel, note, {version, before, after, gone, patch}) {
  note.textContent = before ? `from version ${version - 1} to ${version}` : '';
  panel.replaceChildren();
  if (gone.before || gone.after) {
    panel.append(make('p', {}, `What the document was ${gone.after ? 'at' : 'before'} this version was purged.`));
    return;
  }
  if (!after) {
    panel.append(make('p', {}, 'The document was deleted.'));
    return;
  }
  if (!before) {
    panel.append(make('p', {}, version === 1 ? 'The document was created.' : 'The document is there again.'));
    return;
  }
  if (before.title !== after.title)
    panel.append(make('dl', {class: 'was-is'}, make('dt', {}, 'title'),
                      make('dd', {}, make('del', {}, before.title || 'none'), ' → ', make('ins', {}, after.title || 'none'))));
  if (bothTexts(before, after)) showTextDiff(panel, note, before.content, after.content);
  else if (patch && patch.length)
    panel.append(patchTable(patch, before));
  if (before.title === after.title && before.raw === after.raw)
    panel.append(make('p', {}, 'Title and content stayed as they were.'));
  else if (patch && !patch.length && before.title === after.title)
    panel.append(make('p', {}, 'The content is written differently, but says the same.'));
}

function showTextDiff(panel, note, before, after) {
  const rows = Diff.lines(before, after);
  if (!rows.some((row) => row.kind !== 'same')) return;
  const added = rows.filter((row) => row.kind === 'added').length;
  const removed = rows.filter((row) => row.kind === 'removed').length;
  note.textContent += ` · ${count(added, 'line')} added, ${count(removed, 'line')} removed`;
  panel.append(make('div', {class: 'lines two'}, withGaps(rows, pairsOf(rows))));
}

// Removed lines that were replaced by as many added ones, told by row.
function pairsOf(rows) {
  const pairs = new Map();
  for (let i = 0; i < rows.length;) {
    if (rows[i].kind === 'same') { ++i; continue; }
    const run = [];
    while (i < rows.length && rows[i].kind !== 'same') run.push(rows[i++]);
    const removed = run.filter((row) => row.kind === 'removed');
    const added = run.filter((row) => row.kind === 'added');
    if (removed.length !== added.length) continue;
    removed.forEach((row, at) => {
      pairs.set(row, added[at]);
      pairs.set(added[at], row);
    });
  }
  return pairs;
}

const around = 3;  // unchanged lines shown around a change

function withGaps(rows, pairs) {
  const near = new Array(rows.length).fill(false);
  rows.forEach((row, i) => {
    if (row.kind === 'same') return;
    for (let j = Math.max(0, i - around); j <= Math.min(rows.length - 1, i + around); ++j) near[j] = true;
  });
  const elements = [];
  for (let i = 0; i < rows.length;) {
    if (near[i]) { elements.push(diffRow(rows[i], pairs)); ++i; continue; }
    const start = i;
    while (i < rows.length && !near[i]) ++i;
    const hidden = rows.slice(start, i);
    if (hidden.length < 3) { elements.push(...hidden.map((row) => diffRow(row, pairs))); continue; }
    const gap = make('div', {class: 'gap'}, make('button', {
      type: 'button',
      onclick: () => gap.replaceWith(...hidden.map((row) => diffRow(row, pairs))),
    }, `⋯ ${count(hidden.length, 'unchanged line')}`));
    elements.push(gap);
  }
  return elements;
}

function diffRow(row, pairs) {
  const sign = {same: ' ', removed: '−', added: '+'}[row.kind];
  return make('div', {class: `row ${row.kind}`},
              make('span', {class: 'n'}, String(row.before ?? '')),
              make('span', {class: 'n'}, String(row.after ?? '')),
              make('span', {class: 'sign'}, sign),
              make('span', {class: 't'}, lineText(row, pairs.get(row))));
}

// The line, with what differs from its counterpart marked if the two are much alike.
function lineText(row, other) {
  const {text, unended} = row;
  const ending = unended ? [make('span', {class: 'soft'}, '  (no line break at the end)')] : [];
  if (!other) return [text, ...ending];
  const {start, end} = Diff.shared(text, other.text);
  if (start + end < text.length / 3 || start + end === text.length) return [text, ...ending];
  return [text.slice(0, start), make('mark', {}, text.slice(start, text.length - end)),
          text.slice(text.length - end), ...ending];
}

function patchTable(patch, before) {
  const value = (raw, kind) => make('pre', {class: kind}, plainJson(raw));
  const old = `{"title":null,"content":${before.raw}}`;
  return make('table', {class: 'patch'},
    make('thead', {}, make('tr', {}, ...['Change', 'Where', 'What'].map((name) => make('th', {scope: 'col'}, name)))),
    make('tbody', {}, patch.map((operation) => {
      const op = JSON.parse(operation.get('op')), path = JSON.parse(operation.get('path'));
      const was = op === 'add' ? undefined : RawJson.at(old, path);
      return make('tr', {},
        make('td', {class: 'op'}, op),
        make('td', {class: 'path'}, path.slice('/content'.length) || 'everything'),
        make('td', {}, was === undefined ? '' : value(was, 'before'),
             operation.has('value') ? value(operation.get('value'), 'after') : ''));
    })));
}
