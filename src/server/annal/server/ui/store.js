// Asking the server, and the address of the page (#/collection/id?v=3), which says what is shown.

export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || `The server answered ${status}.`);
    this.status = status;
    this.body = body;
  }
}

// The answer as parsed, as it came (`raw`), and where its next page is (`next`).
export async function ask(path, signal) {
  let response;
  try {
    response = await fetch(path, {signal, headers: {Accept: 'application/json'}});
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Problem(0, {detail: 'The server does not answer. Is it still running?'});
  }
  const raw = await response.text();
  let body = {};
  try { body = JSON.parse(raw); } catch { /* no JSON: the status says enough */ }
  if (!response.ok) throw new Problem(response.status, body);
  const link = /<([^>]*)>;\s*rel="next"/.exec(response.headers.get('Link') || '');
  return {body, raw, next: link ? link[1] : null};
}

export const Address = {
  documents: (collection) => `/v1/documents/${encodeURIComponent(collection)}`,
  document: (collection, id) => `${Address.documents(collection)}/${encodeURIComponent(id)}`,
};

export function place() {
  const [path, query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  const decode = (text) => { try { return decodeURIComponent(text); } catch { return text; } };
  const slash = path.indexOf('/');
  const parameters = new URLSearchParams(query);
  const version = Number(parameters.get('v'));
  return {
    collection: decode(slash < 0 ? path : path.slice(0, slash)),
    id: slash < 0 ? '' : decode(path.slice(slash + 1)),
    version: Number.isInteger(version) && version > 0 ? version : null,
    prefix: parameters.get('prefix') || '',
    deleted: parameters.get('deleted') === 'true',
  };
}

// Whether the page still shows that document at that version.
export function isAt({collection, id, version}) {
  const now = place();
  return now.collection === collection && now.id === id && now.version === version;
}

// Slashes of an id stay readable: behind the first one there is nothing but the id.
export function hashOf({collection, id = '', version = null, prefix = '', deleted = false}) {
  const query = new URLSearchParams();
  if (version) query.set('v', version);
  if (prefix) query.set('prefix', prefix);
  if (deleted) query.set('deleted', 'true');
  const name = id ? '/' + id.split('/').map(encodeURIComponent).join('/') : '';
  const text = query.toString();
  return '#/' + encodeURIComponent(collection) + name + (text ? '?' + text : '');
}
