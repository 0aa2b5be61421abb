/** A complete World for tests: SQLite in memory, a clock that stands still, seeded chance, a fake directory, mail that goes nowhere. */

import type { Credential } from '../directory/demo/password-policy.ts';
import { homes } from '../homes.ts';
import { openLore } from '../lore/lore.ts';
import { type Methods, methodsWith } from '../methods/methods.ts';
import type { Account } from '../rules/account.ts';
import type { Policy, SettingKey } from '../rules/policy.ts';
import type { Instant } from '../rules/time.ts';
import { type PasswordDesk, passwordDesk } from '../set-password.ts';
import { bringUpToDate, type Db, openDatabase } from '../store/database.ts';
import { storeOn } from '../store/store.ts';
import { createSlowHash } from '../system.ts';
import { createVault, keyFrom } from '../vault.ts';
import type { Lore, Message, World } from '../world.ts';
import { type CastName, cast, directoryCast, outsiders } from './cast.ts';
import { type FakeDirectory, fakeDirectory } from './fake-directory.ts';
import { appCode, gather, type People } from './gathering.ts';
import { seededRandom, type TestClock, type TestDeferral, testClock, testDeferral, testDeliver } from './stand-still.ts';

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
  readonly people: People;
  /** The newest code mailed to the address. */
  codeFromMail(to: string): string;
  /** The same of a text to this number. */
  codeFromText(to: string): string;
  /** The secret at the end of the newest link that was mailed to the address. */
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
  /** What this world knows of passwords otherwise than by the lists that ship. */
  readonly lore?: Partial<Lore>;
  /** Whether there is a gateway for text messages. */
  readonly texts?: boolean;
  /** A database file to stand on, instead of memory: two worlds on one file are two processes in all but name. */
  readonly file?: string;
}

export const publicUrl = 'https://desk.example.com';
/** No test asks the service of others. */
const nobody = { url: 'https://127.0.0.1:1/', ca: null };
const testKey = keyFrom(Buffer.alloc(32, 7).toString('base64'));
/** scrypt at N=16: as strong as nothing, and as fast. */
const testCost = { logN: 4, r: 8, p: 1 };

export async function testWorld({
  at = Date.UTC(2026, 2, 2, 9),
  seed = 'latchkey',
  ownDomains = [],
  policy = {},
  texts = false,
  lore = {},
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
    lore: { ...openLore({ breachedFile: null, range: nobody }), ...lore },
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
  const people = await gather(world, directory);
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
    methods: methodsWith({ ...world, publicUrl, ownDomains, texts: texts ? { defaultCountry: 'GB' } : null }),
    desk: passwordDesk({ ...world, publicUrl }),
    get mail() {
      return mail();
    },
    publicUrl,
    people,
    codeFromMail: (to) => (newest(to, ['reset-code', 'contact-code', 'proof-code']) as Message<'reset-code'>).variables.code,
    codeFromText: (to) =>
      (newest(to, ['text-reset-code', 'text-contact-code', 'text-proof-code']) as Message<'text-reset-code'>).variables.code,
    linkFromMail(to) {
      const variables = newest(to, ['reset-code', 'password-reset', 'password-changed', 'account-unlocked', 'write-settled']).variables;
      const link = 'link' in variables ? variables.link : (variables as { notMeLink: string }).notMeLink;
      return link.slice(link.lastIndexOf('/') + 1);
    },
    totpCode: (name) => appCode(name, clock.now()),
    decide,
    credential(name, change = {}) {
      const resident = directory.resident(cast[name].login);
      resident.credential = { ...resident.credential, ...change };
      return resident.credential;
    },
  };
}
