// alone
/** Nobody can make it dear for the others: no request costs more because very many attempts, tokens and sessions live; garbage costs next to nothing. */

import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fill } from '../../bench/crowd.ts';
import { type Ask, load } from '../../bench/measure.ts';
import { isRefusal, type Refusal } from '../../rules/refusal.ts';
import { createSlowHash } from '../../system.ts';
import { type Office, startOffice } from './office.ts';

const crowd = 20_000;
/** Against the noise of a busy machine; what walks over the crowd costs hundreds of times more. */
const generous = 3;
const garbage = (number: number): string => `${number}${'A'.repeat(43)}`.slice(0, 43);

let office: Office;
let port: number;

test.before(async () => {
  office = await startOffice();
  port = office.app.address.port;
  await office.register('alice', 'email');
});
test.after(async () => {
  await office.close();
});

/** Milliseconds of processor for one of these, of this whole process: the asking is paid too, the same each time. */
async function costOf(requests: number, ask: (number: number) => Ask): Promise<number> {
  const before = process.cpuUsage();
  const { statuses } = await load({ port, connections: 1, requests, ask });
  const { user, system } = process.cpuUsage(before);
  assert.ok(
    Object.keys(statuses).every((status) => ['200', '303', '404'].includes(status)),
    JSON.stringify(statuses),
  );
  return (user + system) / 1000 / requests;
}

const asks: Readonly<Record<string, (number: number) => Ask>> = {
  'GET /reset': () => ({ path: '/reset' }),
  'a garbage attempt cookie': (number) => ({ path: '/reset', headers: { Cookie: `attempt=${garbage(number)}` } }),
  'a garbage session cookie': (number) => ({ path: '/reset', headers: { Cookie: `session=${garbage(number)}` } }),
  'a garbage reset link': (number) => ({ path: `/reset/code/${garbage(number)}` }),
  'a garbage not-me link': (number) => ({ path: `/not-me/${garbage(number)}` }),
};
const many = 500;

async function identifying(): Promise<(number: number) => Ask> {
  const browser = await office.browserAt('10.50.0.1').open('/reset');
  const csrf = browser.form({ login: '' }).fields.csrf ?? '';
  const cookie = `visitor=${browser.cookies.get('visitor')}`;
  return (number) => ({
    method: 'POST',
    path: '/reset/identify',
    headers: { Cookie: cookie, 'Content-Type': 'application/x-www-form-urlencoded', 'X-Forwarded-For': `10.51.${number & 255}.1` },
    body: String(new URLSearchParams({ csrf, intention: 'reset', login: `stranger${number}` })),
  });
}

async function costs(): Promise<Record<string, number>> {
  await load({ port, connections: 1, requests: many, ask: () => ({ path: '/reset' }) }); // warm
  const measured: Record<string, number> = {};
  for (const [name, ask] of Object.entries(asks)) measured[name] = await costOf(many, ask);
  measured['POST /reset/identify'] = await costOf(100, await identifying());
  await pause(7000); // what these have left to be done afterwards must not be paid by others
  return measured;
}

test('no request costs more with twenty thousand attempts, tokens and sessions', async () => {
  const none = await costs();
  const again = await costs();
  fill(office.house, crowd);
  const full = await costs();
  for (const [name, cost] of Object.entries(full)) {
    const before = Math.max(none[name] ?? 0, again[name] ?? 0);
    assert.ok(cost < generous * before, `${name}: ${cost.toFixed(2)} ms, with none ${before.toFixed(2)} ms`);
  }
});

test('garbage is refused in less than a millisecond', async () => {
  const { attempts, sessions, tokens, clock } = office.house.world;
  const refusals: Readonly<Record<string, (value: string) => unknown>> = {
    attempt: (value) => attempts.byToken(value),
    session: (value) => sessions.byToken(value, clock.now()),
    'reset link': (value) => tokens.find('reset link', value, clock.now()),
    'not me': (value) => tokens.find('not me', value, clock.now()),
  };
  for (const [name, refuse] of Object.entries(refusals)) {
    const before = process.cpuUsage();
    for (let tries = 0; tries < many; tries += 1) assert.is(refuse(garbage(tries)), null);
    const { user, system } = process.cpuUsage(before);
    assert.ok((user + system) / 1000 / many < 1, `${name}: ${(user + system) / 1000 / many} ms`);
  }
  const page = await costOf(many, asks['GET /reset'] as (number: number) => Ask);
  for (const name of ['a garbage attempt cookie', 'a garbage session cookie', 'a garbage reset link', 'a garbage not-me link']) {
    const cost = await costOf(many, asks[name] as (number: number) => Ask);
    assert.ok(cost - page < 1, `${name} costs ${(cost - page).toFixed(2)} ms over a page without it`);
  }
});

/** Bytes that are still held by something. */
function held(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

test('five thousand requests leave nothing behind in memory', async () => {
  const mixed = (number: number): Ask => (Object.values(asks)[number % 5] as (number: number) => Ask)(number);
  await load({ port, connections: 8, requests: 2000, ask: mixed });
  const before = held();
  const { requests } = await load({ port, connections: 8, requests: 5000, ask: mixed });
  assert.is(requests, 5000);
  const grown = (held() - before) / 2 ** 20;
  assert.ok(grown < 4, `${grown.toFixed(1)} MiB more`);
});

test('two hundred slow hashes at once: two run, some wait, the others hear that the desk is busy', async () => {
  const slow = createSlowHash('pepper', { logN: 15, r: 8, p: 1 });
  const before = process.memoryUsage().rss;
  let highest = before;
  const watch = setInterval(() => {
    highest = Math.max(highest, process.memoryUsage().rss);
  }, 5);
  const answers = await Promise.all(Array.from({ length: 200 }, (_, number) => slow.hash(`password ${number}`)));
  clearInterval(watch);
  const busy = answers.filter(isRefusal) as Refusal[];
  assert.is(busy.length, 200 - 2 - 64);
  assert.ok(busy.every(({ key }) => key === 'desk.busy'));
  assert.ok((highest - before) / 2 ** 20 < 150, `${((highest - before) / 2 ** 20).toFixed(0)} MiB`); // two of 32 MiB, and what is not given back at once
  assert.not.ok(isRefusal(await slow.hash('afterwards')));
});

test('more than the desk can look up: busy for everybody, nothing is kept of it, and then not any more', async () => {
  const ask = await identifying();
  const { deferral } = office.house.world;
  // All that is accepted stays until it is let go: on a busy machine there would be room again before everybody has asked.
  let letGo = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const isAccepted = (number: number): boolean => deferral.accept(`rush ${number}`, () => held);
  const rows = (): unknown => office.house.db.$client.prepare('SELECT count(*) FROM attempt').pluck().get();
  let waiting = 0;
  while (waiting < 1000 && isAccepted(waiting)) waiting += 1;
  assert.ok(waiting < 1000, `${waiting} wait`);
  const before = rows();
  const { statuses } = await load({ port, connections: 4, requests: 8, ask });
  assert.equal(statuses, { 503: 8 });
  assert.is(rows(), before);
  letGo();
  for (let tries = 0; !isAccepted(tries); tries += 1) {
    assert.ok(tries < 1200, 'still busy after two minutes');
    await pause(100);
  }
});

test('an answer or a login that is very long is not worked on', async () => {
  const browser = await office.browserAt('10.52.0.1').open('/sign-in');
  const before = process.cpuUsage();
  await browser.submit({ login: 'alice', password: 'x'.repeat(9000) });
  const { user, system } = process.cpuUsage(before);
  assert.is(browser.status, 422);
  assert.ok((user + system) / 1000 < 500);
  assert.is(remembered(), 0, 'no wrong password is remembered: nothing was tried');
});

const remembered = (): number => office.house.db.$client.prepare('SELECT count(*) FROM wrong_password').pluck().get() as number;

test.run();
