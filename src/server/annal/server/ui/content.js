// A document's content: text with its line numbers, JSON indented, binary as the bytes it is.
import {linesOf} from './diff.js';
import {count, make, size} from './dom.js';
import * as RawJson from './raw_json.js';

// The elements that show a content, and a note on what it is.
//   state   the document, or null if it is deleted
//   name    for saving it as a file
export function contentOf(state, name) {
  if (!state) return plain(make('p', {}, 'A deleted document has no content.'));
  const {content, raw} = state;
  if (typeof content === 'string') return textContentOf(content);
  const keys = content && typeof content === 'object' && !Array.isArray(content) ? Object.keys(content) : [];
  if (keys.length === 1 && typeof content.symlink === 'string')
    return plain(make('p', {}, 'A symbolic link to ', make('code', {}, content.symlink)));
  if (keys.length === 2 && content.encoding === 'base64' && typeof content.data === 'string')
    return binaryContentOf(content.data, name);
  return plain(make('pre', {class: 'json'}, colouredJson(raw)));
}

function plain(element) { return {note: '', elements: [element]}; }

function textContentOf(text) {
  const lines = linesOf(text);
  if (!lines.length) return plain(make('p', {}, 'An empty text.'));
  const row = (line, i) => make('div', {class: 'row'}, make('span', {class: 'n'}, String(i + 1)), make('span'),
                                make('span', {class: 't'}, line));
  return {note: ` · text, ${count(lines.length, 'line')}`,
          elements: [make('div', {class: 'lines'}, lines.map(row))]};
}

function binaryContentOf(base64, name) {
  let bytes;
  try {
    bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  } catch {
    return plain(make('p', {}, 'It says that it is base64, but it is not.'));
  }
  const save = () => {
    const url = URL.createObjectURL(new Blob([bytes], {type: 'application/octet-stream'}));
    make('a', {href: url, download: name.split('/').pop()}).click();
    URL.revokeObjectURL(url);
  };
  const rest = bytes.length > 256 ? `\n… ${size(bytes.length - 256)} more` : '';
  const shown = make('div', {class: 'blob'}, make('pre', {}, hexOf(bytes.subarray(0, 256)) + rest),
                     make('button', {type: 'button', onclick: save}, 'Save as a file'));
  return {note: ` · binary, ${size(bytes.length)}`, elements: [shown]};
}

function hexOf(bytes) {
  const rows = [];
  for (let i = 0; i < bytes.length; i += 16) {
    const row = [...bytes.subarray(i, i + 16)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ').padEnd(47);
    const text = row.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('');
    rows.push(`${i.toString(16).padStart(6, '0')}  ${hex}  ${text}`);
  }
  return rows.join('\n');
}

function colouredJson(raw) {
  return RawJson.indented(raw).map(([kind, text]) => (kind ? make('span', {class: kind}, text) : text));
}

export function plainJson(raw) { return RawJson.indented(raw).map(([, text]) => text).join(''); }
