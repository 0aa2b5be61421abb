/** A complete World for tests: SQLite in memory, a clock that stands still, seeded chance, a fake directory, mail that goes nowhere. */

import { createHash } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import type { Credential } from '../directory/demo/password-policy.ts';
import { homes } from '../homes.ts';
import { type Methods, methodsWith } from '../methods/methods.ts';
import type { Account } from '../rules/account.ts';
import type { Policy, SettingKey } from '../rules/policy.ts';
import { isRefusal } from '../rules/refusal.ts';
import type { Instant } from '../rules/time.ts';
import { type PasswordDesk, passwordDesk } from '../set-password.ts';
import { bringUpToDate, type Db, openDatabase } from '../store/database.ts';
import { storeOn } from '../store/store.ts';
import { createSlowHash } from '../system.ts';
import { createVault, keyFrom } from '../vault.ts';
import type { Clock, Deferral, Deliver, Message, Outbox, Random, World } from '../world.ts';
import { type CastName, cast, directoryCast, outsiders } from './cast.ts';
import { type FakeDirectory, fakeDirectory } from './fake-directory.ts';

export interface TestClock extends Clock {
  advance(milliseconds: number): void;
}

export interface TestDeferral extends Deferral {
  /** While true nothing is accepted. */
  isFull: boolean;
}

export interface TestWorld extends World {
  readonly clock: TestClock;
  readonly deferral: TestDeferral;
  readonly db: Db;
  readonly directory: FakeDirectory;
  readonly methods: Methods;
  readonly desk: PasswordDesk;
  /** Every message that was queued, oldest first; what was queued in a transaction that failed is not among them. */
  readonly mail: readonly Message[];
  readonly publicUrl: string;
  readonly people: Readonly<Record<CastName, Account>>;
  /** The newest code mailed to the address. */
  codeFromMail(to: string): string;
  /** The newest mailed address of one kind: "/reset/code/" or "/not-me/"; what follows it is the secret. */
  linkFromMail(to: string): string;
  /** What the app of this person shows now. */
  totpCode(name: CastName): string;
  decide(policy: Partial<Policy>): void;
  /** What the directory holds of this person's password, after an administrator of the directory has changed it so. */
  credential(name: CastName, change?: Partial<Credential>): Credential;
}

export interface TestWorldOptions {
  readonly at?: Instant;
  /** Chance is a function of it. */
  readonly seed?: string;
  readonly ownDomains?: readonly string[];
  readonly policy?: Partial<Policy>;
  /** A database file to stand on, instead of memory: two worlds on one file are two processes in all but name. */
  readonly file?: string;
}

export const publicUrl = 'https://desk.example.com';
export const testKey = keyFrom(Buffer.alloc(32, 7).toString('base64'));
/** scrypt at N=16: as strong as nothing, and as fast. */
const testCost = { logN: 4, r: 8, p: 1 };

export async function testWorld({
  at = Date.UTC(2026, 2, 2, 9),
  seed = 'latchkey',
  ownDomains = [],
  policy = {},
  file = ':memory:',
}: TestWorldOptions = {}): Promise<TestWorld> {
  const clock = testClock(at);
  const random = seededRandom(seed);
  const vault = createVault(testKey, random);
  const slowHash = createSlowHash(vault.digest('pepper', 'passwords'), testCost);
  const db = openDatabase(file);
  bringUpToDate(db, file);
  const store = storeOn(db, { vault, clock, random });
  const directory = fakeDirectory({ clock, people: directoryCast.map((name) => cast[name]) });
  const directories = { all: [directory], of: ({ home }: Account) => (home === directory.id ? directory : null) };
  const outside = {
    clock,
    random,
    vault,
    slowHash,
    ...store,
    directories,
    deliver: testDeliver(store.outbox, clock),
    deferral: testDeferral(),
  };
  const world: World = { ...outside, passwordsFor: homes(outside) };
  const decide = (wanted: Partial<Policy>): void => {
    for (const [key, value] of Object.entries(wanted)) store.settings.set(key as SettingKey, value);
  };
  decide({ scope_exclusions: [outsiders], ...policy });
  const seeds = new Map<CastName, string>();
  const people = await gather(world, directory, seeds);
  const queued = db.$client.prepare('SELECT sealed FROM outbox WHERE sealed IS NOT NULL ORDER BY id').pluck();
  const mail = (): Message[] => queued.all().map((message) => JSON.parse(message as string) as Message);
  const newest = (to: string, kinds: readonly string[]): Message => {
    const found = mail().findLast((message) => message.to === to && kinds.includes(message.kind));
    if (!found) throw new Error(`no ${kinds.join(' or ')} was mailed to ${to}`);
    return found;
  };
  return {
    ...world,
    clock,
    deferral: outside.deferral,
    db,
    directory,
    methods: methodsWith({ ...world, publicUrl, ownDomains }),
    desk: passwordDesk({ ...world, publicUrl }),
    get mail() {
      return mail();
    },
    publicUrl,
    people,
    codeFromMail: (to) => (newest(to, ['reset-code', 'contact-code']) as Message<'reset-code'>).variables.code,
    linkFromMail(to) {
      const variables = newest(to, ['reset-code', 'password-reset', 'password-changed', 'account-unlocked', 'write-settled']).variables;
      const link = 'link' in variables ? variables.link : (variables as { notMeLink: string }).notMeLink;
      return link.slice(link.lastIndexOf('/') + 1);
    },
    totpCode(name) {
      const seed = seeds.get(name);
      if (seed === undefined) throw new Error(`${name} has no app`);
      return new TOTP({ secret: Secret.fromBase32(seed) }).generate({ timestamp: clock.now() });
    },
    decide,
    credential(name, change = {}) {
      const resident = directory.resident(cast[name].login);
      resident.credential = { ...resident.credential, ...change };
      return resident.credential;
    },
  };
}

/** Sleeping costs no time but moves the clock: what waits has waited. */
function testClock(start: Instant): TestClock {
  let now = start;
  return {
    now: () => now,
    advance(milliseconds) {
      now += milliseconds;
    },
    async sleep(milliseconds) {
      now += Math.max(0, milliseconds);
    },
  };
}

/** SHA-256 over a counter: the same chance in every run. */
export function seededRandom(seed: string): Random {
  let drawn = 0;
  const block = (): Buffer => createHash('sha256').update(`${seed} ${drawn++}`).digest();
  const below = (limit: number): number => block().readUIntBE(0, 6) % limit; // the bias of 2^48 is for tests to bear
  return {
    token: () => block().toString('base64url'),
    digits: (count) => Array.from({ length: count }, () => below(10)).join(''),
    bytes: (count) => Buffer.concat(Array.from({ length: Math.ceil(count / 32) }, block)).subarray(0, count),
    below,
  };
}

/** Queues for good and in the clear: nothing is ever sent. */
const testDeliver = (outbox: Outbox, clock: Clock): Deliver => ({
  queue: (message) =>
    outbox.put({
      kind: message.kind,
      to: message.to,
      sealed: JSON.stringify(message),
      at: clock.now(),
      expiresAt: message.expiresAt ?? null,
      token: message.token ?? null,
    }),
  flush: async () => {},
  health: () => outbox.counts(),
});

/** Tasks run in order as soon as the caller waits for anything. There are no floors: the real one is tested by itself. */
function testDeferral(): TestDeferral {
  const chains = new Map<string, Promise<void>>();
  return {
    isFull: false,
    accept(key, task) {
      if (this.isFull) return false;
      chains.set(key, (chains.get(key) ?? Promise.resolve()).then(task));
      return true;
    },
    settled: (key) => chains.get(key) ?? Promise.resolve(),
    async drain() {
      await Promise.all(chains.values());
    },
  };
}

/** The cast with its accounts and enrolments; on a database that has them already, as they are. */
async function gather(world: World, directory: FakeDirectory, seeds: Map<CastName, string>): Promise<Record<CastName, Account>> {
  const { accounts, enrolments, vault, slowHash, clock } = world;
  const at = clock.now();
  const isNew = accounts.count().all === 0;
  for (const { login, role } of isNew ? directoryCast.map((name) => cast[name]) : []) {
    const entry = await directory.read(`id-${login}`);
    if (entry && !isRefusal(entry)) accounts.applySync([{ kind: 'add', home: directory.id, entry, role }], at);
  }
  const { login, name, mail, role, password } = cast.laura;
  const passwordHash = await slowHash.hash(password);
  if (isRefusal(passwordHash)) throw new Error('the slow hash refused');
  if (isNew) accounts.createLocal({ login, name, mail, role, passwordHash, at });
  const found = Object.entries(cast).map(([key, person]) => {
    const [account] = accounts.byLogin(person.login);
    if (!account) throw new Error(`${key} is missing`);
    const secret = new Secret({ buffer: new Uint8Array(createHash('sha1').update(key).digest()).buffer }).base32;
    for (const method of isNew ? person.holds : []) {
      const kept =
        method === 'totp'
          ? { label: 'phone', secret: vault.seal('totp', JSON.stringify({ seed: secret, lastStep: 0 })) }
          : { label: person.mail, secret: '' };
      enrolments.add({ account: account.id, method, ...kept, at });
    }
    if (person.holds.includes('totp')) seeds.set(key as CastName, secret);
    return [key, account];
  });
  return Object.fromEntries(found) as Record<CastName, Account>;
}
