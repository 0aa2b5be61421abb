/** The timetable on the real node-cron: no overlap, failures, catching up, stopping, and a process that may end. */

import { spawn } from 'node:child_process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createJobs, type Row } from './jobs.ts';
import { day, hour, minute } from './rules/time.ts';
import { systemClock } from './system.ts';
import { eventually } from './testing/eventually.ts';

const pause = (span: number) => systemClock.sleep(span);

function desk(rows: readonly Row[], { at, notes = {} }: { at?: number; notes?: Record<string, string> } = {}) {
  const kept = new Map(Object.entries(notes));
  const settings = { note: (name: string) => kept.get(name) ?? null, setNote: (name: string, value: string) => void kept.set(name, value) };
  const errors: { job: string }[] = [];
  const log = { warn() {}, error: (fields: { job: string }) => void errors.push(fields) } as unknown as Parameters<
    typeof createJobs
  >[0]['log'];
  const clock = { now: () => at ?? systemClock.now(), sleep: pause };
  return { jobs: createJobs({ rows, settings, clock, log }), kept, errors };
}

test('runs by its schedule, never beside itself, and goes on after a failure', async () => {
  let [running, most, slow, failing] = [0, 0, 0, 0];
  const { jobs, errors } = desk([
    [
      'slow',
      '* * * * * *',
      async () => {
        running += 1;
        most = Math.max(most, running);
        await pause(1500);
        running -= 1;
        slow += 1;
      },
    ],
    [
      'failing',
      '* * * * * *',
      () => {
        failing += 1;
        throw new Error('no');
      },
    ],
  ]);
  jobs.start();
  const startedAt = systemClock.now();
  await eventually('they do not run again', () => slow >= 2 && failing >= 4);
  await jobs.stop();
  assert.is(most, 1);
  assert.ok(1500 * slow <= systemClock.now() - startedAt + 10, `${slow}`);
  assert.is(errors.length, failing);
  assert.is(errors[0]?.job, 'failing');
  const before = failing;
  await pause(1200);
  assert.is(failing, before);
});

/** What runs at a start at `at` when it last ran at `last`. */
async function caughtUp(
  schedule: string,
  { at, last, timezone }: { at: number; last: number | null; timezone?: string },
): Promise<boolean> {
  let runs = 0;
  const what = () => {
    runs += 1;
  };
  const row: Row = timezone === undefined ? ['job', schedule, what] : ['job', schedule, what, timezone];
  const { jobs, kept } = desk([row], { at, notes: last === null ? {} : { 'job job': String(last) } });
  jobs.start();
  await pause(0);
  await jobs.stop();
  assert.is(kept.get('job job'), runs === 1 ? String(at) : last === null ? undefined : String(last));
  return runs === 1;
}

test('what was missed while nothing ran is caught up, once; what was not, waits for its time', async () => {
  const noon = Date.UTC(2026, 4, 20, 12);
  assert.is(await caughtUp('0 3 * * *', { at: noon, last: noon - day }), true);
  assert.is(await caughtUp('0 3 * * *', { at: noon, last: noon - 8 * hour }), false);
  assert.is(await caughtUp('0 3 * * *', { at: noon, last: noon - 9 * hour }), false);
  assert.is(await caughtUp('0 3 * * *', { at: noon, last: noon - 9 * hour - 1 }), true);
  assert.is(await caughtUp('0 12 * * *', { at: noon, last: noon - hour }), true);
  assert.is(await caughtUp('0 3 * * *', { at: noon, last: null }), true);
  assert.is(await caughtUp('*/15 * * * *', { at: noon + 14 * minute, last: noon + 1 }), false);
  assert.is(await caughtUp('*/15 * * * *', { at: noon + 16 * minute, last: noon + 1 }), true);
  assert.is(await caughtUp('30 0 3 * * *', { at: noon, last: noon - 9 * hour }), true);
  assert.is(await caughtUp('0 3 1 * *', { at: noon, last: noon - 19 * day }), false);
  assert.is(await caughtUp('0 3 1 * *', { at: noon, last: noon - 20 * day }), true);
  assert.is(await caughtUp('0 3 29 2 *', { at: noon, last: noon - 300 * day }), false);
});

test('the hours are those of the zone', async () => {
  const at = Date.UTC(2026, 4, 20, 12);
  assert.is(await caughtUp('0 3 * * *', { at, last: at - 13 * hour, timezone: 'Asia/Kolkata' }), false);
  assert.is(await caughtUp('0 3 * * *', { at, last: at - 15 * hour, timezone: 'Asia/Kolkata' }), true); // 03:00 in Kolkata is 21:30 UTC
});

test('what runs often runs at every start, and leaves no note', async () => {
  let runs = 0;
  const count = () => {
    runs += 1;
  };
  const { jobs, kept } = desk([['outbox', '*/15 * * * * *', () => count()]]);
  jobs.start();
  await pause(0);
  await jobs.stop();
  assert.is(runs, 1);
  assert.is(kept.size, 0);
});

test('a failed run is not noted, and is caught up at the next start', async () => {
  const { jobs, kept, errors } = desk([['job', '0 3 * * *', () => Promise.reject(new Error('no'))]]);
  jobs.start();
  await pause(0);
  await jobs.stop();
  assert.is(errors.length, 1);
  assert.is(kept.size, 0);
});

test('stopping waits for what is running, but only shortly', async () => {
  let isDone = false;
  const finish = async () => {
    await pause(200);
    isDone = true;
  };
  const quick = desk([['quick', '0 3 * * *', finish]]);
  quick.jobs.start();
  await quick.jobs.stop();
  assert.ok(isDone);
  const hung = desk([['hung', '0 3 * * *', () => new Promise(() => {})]]);
  hung.jobs.start();
  const started = systemClock.now();
  await hung.jobs.stop();
  const took = systemClock.now() - started;
  assert.ok(took >= 450 && took < 5000, `${took}`);
});

test('a schedule that is none is refused by name', () => {
  assert.throws(() => desk([['sync', '* * * *', () => {}]]), /the schedule of sync/);
  assert.throws(() => desk([['sync', '99 * * * *', () => {}]]), /the schedule of sync/);
  assert.throws(() => desk([['sync', '* * * * *', () => {}, 'Mars/Olympus']]), /the schedule of sync/);
});

test('the timetable alone keeps no process alive', async () => {
  const program = `
    import { createJobs } from '${new URL('./jobs.ts', import.meta.url).href}';
    import { systemClock } from '${new URL('./system.ts', import.meta.url).href}';
    const settings = { note: () => null, setNote() {} };
    createJobs({ rows: [['a', '* * * * * *', () => {}], ['b', '0 3 * * *', () => {}]], settings, clock: systemClock, log: console }).start();`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', program], { stdio: ['ignore', 'inherit', 'inherit'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
  const code = await new Promise((resolve) => child.once('exit', resolve));
  clearTimeout(timer);
  assert.is(code, 0);
});

test.run();
