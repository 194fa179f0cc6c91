// Takes valid JSON apart without changing a byte of it: JSON.parse would round 64-bit integers and move
// keys that look like numbers.

// Every token of valid JSON: [kind, text], kind one of punctuation { } [ ] : , or s(tring) d(igits) w(ord).
function* tokens(text) {
  const pattern = /[{}[\]:,]|"[^"\\]*(?:\\.[^"\\]*)*"|[-0-9][0-9.eE+-]*|true|false|null/g;
  for (const [token] of text.matchAll(pattern)) {
    const c = token[0];
    yield [c === '"' ? 's' : '{}[]:,'.includes(c) ? c : /[-0-9]/.test(c) ? 'd' : 'w', token];
  }
}

// Calls back for each member or element of the outermost value, with its raw text.
function parts(text, found) {
  const pattern = /[{}[\],:]|"[^"\\]*(?:\\.[^"\\]*)*"/g;
  let depth = 0, start = 0, name = null, last = null;
  for (const match of text.matchAll(pattern)) {
    const c = match[0], at = match.index;
    if (c === '{' || c === '[') { if (++depth === 1) start = at + 1; }
    else if (depth === 1 && c === ':') { name = last; start = at + 1; }
    else if (depth === 1 && (c === ',' || c === '}' || c === ']')) {
      const value = text.slice(start, at).trim();
      if (value !== '') found(name === null ? null : JSON.parse(name), value);
      start = at + 1;
      name = null;
    }
    if (c === '}' || c === ']') --depth;
    last = c;
  }
}

export function members(text) {
  const map = new Map();
  parts(text, (name, value) => map.set(name, value));
  return map;
}

export function elements(text) {
  const list = [];
  parts(text, (name, value) => list.push(value));
  return list;
}

// The raw value at a JSON pointer; undefined if there is none.
export function at(text, pointer) {
  for (const step of pointer.split('/').slice(1)) {
    if (text === undefined) return undefined;
    const key = step.replace(/~1/g, '/').replace(/~0/g, '~');
    text = text.trimStart()[0] === '[' ? elements(text)[Number(key)] : members(text).get(key);
  }
  return text;
}

// The same JSON, indented: [[kind, text]…], kind '' for what lies between; names are of kind k.
export function indented(text) {
  const all = [...tokens(text)], out = [];
  let depth = 0;
  const line = () => out.push(['', '\n' + '  '.repeat(depth)]);
  all.forEach(([kind, token], i) => {
    const before = all[i - 1]?.[0], after = all[i + 1]?.[0];
    if ((kind === '}' || kind === ']')) {
      --depth;
      if (before !== '{' && before !== '[') line();
    }
    out.push([kind === 's' && after === ':' ? 'k' : 'sdw'.includes(kind) ? kind : '', token]);
    if (kind === '{' || kind === '[') {
      ++depth;
      if (after !== '}' && after !== ']') line();
    }
    if (kind === ',') line();
    if (kind === ':') out.push(['', ' ']);
  });
  return out;
}
