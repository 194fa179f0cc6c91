// Elements, and times and sizes in words. Whatever comes from the store enters the page as text, never as
// markup: there is no other way to put it there than `make`.

export const $ = (id) => document.getElementById(id);

// An element with properties and children; children that are strings become text.
export function make(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === 'class') element.className = value;
    else if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ''));
  return element;
}

export function show(element, visible = true) { element.hidden = !visible; }

const relative = new Intl.RelativeTimeFormat('en', {numeric: 'auto'});
export const absolute = new Intl.DateTimeFormat(undefined, {dateStyle: 'medium', timeStyle: 'medium'});

export function ago(time) {
  const seconds = (new Date(time) - Date.now()) / 1000;
  for (const [unit, size] of [['year', 31557600], ['month', 2629800], ['week', 604800], ['day', 86400],
                              ['hour', 3600], ['minute', 60]])
    if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  return 'just now';
}

export function time(text) {
  return make('time', {datetime: text, title: text}, absolute.format(new Date(text)), ' ',
              make('span', {class: 'soft'}, `(${ago(text)})`));
}

export function size(bytes) {
  if (bytes < 1024) return `${bytes} bytes`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

export function count(number, one, many = one + 's') { return `${number} ${number === 1 ? one : many}`; }
