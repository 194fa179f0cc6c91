// What emmett on SQLite does with the work of annal_bench's P1 and P6: one event of 256 bytes an
// append from one caller, then streams of ten events read among 500.
//
//   node peer.mjs [FOLDER]
import { getSQLiteEventStore } from '@event-driven-io/emmett-sqlite';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const appends = 2000, streams = 500, eventsOfEach = 10, reads = 2000;
const folder = mkdtempSync(join(process.argv[2] ?? '.', 'emmett-'));

const store = getSQLiteEventStore({
  fileName: join(folder, 'peer.db'),
  schema: { autoMigration: 'CreateOrUpdate' },
});
const event = { type: 'bench.appended', data: { text: 'x'.repeat(256) } };

async function time(what, times, operation) {
  const samples = [];
  for (let i = 0; i < times; ++i) {
    const begun = process.hrtime.bigint();
    await operation(i);
    samples.push(Number(process.hrtime.bigint() - begun) / 1000);
  }
  samples.sort((a, b) => a - b);
  const at = (q) => samples[Math.floor(q * (samples.length - 1))].toFixed(1);
  const rate = (times / (samples.reduce((sum, took) => sum + took, 0) / 1e6)).toFixed(0);
  console.log(`${what}: ${rate}/s, p50 ${at(0.5)} µs, p99 ${at(0.99)} µs`);
}

try {
  await time('append one event', appends, (i) =>
    store.appendToStream(`bench-${i % 1000}`, [event]));
  for (let stream = 0; stream < streams; ++stream)
    await store.appendToStream(`read-${stream}`, Array(eventsOfEach).fill(event));
  await time(`read a stream of ${eventsOfEach}`, reads, async (i) => {
    const read = await store.readStream(`read-${(i * 7919) % streams}`);
    if (read.events.length !== eventsOfEach) throw new Error('events are missing');
  });
} finally {
  rmSync(folder, { recursive: true });
}
