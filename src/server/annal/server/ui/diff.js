// What differs between two texts, line by line.

const mostEdits = 800;  // beyond that, finding the shortest way costs more than it shows

// The lines of a text. A last line break makes no line of its own.
export function linesOf(text) {
  if (text === '') return [];
  const lines = text.split('\n');
  if (lines[lines.length - 1] === '') lines.pop();
  return lines;
}

// The lines as they are compared, each behind a sign: `!` where it is the last and lacks the line break that
// the other text's has, `=` everywhere else.
function signedLines(text, other) {
  const lines = linesOf(text).map((line) => '=' + line);
  if (lines.length && !text.endsWith('\n') && other.endsWith('\n'))
    lines.push('!' + lines.pop().slice(1));
  return lines;
}

// [{kind: 'same' | 'removed' | 'added', text, unended, before, after}], line numbers from 1; unended where
// it lacks the line break that the other text's last line has.
// Source: E. W. Myers, An O(ND) Difference Algorithm, 1986
export function lines(before, after) {
  const a = signedLines(before, after), b = signedLines(after, before);
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) ++start;
  let endA = a.length, endB = b.length;
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) { --endA; --endB; }

  const rows = [];
  let n = 0, m = 0;
  const row = (kind, line, numbers) => rows.push({kind, text: line.slice(1), unended: line[0] === '!', ...numbers});
  const same = () => row('same', a[n], {before: ++n, after: ++m});
  const removed = () => row('removed', a[n], {before: ++n});
  const added = () => row('added', b[m], {after: ++m});
  while (n < start) same();
  for (const step of script(a.slice(start, endA), b.slice(start, endB)))
    ({same, removed, added})[step]();
  while (n < a.length) same();
  return rows;
}

function script(a, b) {
  const trace = shortest(a, b);
  if (!trace) return [...a.map(() => 'removed'), ...b.map(() => 'added')];
  const steps = [];
  let x = a.length, y = b.length;
  for (let d = trace.length - 1; d >= 0; --d) {
    const v = trace[d], k = x - y;
    const down = k === -d || (k !== d && v.get(k - 1) < v.get(k + 1));
    const fromK = down ? k + 1 : k - 1;
    const fromX = d === 0 ? 0 : v.get(fromK), fromY = d === 0 ? 0 : fromX - fromK;
    while (x > fromX && y > fromY) { steps.push('same'); --x; --y; }
    if (d > 0) steps.push(down ? 'added' : 'removed');
    x = fromX;
    y = fromY;
  }
  return steps.reverse();
}

// How far each diagonal got after 0, 1, 2… edits; null if there are too many.
function shortest(a, b) {
  const trace = [];
  let v = new Map([[1, 0]]);
  for (let d = 0; d <= Math.min(a.length + b.length, mostEdits); ++d) {
    trace.push(new Map(v));
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && v.get(k - 1) < v.get(k + 1));
      let x = down ? v.get(k + 1) : v.get(k - 1) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) ++x;
      v.set(k, x);
      if (x >= a.length && x - k >= b.length) return trace;
    }
  }
  return null;
}

// How many characters two lines share at their beginning and at their end.
export function shared(a, b) {
  let start = 0, end = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) ++start;
  while (end < a.length - start && end < b.length - start &&
         a[a.length - 1 - end] === b[b.length - 1 - end]) ++end;
  return {start, end};
}
