// alone
/** No door tells who has an account: the same status, headers, body and time for everybody, whatever is the matter with them. */

import { setTimeout as pause } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { defaultPolicy } from '../../rules/policy.ts';
import { accountKey, limits } from '../../rules/throttle.ts';
import type { Browser } from '../browser.ts';
import { addressOf, type Office, quickHashes, startOffice } from './office.ts';

interface Case {
  readonly name: string;
  readonly login: string;
}
const nobody: Case = { name: 'unknown', login: 'eve' };
const served: readonly Case[] = [
  { name: 'eligible', login: 'alice' },
  { name: 'typed by mail address', login: addressOf('heidi') },
  { name: 'no mail', login: 'osmith' },
  { name: 'locked', login: 'mallory' },
  { name: 'disabled by an administrator', login: 'pdevries' },
  { name: 'ended in the directory', login: 'skim' },
  { name: 'out of scope', login: 'dave' },
  { name: 'unregistered', login: 'bob' },
  { name: 'protected', login: 'trent' },
  { name: 'must change', login: 'peggy' },
  { name: 'suspended', login: 'umansour' },
  { name: 'throttled', login: 'vsilva' },
  { name: 'local', login: 'locke' },
];
const rounds = 5;
/** A busy machine is measured longer: its noise fades, and a difference would stay. */
const mostSeries = 4;
/** People whose rounds go on at the same time. */
const lanes = 4;
const coarseMillis = 50;

let office: Office;
let drawn = 0;
/** A network address that nobody has come from. */
const freshAddress = (): string => {
  drawn += 1;
  return `10.20.${drawn >> 8}.${drawn & 255}`;
};

test.before(async () => {
  office = await startOffice({
    // That everybody costs as many of them is counted elsewhere; here they would only tell how busy the machine is.
    hashCost: quickHashes,
    arrange: ({ people, ...staff }) => ({
      ...staff,
      policy: { ...staff.policy, failuresToLock: 1000 },
      people: people.map(({ mail, ...person }) => (person.login === 'osmith' || mail === undefined ? person : { ...person, mail })),
    }),
  });
  for (const login of ['alice', 'heidi', 'mallory', 'pdevries', 'skim', 'dave', 'trent', 'peggy', 'umansour', 'vsilva'])
    await office.register(login, 'email', 'totp');
  await office.register('osmith', 'totp');
  const { administrator } = office.directory;
  await administrator.lock('pdevries', 'administrator');
  await administrator.disable('skim');
  await office.house.syncAll();
  office.house.world.accounts.suspend(office.account('umansour').id, Date.now());
  office.house.world.settings.set('methods', [...defaultPolicy.methods, 'colleague']);
  office.house.world.settings.set('approvers', ['heidi', 'oscar']);
  const passwordHash = String(await office.house.world.slowHash.hash('The password of a local account'));
  office.house.world.accounts.createLocal({ login: 'locke', name: 'Lo Locke', mail: null, role: 'person', passwordHash, at: Date.now() });
});
test.after(async () => {
  await office.close();
});

/** All that this person's account can use up is used up, wherever they come from; nobody else's sign-ins are near their limit. */
function setScene(address: string): void {
  const { throttle } = office.house.world;
  for (const { login } of served.filter((one) => one.name !== 'throttled'))
    throttle.clear(limits.signIn, accountKey(office.house.world.accounts.byLogin(login.split('@')[0] ?? '')[0]?.id ?? 0, ''));
  const key = accountKey(office.account('vsilva').id, '');
  const exhaust = (limit: (typeof limits)[keyof typeof limits], at: string): void => {
    for (let hit = throttle.count(limit, at, Date.now()); hit < limit.most; hit += 1) throttle.hit(limit, at, Date.now());
  };
  for (const limit of [limits.failedAttemptsAnywhere, limits.mails, limits.mailsADay, limits.signIn]) exhaust(limit, key);
  for (const method of ['email', 'totp', 'recovery-code']) exhaust(limits.wrongProofs, `${key}|${method}`);
  exhaust(limits.failedAttempts, `${key}|${address}`);
}

interface Seen {
  readonly step: string;
  readonly status: number;
  readonly headers: object;
  readonly body: string;
}

/** Goes step by step and follows nothing, so that each answer is seen as it is. */
class Walk {
  readonly seen: Seen[] = [];
  readonly #browser: Browser;
  readonly #login: string;
  #csrf = '';

  constructor(browser: Browser, login: string) {
    this.#browser = browser;
    this.#login = login;
  }

  get = (path: string): Promise<void> => this.#ask('GET', path);
  post = (path: string, fields: Readonly<Record<string, string>>): Promise<void> =>
    this.#ask('POST', path, String(new URLSearchParams({ csrf: this.#csrf, ...fields })));

  async #ask(method: string, path: string, body?: string): Promise<void> {
    const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const answer = await this.#browser.send(method, path, body === undefined ? {} : { body, headers: form });
    this.#csrf = /name="csrf" value="([^"]+)"/.exec(answer.html)?.[1] ?? this.#csrf;
    const { date, 'content-length': length, 'set-cookie': cookies = [], ...headers } = answer.headers;
    assert.ok(date);
    if (length !== undefined) assert.is(Number(length), Buffer.byteLength(answer.html), 'an honest length');
    const to = headers.location?.replace(/[A-Z]{4}-[A-Z]{4}$/, 'CODE');
    const masked = { ...headers, location: to, 'set-cookie': cookies.map((cookie) => cookie.replace(/=[\w.~-]{20,}/, '=VALUE')) };
    this.seen.push({ step: `${method} ${path}`, status: answer.status, headers: masked, body: this.#masked(answer.html) });
  }

  /** What differs from visit to visit for everybody, and what the visitor typed. */
  #masked = (html: string): string =>
    html
      .replaceAll(/(name="csrf" value=")[^"]+/g, '$1CSRF')
      // A passkey signs it; to this attempt alone it belongs.
      .replaceAll(/(&quot;challenge&quot;:&quot;)[\w-]{43}/g, '$1CHALLENGE')
      .replaceAll(/(class="support-code"[^>]*>)[A-Z-]+/g, '$1CODE')
      .replaceAll(`value="${this.#login}"`, 'value="LOGIN"')
      .replaceAll(`data-login="${this.#login}"`, 'data-login="LOGIN"');
}

/** Every step that can be taken before anything is proved. */
async function walkReset(walk: Walk, { login }: Case, intention: 'reset' | 'unlock'): Promise<void> {
  await walk.get(`/${intention}`);
  await walk.post('/reset/identify', { login, intention });
  await walk.get('/reset');
  for (const method of ['email', 'totp', 'recovery-code', 'colleague']) {
    await walk.post('/reset/method', { method });
    await walk.get('/reset');
    await walk.post('/reset/answer', { answer: method === 'totp' ? '000000' : '0000 0000' });
    await walk.post('/reset/answer', { answer: '' });
    await walk.post('/reset/method', { method }); // at once again
    await walk.get('/reset');
    await walk.get('/reset?another=1');
    await walk.get('/unlock');
  }
  await walk.post('/reset/method', { method: 'passkey' });
  await walk.post('/reset/password', { password: 'Some new password 1', password_again: 'Some new password 1' });
  await walk.post('/reset/unlock', {});
  await walk.get('/reset/help');
  await walk.post('/reset/help', { name: '', contact: '' });
  await walk.post('/reset/help', { name: 'A person', contact: '12345', words: 'Help' });
  await walk.get('/reset/help/sent');
  await walk.get('/reset');
  await walk.post('/reset/cancel', {});
  await walk.get('/reset');
}

async function walkPasswords(walk: Walk, { login }: Case): Promise<void> {
  const wrong = `Wrong of the day ${drawn}`;
  await walk.get('/sign-in');
  await walk.post('/sign-in', { login, password: wrong });
  await walk.post('/sign-in', { login, password: wrong }); // the same again: known to be wrong
  await walk.post('/sign-in', { login, password: '' });
  await walk.get('/change');
  const wanted = { password: 'Some new password 1', password_again: 'Some new password 1' };
  await walk.post('/change', { login, current_password: `${wrong}!`, ...wanted });
  await walk.post('/change', { login, current_password: `${wrong}!`, password: 'short', password_again: 'other' });
}

/** The doors one after the other would take as long as everybody together. */
async function everythingSeenBy(one: Case): Promise<readonly Seen[]> {
  const doors: ((walk: Walk) => Promise<void>)[] = [
    (walk) => walkReset(walk, one, 'reset'),
    (walk) => walkReset(walk, one, 'unlock'),
    (walk) => walkPasswords(walk, one),
  ];
  const walks = await Promise.all(
    doors.map(async (door) => {
      const address = freshAddress();
      if (one.name === 'throttled') setScene(address);
      const walk = new Walk(office.browserAt(address), one.login);
      await door(walk);
      return walk.seen;
    }),
  );
  return walks.flat();
}

function sameAs(expected: readonly Seen[], found: readonly Seen[], name: string): void {
  assert.is(found.length, expected.length);
  for (const [at, seen] of found.entries()) {
    const { body = '', ...head } = expected[at] ?? {};
    const { body: foundBody, ...foundHead } = seen;
    assert.equal(foundHead, head, `${name}: step ${at}, ${seen.step}`);
    const lines = body.split('\n');
    for (const [line, words] of foundBody.split('\n').entries())
      assert.is(words, lines[line], `${name}: step ${at}, ${seen.step}, line ${line}`);
    assert.is(foundBody, body);
  }
}

test('every answer is the same for everybody, byte by byte', async () => {
  const expected = await everythingSeenBy(nobody);
  assert.ok(expected.length > 70);
  assert.ok(
    expected.some(({ body }) => body.includes('value="LOGIN"')),
    'what was typed is shown again',
  );
  const found = await Promise.all(served.map(everythingSeenBy));
  for (const [at, one] of served.entries()) sameAs(expected, found[at] ?? [], one.name);
  sameAs(expected, await everythingSeenBy({ name: 'another stranger', login: 'zzyzx' }), 'another stranger');
});

test('every answer is the same while the mail server is away', async () => {
  const expected = await everythingSeenBy(nobody);
  await office.smtp.kill();
  try {
    const [alice, again] = await Promise.all([everythingSeenBy({ name: 'SMTP down', login: 'alice' }), everythingSeenBy(nobody)]);
    sameAs(expected, again, 'a stranger, SMTP down');
    sameAs(expected, alice, 'SMTP down');
  } finally {
    await office.smtp.revive();
  }
});

/** Milliseconds of each answer that one round of this person takes. */
async function timesOf({ login }: Case): Promise<Readonly<Record<string, number>>> {
  const address = freshAddress();
  setScene(address);
  const times: Record<string, number> = {};
  const timed = async (name: string, step: Promise<void>, from = performance.now()): Promise<void> => {
    await step;
    times[name] = performance.now() - from;
  };
  const wrong = `Wrong of round ${drawn}`;
  const doors = [
    async (walk: Walk) => {
      await walk.get('/reset');
      const begun = performance.now();
      await timed('identify', walk.post('/reset/identify', { login, intention: 'reset' }));
      await timed('page after it', walk.get('/reset'));
      await walk.post('/reset/method', { method: 'email' });
      // An answer waits for all that was asked before it, so what came before it counts.
      await timed('login to answer', walk.post('/reset/answer', { answer: '0000 0000' }), begun);
      await timed('choosing a colleague', walk.post('/reset/method', { method: 'colleague' }));
      await timed('answer of a colleague', walk.post('/reset/answer', { answer: '0000 0000' }));
    },
    async (walk: Walk) => {
      await walk.get('/sign-in');
      await timed('sign-in', walk.post('/sign-in', { login, password: wrong }));
      // Afterwards: tries of one login wait for each other.
      await walk.get('/change');
      const wanted = { password: 'Some new password 1', password_again: 'Some new password 1' };
      await timed('change', walk.post('/change', { login, current_password: wrong, ...wanted }));
    },
  ];
  await Promise.all(doors.map((door) => door(new Walk(office.browserAt(address), login))));
  return times;
}

const medianOf = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

test('every answer takes as long for everybody', async () => {
  const everybody = [nobody, ...served];
  const taken = new Map(everybody.map(({ name }) => [name, [] as Readonly<Record<string, number>>[]]));
  const median = (name: string, step: string): number => medianOf((taken.get(name) ?? []).map((times) => times[step] ?? 0));
  const telling = (): string[] =>
    Object.keys(taken.get(nobody.name)?.[0] ?? {}).flatMap((step) =>
      served
        .filter(({ name }) => Math.abs(median(name, step) - median(nobody.name, step)) >= coarseMillis)
        .map(({ name }) => `${step}: ${name} ${median(name, step).toFixed(1)} ms, a stranger ${median(nobody.name, step).toFixed(1)} ms`),
    );
  for (let series = 0; series === 0 || (series < mostSeries && telling().length > 0); series += 1) {
    // Interleaved, and each time beside others, so that nobody's work falls into the same one's answer.
    const order = (round: number) => everybody.map((_one, at) => everybody[(at * 5 + round * 3) % everybody.length]);
    const waiting = Array.from({ length: rounds }, (_, round) => order(round)).flat();
    const lane = async (number: number): Promise<void> => {
      await pause(number * 350);
      for (let one = waiting.shift(); one; one = waiting.shift()) taken.get(one.name)?.push(await timesOf(one));
    };
    await Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)));
  }
  assert.equal(telling(), []);
});

test.run();
