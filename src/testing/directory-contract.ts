/** What every directory must do, as one list of tests: run against the fake, the demo directory and real servers. It knows the narrow waist only. */

import { createHash } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Account } from '../rules/account.ts';
import { isRefusal, type Refusal } from '../rules/refusal.ts';
import type { Directory, DirectoryEntry, Passwords, WriteOutcome } from '../world.ts';

/**
 * A directory under test, together with the hands of its own administrator, who works behind the adapter's back.
 * At the start its policy is `benchPolicy`, and no person has a policy of their own.
 */
export interface Bench {
  readonly traits: Traits;
  /** Opened through the adapter under test. Logins are `uid` and `mail` (in this order); at the start it holds no person. */
  readonly directory: Directory;
  /** The protected group, as the directory spells it. It does not exist yet; `addGroup` with this very name makes it. */
  readonly protectedGroup: string;
  /** A new person with this password in force, set a day ago. Named in the DN by `name` where the kind allows it. */
  addPerson(person: BenchPerson): Promise<Account>;
  /** A new group of people and other groups (as `addGroup` returned them). Resolves to its name as the directory spells it: a DN. */
  addGroup(name: string, members: readonly (Account | string)[]): Promise<string>;
  /** Adds a group to the members of another, so that they can form a circle. */
  nest(group: string, into: string): Promise<void>;
  /** By as many wrong passwords as it takes, or as an administrator does it for good. */
  lock(account: Account, by: 'failures' | 'administrator'): Promise<void>;
  /** The next sign-in must choose a new password. */
  markMustChange(account: Account): Promise<void>;
  /** Makes the password that many milliseconds old. */
  age(account: Account, milliseconds: number): Promise<void>;
  disable(account: Account): Promise<void>;
  /** Changes these rules for everybody; what is not named stays. */
  setPolicy(policy: Partial<BenchPolicy>): Promise<void>;
  /** A policy of this person's own, for these rules; null where one policy binds everybody. */
  readonly givePolicy: ((account: Account, policy: Pick<BenchPolicy, 'minimumLength' | 'history'>) => Promise<void>) | null;
  /** Whether the password lets one in, asked of the server itself. A wrong one may count as a failure. */
  opens(account: Account, password: string): Promise<boolean>;
  /** Whether the entry is locked, read by the administrator. */
  isLocked(account: Account): Promise<boolean>;
  /** What is kept of the password, read by the administrator; null where nobody can read it. */
  readonly kept: ((account: Account) => Promise<string>) | null;
  close(): Promise<void>;
}

/** In what directories honestly differ. Where one lacks a thing, the contract asserts what is true instead, and that the adapter says so. */
export interface Traits {
  /** Whether a reset by the service account is held to each rule, as a change by the person always is. `rules.onReset` must say the same. */
  readonly holdsResetToLength: boolean;
  readonly holdsResetToHistory: boolean;
  readonly holdsResetToMinimumAge: boolean;
  /** Whether it holds a temporary password to neither, where it does a reset. */
  readonly excusesStaff?: true;
  /** A lock of the administrator's own, which is neither a lockout nor a disabled account. */
  readonly hasAdministratorLock: boolean;
  /** Whether the policy can ask for several kinds of characters. */
  readonly hasComplexity: boolean;
  /** In what the server counts a password's length. */
  readonly lengthUnit: 'bytes' | 'characters';
  /** Signs that no login can have there, with the flag `g`; null where any will do. */
  readonly forbiddenInLogins: RegExp | null;
  /** The groups that everybody is in from the start. */
  readonly groupsOfAll: readonly string[];
}

/** OpenLDAP's policy overlay, with a service account that may write passwords and no more. */
export const overlayTraits: Traits = {
  holdsResetToLength: true,
  holdsResetToHistory: true,
  holdsResetToMinimumAge: true,
  hasAdministratorLock: true,
  hasComplexity: false,
  lengthUnit: 'bytes',
  forbiddenInLogins: null,
  groupsOfAll: [],
};

export interface BenchPerson {
  readonly login: string;
  readonly name: string;
  readonly password: string;
  readonly mail?: string;
  readonly mobile?: string;
}

export interface BenchPolicy {
  readonly minimumLength: number;
  /** Several kinds of characters. Where a kind has no such rule, this says nothing. */
  readonly isComplex: boolean;
  readonly history: number;
  /** Milliseconds; 0 is none. */
  readonly minimumAge: number;
  readonly maximumAge: number;
  readonly failuresToLock: number;
  readonly lockMillis: number;
}

/** What the people of a bench are bound by until a test says otherwise. The contract puts it back. */
export const benchPolicy: BenchPolicy = {
  minimumLength: 12,
  isComplex: false,
  history: 5,
  minimumAge: 0,
  maximumAge: 90 * 86_400_000,
  failuresToLock: 3,
  lockMillis: 1_800_000,
};

/** Registers the whole list as one uvu suite under `name` and runs it. `open` is called once, before the first test. */
export function directoryContract(name: string, open: () => Promise<Bench>): void {
  const list = suite(name);
  let bench: Bench;
  list.before(async () => {
    bench = await open();
    // Nobody is served before it is there.
    assert.is(await bench.addGroup(bench.protectedGroup, [await someone(bench)]), bench.protectedGroup);
  });
  list.after(() => bench?.close());
  for (const [title, check] of Object.entries(everyDirectory)) list(title, () => within(check(bench)));
  list.run();
}

const patience = 300_000;

/** uvu waits for ever: a test that hangs fails here instead. */
async function within(check: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${patience} ms`)), patience);
  });
  await Promise.race([check, late]).finally(() => clearTimeout(timer));
}

const first = 'First-Passw0rd-of-all';
const second = 'Second-Passw0rd-of-all';
const third = 'Third-Passw0rd-of-all';
const quietly = () => undefined;
let made = 0;

/** A person whom no other test knows. */
function someone(bench: Bench, more: Partial<BenchPerson> = {}): Promise<Account> {
  made++;
  return bench.addPerson({ login: `person${made}`, name: `Person ${made}`, password: first, ...more });
}

const allowed = ({ traits }: Bench, login: string): string =>
  traits.forbiddenInLogins ? login.replace(traits.forbiddenInLogins, '-') : login;

async function withPolicy(bench: Bench, policy: Partial<BenchPolicy>, check: () => Promise<void>): Promise<void> {
  await bench.setPolicy(policy);
  try {
    await check();
  } finally {
    await bench.setPolicy(benchPolicy);
  }
}

function good<T>(value: T | Refusal | null): T {
  if (value === null) throw new Error('found nothing');
  if (isRefusal(value)) throw new Error(`refused: ${value.key} (${value.raw})`);
  return value;
}
const keyOf = (value: unknown): string => (isRefusal(value) ? value.key : `no refusal: ${JSON.stringify(value)}`);
const refusedWith = (outcome: WriteOutcome): string => (outcome.kind === 'refused' ? outcome.refusal.key : outcome.kind);

function isDone(outcome: WriteOutcome): void {
  if (outcome.kind === 'refused') throw new Error(`refused: ${outcome.refusal.key} (${outcome.refusal.raw})`);
  assert.equal(outcome.kind, 'done');
  if (outcome.kind === 'done') assert.ok(outcome.isProved, 'proved by a bind');
}

/** The old password is in force and the new one is not. */
async function isUnchanged(bench: Bench, account: Account, passwords: { current: string; refused: string }): Promise<void> {
  assert.not.ok(await bench.opens(account, passwords.refused), 'the refused password must not open');
  assert.ok(await bench.opens(account, passwords.current), 'the old password must still open');
}

const statusOf = async (bench: Bench, account: Account) => good(await bench.directory.passwords(account).status());

/** Names and logins that have broken somebody's directory code. */
export const hardNames = [
  'Smith, John',
  'The "Boss"',
  'One+Two',
  '#hash',
  'back\\slash',
  'trailing\\',
  'a=b<c>d;e',
  ' spaces at both ends ',
  "O'Brien & Söhne",
  'Jürgen Müßig-Ångström',
  'Łukasz Żółć',
  '山田太郎',
  'Ελένη Παπαδοπούλου',
  'عبد الله',
  '👩‍💻 Emoji 😀',
  '(parentheses)',
  'star*star',
  'percent%20 and \\2c',
] as const;

export const hardPasswords = [
  'a"\'\\$`&<>%+ /äß€日本😀',
  ' leading and trailing ',
  '{curly}brackets-come-first',
  '$(touch /tmp/x); `id` | true',
  '%s%n%00\\0\\2a*)(uid=*',
  ofLength(127),
  ofLength(256),
] as const;

/** The last one is the hash of "secret". */
const hashLike = [
  '{CLEARTEXT}secret',
  '{CLEAR}secret-as-it-stands',
  '{crypt}$1$abcdefgh$abcdefghijklmnopqrstuv',
  `{SHA}${createHash('sha1').update('secret').digest('base64')}`,
] as const;

/** Exactly so many characters of one to four bytes, each counted once. */
function ofLength(characters: number): string {
  return [...'Wörter 日本 😀 '.repeat(characters)].slice(0, characters).join('').replace(/ $/, '!');
}

const notLogins = [
  '*',
  '*)(uid=*',
  'person1)(|(uid=*',
  ')(objectClass=*',
  'person*',
  '\\2a',
  'person1\0',
  '\0',
  '',
  ' ',
  '(',
  '&',
  '|(uid=*)',
  'uid=person1',
  '%',
];

const everyDirectory: Readonly<Record<string, (bench: Bench) => Promise<void>>> = {
  async 'finds a person by login and by id, and shows what the entry says'(bench) {
    const account = await someone(bench, {
      login: 'Finder.One',
      name: 'Fiona Finder',
      mail: 'fiona@office.example',
      mobile: '+49 170 1234567',
    });
    const found = good(await bench.directory.find('finder.one'));
    assert.equal(found.login, 'Finder.One');
    assert.equal(found.remoteId, account.remoteId);
    assert.equal([found.name, found.mail, found.mobile], ['Fiona Finder', 'fiona@office.example', '+49 170 1234567']);
    assert.equal([found.isDisabled, found.isProtected, found.groups], [false, false, bench.traits.groupsOfAll]);
    assert.equal(good(await bench.directory.read(found.remoteId)), found);
    assert.equal(good(await bench.directory.find('FIONA@office.example')).remoteId, found.remoteId);
  },

  async 'finds nobody for what nobody is called, wildcards and injections included'(bench) {
    good(await bench.directory.find('person1'));
    for (const login of [...notLogins, 'nobody.at.all', 'x'.repeat(2000)])
      assert.is(await bench.directory.find(login), null, JSON.stringify(login));
    for (const id of ['', '*', 'x', '00000000-0000-0000-0000-000000000000'])
      assert.is(await bench.directory.read(id), null, JSON.stringify(id));
  },

  async 'never guesses between two people'(bench) {
    await someone(bench, { mail: 'shared@office.example' });
    await someone(bench, { mail: 'shared@office.example' });
    assert.is(keyOf(await bench.directory.find('shared@office.example')), 'directory.ambiguous');
  },

  async 'finds, verifies and resets people with hard names and logins'(bench) {
    for (const name of hardNames) {
      const login = `${allowed(bench, name.trim())}${made}`;
      const account = await someone(bench, { login, name });
      const found = good(await bench.directory.find(login));
      assert.is(found.remoteId, account.remoteId, name);
      assert.is(found.name.trim(), name.trim());
      assert.is(found.login, login);
      const passwords = bench.directory.passwords(account);
      good(await passwords.verify(first));
      isDone(await passwords.set(second, quietly));
      assert.ok(await bench.opens(account, second), name);
    }
  },

  async 'takes every password as it was typed'(bench) {
    for (const password of hardPasswords) {
      const account = await someone(bench);
      const passwords = bench.directory.passwords(account);
      isDone(await passwords.set(password, quietly));
      good(await passwords.verify(password));
      assert.is(keyOf(await passwords.verify(`${password} `)), 'directory.wrong-old-password');
      assert.ok(await bench.opens(account, password), password);
      isDone(await passwords.change({ current: password, password: `${password}2` }, quietly));
      assert.ok(await bench.opens(account, `${password}2`), password);
    }
  },

  async 'verifies the right password, and neither a wrong nor an empty one'(bench) {
    const passwords = bench.directory.passwords(await someone(bench));
    assert.equal(await passwords.verify(first), { mustChange: false, isExpired: false });
    assert.is(keyOf(await passwords.verify(second)), 'directory.wrong-old-password');
    assert.is(keyOf(await passwords.verify('')), 'directory.wrong-old-password');
    assert.is(
      (await statusOfPasswords(passwords)).failuresLeft,
      benchPolicy.failuresToLock - 1,
      'the wrong one counts, the empty one was never sent',
    );
    good(await passwords.verify(first));
    assert.is((await statusOfPasswords(passwords)).failuresLeft, benchPolicy.failuresToLock);
  },

  async 'tells who must change from who is wrong'(bench) {
    const account = await someone(bench);
    await bench.markMustChange(account);
    const passwords = bench.directory.passwords(account);
    assert.equal(await passwords.verify(first), { mustChange: true, isExpired: false });
    assert.is(keyOf(await passwords.verify(second)), 'directory.wrong-old-password');
    assert.ok((await statusOf(bench, account)).mustChange);
  },

  async 'tells who has expired from who is wrong'(bench) {
    const account = await someone(bench);
    await bench.age(account, benchPolicy.maximumAge + 3_600_000);
    const passwords = bench.directory.passwords(account);
    assert.equal(await passwords.verify(first), { mustChange: false, isExpired: true });
    assert.is(keyOf(await passwords.verify(second)), 'directory.wrong-old-password');
    const status = await statusOf(bench, account);
    assert.ok(status.isExpired);
    assert.is(status.expiresAt, (status.changedAt ?? 0) + benchPolicy.maximumAge);
  },

  async 'says of a person in good standing that all is well'(bench) {
    const account = await someone(bench);
    const status = await statusOf(bench, account);
    assert.equal(
      [status.isDisabled, status.lock, status.mustChange, status.isExpired, status.isProtected],
      [false, 'none', false, false, false],
    );
    assert.equal([status.changeableAt, status.failuresLeft], [null, benchPolicy.failuresToLock]);
    assert.is(status.rules.minimumLength, benchPolicy.minimumLength);
    assert.is(status.rules.lengthUnit, bench.traits.lengthUnit);
    assert.is(status.rules.history, benchPolicy.history);
    assert.is(status.rules.maximumAge, benchPolicy.maximumAge);
    assert.ok(status.server !== '' && status.marker !== null);
  },

  async 'sets a password: the new one opens, the old one does not'(bench) {
    const account = await someone(bench);
    const { marker, server } = await statusOf(bench, account);
    const sent: object[] = [];
    isDone(await bench.directory.passwords(account).set(second, (request) => sent.push(request)));
    assert.equal(sent, [{ server, marker }], 'announced once, before it was sent');
    assert.ok(await bench.opens(account, second));
    assert.not.ok(await bench.opens(account, first));
  },

  async 'sends nothing when it cannot be recorded'(bench) {
    const account = await someone(bench);
    const passwords = bench.directory.passwords(account);
    const broken = () => {
      throw new RangeError('the database is full');
    };
    for (const act of [() => passwords.set(second, broken), () => passwords.change({ current: first, password: second }, broken)]) {
      const thrown = await act().then(
        () => null,
        (error: unknown) => error,
      );
      assert.instance(thrown, RangeError);
    }
    await isUnchanged(bench, account, { current: first, refused: second });
  },

  async 'refuses a password that is too short'(bench) {
    const account = await someone(bench);
    const passwords = bench.directory.passwords(account);
    const outcome = await passwords.change({ current: first, password: 'Sh0rt' }, quietly);
    assert.is(refusedWith(outcome), 'directory.too-short');
    assert.ok(outcome.kind === 'refused' && outcome.refusal.raw !== null && outcome.refusal.params.least === benchPolicy.minimumLength);
    assert.is(refusedWith(await passwords.set('', quietly)) === 'done', false);
    await isUnchanged(bench, account, { current: first, refused: 'Sh0rt' });
    const reset = await passwords.set('Sh0rt', quietly);
    if (!bench.traits.holdsResetToLength) return isDone(reset);
    assert.is(refusedWith(reset), 'directory.too-short');
    assert.ok(reset.kind === 'refused' && reset.refusal.params.least === benchPolicy.minimumLength);
    await isUnchanged(bench, account, { current: first, refused: 'Sh0rt' });
  },

  async 'refuses the present password and earlier ones'(bench) {
    const account = await someone(bench);
    const passwords = bench.directory.passwords(account);
    const { onReset } = (await statusOf(bench, account)).rules;
    assert.is(onReset.history, bench.traits.holdsResetToHistory, 'the adapter knows whether a reset is held to the history');
    assert.is(refusedWith(await passwords.change({ current: first, password: first }, quietly)), 'directory.history');
    isDone(await passwords.change({ current: first, password: second }, quietly));
    assert.is(refusedWith(await passwords.change({ current: second, password: first }, quietly)), 'directory.history');
    await isUnchanged(bench, account, { current: second, refused: first });
    for (const earlier of [second, first]) {
      const reset = await passwords.set(earlier, quietly);
      if (onReset.history) assert.is(refusedWith(reset), 'directory.history');
      else isDone(reset);
    }
    if (onReset.history) await isUnchanged(bench, account, { current: second, refused: first });
  },

  async 'refuses a change that comes too soon, and says from when one is possible'(bench) {
    const account = await someone(bench);
    const passwords = bench.directory.passwords(account);
    await withPolicy(bench, { minimumAge: 3_600_000 }, async () => {
      // Under the policy: 389 Directory Server writes the end of the minimum age when it sets the password.
      isDone(await passwords.set(second, quietly));
      const { changeableAt, changedAt, rules } = await statusOf(bench, account);
      assert.is(changeableAt, (changedAt ?? 0) + 3_600_000);
      assert.is(rules.minimumAge, 3_600_000);
      assert.is(rules.onReset.minimumAge, bench.traits.holdsResetToMinimumAge, 'the adapter knows whether a reset is held to it');
      const isTooSoon = (outcome: WriteOutcome) => {
        assert.is(refusedWith(outcome), 'directory.minimum-age');
        assert.ok(outcome.kind === 'refused' && outcome.refusal.params.at === changeableAt);
      };
      isTooSoon(await passwords.change({ current: second, password: third }, quietly));
      await isUnchanged(bench, account, { current: second, refused: third });
      if (!rules.onReset.minimumAge) return isDone(await passwords.set(third, quietly));
      isTooSoon(await passwords.set(third, quietly));
      await isUnchanged(bench, account, { current: second, refused: third });
      await bench.age(account, 7_200_000);
      assert.is((await statusOf(bench, account)).changeableAt, null);
      isDone(await passwords.set(third, quietly));
    });
  },

  async 'changes a password whose present one is known'(bench) {
    const account = await someone(bench);
    const sent: object[] = [];
    const { marker, server } = await statusOf(bench, account);
    isDone(await bench.directory.passwords(account).change({ current: first, password: second }, (request) => sent.push(request)));
    assert.equal(sent, [{ server, marker }]);
    assert.ok(await bench.opens(account, second));
    assert.not.ok(await bench.opens(account, first));
  },

  async 'never turns a change with a wrong present password into a reset'(bench) {
    const account = await someone(bench);
    const passwords = bench.directory.passwords(account);
    for (const current of [third, '', `${first}x`]) {
      const outcome = await passwords.change({ current, password: second }, () => assert.unreachable('nothing may be sent'));
      assert.is(refusedWith(outcome), 'directory.wrong-old-password', current);
      good(await passwords.verify(first));
    }
    await isUnchanged(bench, account, { current: first, refused: second });
  },

  async 'never turns a refused change into a reset'(bench) {
    const account = await someone(bench);
    const passwords = bench.directory.passwords(account);
    for (const password of ['Sh0rt', first]) {
      const sent: object[] = [];
      const outcome = await passwords.change({ current: first, password }, (request) => sent.push(request));
      assert.match(refusedWith(outcome), /^directory\.(too-short|history)$/);
      assert.is(sent.length, 1, 'one request, and none after the refusal');
    }
    await isUnchanged(bench, account, { current: first, refused: 'Sh0rt' });
  },

  async 'asks for several kinds of characters where the policy does'(bench) {
    const account = await someone(bench);
    const passwords = bench.directory.passwords(account);
    const simple = 'only small letters';
    await withPolicy(bench, { isComplex: true }, async () => {
      assert.is((await statusOf(bench, account)).rules.isComplex, bench.traits.hasComplexity);
      if (!bench.traits.hasComplexity) return isDone(await passwords.set(simple, quietly));
      for (const outcome of [await passwords.set(simple, quietly), await passwords.change({ current: first, password: simple }, quietly)]) {
        assert.is(refusedWith(outcome), 'directory.quality');
      }
      await isUnchanged(bench, account, { current: first, refused: simple });
      isDone(await passwords.set(second, quietly));
    });
  },

  async 'shows and keeps the policy that binds this very person'(bench) {
    const [ruled, other] = [await someone(bench), await someone(bench)];
    const rulesOf = async (account: Account) => (await statusOf(bench, account)).rules;
    if (bench.givePolicy === null) return assert.equal(await rulesOf(ruled), await rulesOf(other));
    await bench.givePolicy(ruled, { minimumLength: 20, history: 2 });
    const [own, everybodys] = [await rulesOf(ruled), await rulesOf(other)];
    assert.equal([own.minimumLength, own.history], [20, 2]);
    assert.equal([everybodys.minimumLength, everybodys.history], [benchPolicy.minimumLength, benchPolicy.history]);
    const change = { current: first, password: 'Nineteen-Passw0rds!' };
    const outcome = await bench.directory.passwords(ruled).change(change, quietly);
    assert.is(refusedWith(outcome), 'directory.too-short');
    assert.ok(outcome.kind === 'refused' && outcome.refusal.params.least === 20);
    isDone(await bench.directory.passwords(other).change(change, quietly));
  },

  async 'lets who must change do it in one visit, however young the password is'(bench) {
    const account = await someone(bench);
    const passwords = bench.directory.passwords(account);
    await bench.age(account, 0);
    await bench.markMustChange(account);
    await withPolicy(bench, { minimumAge: 3_600_000 }, async () => {
      assert.is((await statusOf(bench, account)).changeableAt, null);
      assert.is(refusedWith(await passwords.change({ current: third, password: second }, quietly)), 'directory.wrong-old-password');
      isDone(await passwords.change({ current: first, password: second }, quietly));
    });
    assert.not.ok((await statusOf(bench, account)).mustChange);
    assert.ok(await bench.opens(account, second));
    assert.not.ok(await bench.opens(account, first));
  },

  async 'lets who has expired change in one visit'(bench) {
    const account = await someone(bench);
    const passwords = bench.directory.passwords(account);
    await bench.age(account, benchPolicy.maximumAge + 3_600_000);
    assert.is(refusedWith(await passwords.change({ current: third, password: second }, quietly)), 'directory.wrong-old-password');
    // The service account changes it in the place of who cannot get in, so it is held to what a reset is held to.
    if (bench.traits.holdsResetToHistory)
      assert.is(refusedWith(await passwords.change({ current: first, password: first }, quietly)), 'directory.history');
    isDone(await passwords.change({ current: first, password: second }, quietly));
    assert.equal(await passwords.verify(second), { mustChange: false, isExpired: false });
    assert.not.ok(await bench.opens(account, first));
  },

  async 'keeps no password as it was typed, whichever way it came there'(bench) {
    const account = await someone(bench);
    const { kept, directory } = bench;
    const passwords = directory.passwords(account);
    if (kept === null) return;
    const isHashed = async (password: string) => {
      const text = await kept(account);
      assert.match(text, /^\{[A-Z][A-Z0-9_-]+\}.{20,}/);
      assert.not.match(text, /^\{CLEAR/i);
      assert.not.ok(text.includes(password));
    };
    isDone(await passwords.set(second, quietly));
    await isHashed(second);
    isDone(await passwords.change({ current: second, password: third }, quietly));
    await isHashed(third);
    isDone(await passwords.setTemporary(`${first} 1`, quietly));
    await isHashed(`${first} 1`);
    isDone(await passwords.change({ current: `${first} 1`, password: `${first} 2` }, quietly));
    await isHashed(`${first} 2`);
    await bench.age(account, benchPolicy.maximumAge + 3_600_000);
    isDone(await passwords.change({ current: `${first} 2`, password: `${first} 3` }, quietly));
    await isHashed(`${first} 3`);
  },

  async 'takes a password that looks like a hash for a password, or not at all'(bench) {
    const ways = {
      set: async (passwords: Passwords, password: string) => passwords.set(password, quietly),
      change: async (passwords: Passwords, password: string) => passwords.change({ current: first, password }, quietly),
      'expired change': async (passwords: Passwords, password: string, account: Account) => {
        await bench.age(account, benchPolicy.maximumAge + 3_600_000);
        return passwords.change({ current: first, password }, quietly);
      },
    };
    for (const [way, write] of Object.entries(ways)) {
      for (const password of hashLike) {
        const account = await someone(bench);
        const outcome = await write(bench.directory.passwords(account), password, account);
        if (outcome.kind === 'done') isDone(outcome);
        else assert.match(refusedWith(outcome), /^directory\.(quality|encoding)$/, `${way} ${password}`);
        if (bench.kept) assert.is.not(await bench.kept(account), password, way);
        assert.not.ok(await bench.opens(account, 'secret'), `${way} ${password}`);
      }
    }
  },

  async 'sets a password that is good for one sign-in, which must choose another'(bench) {
    const account = await someone(bench);
    const passwords = bench.directory.passwords(account);
    const sent: object[] = [];
    const { marker, server } = await statusOf(bench, account);
    isDone(await passwords.setTemporary(second, (request) => sent.push(request)));
    assert.equal(sent, [{ server, marker }], 'announced once');
    assert.equal([(await statusOf(bench, account)).mustChange, good(await passwords.verify(second)).mustChange], [true, true]);
    assert.is(keyOf(await passwords.verify(first)), 'directory.wrong-old-password');
    if (bench.traits.holdsResetToLength) assert.is(refusedWith(await passwords.setTemporary('Sh0rt', quietly)), 'directory.too-short');
    isDone(await passwords.change({ current: second, password: third }, quietly));
    assert.equal(await passwords.verify(third), { mustChange: false, isExpired: false });
  },

  async 'holds a temporary password to history and minimum age only where it says so'(bench) {
    const account = await someone(bench);
    const passwords = bench.directory.passwords(account);
    await withPolicy(bench, { minimumAge: 3_600_000 }, async () => {
      isDone(await passwords.set(second, quietly));
      const { history, minimumAge, excusesStaff } = (await statusOf(bench, account)).rules.onReset;
      assert.is(excusesStaff, bench.traits.excusesStaff);
      const outcome = await passwords.setTemporary(second, quietly);
      if (excusesStaff || !(history || minimumAge)) return isDone(outcome);
      assert.match(refusedWith(outcome), /^directory\.(history|minimum-age)$/);
      await isUnchanged(bench, account, { current: second, refused: third });
    });
  },

  async 'resets who must change for good'(bench) {
    const account = await someone(bench);
    await bench.markMustChange(account);
    isDone(await bench.directory.passwords(account).set(second, quietly));
    assert.equal(await bench.directory.passwords(account).verify(second), { mustChange: false, isExpired: false });
  },

  async 'sees a lockout, verifies nobody through it, and a reset lets the person in'(bench) {
    const account = await someone(bench);
    const passwords = bench.directory.passwords(account);
    await bench.lock(account, 'failures');
    const status = await statusOf(bench, account);
    assert.equal([status.lock, status.failuresLeft], ['lockout', 0]);
    assert.is(keyOf(await passwords.verify(first)), 'directory.locked');
    assert.is(keyOf(await passwords.verify(second)), 'directory.locked');
    assert.is(refusedWith(await passwords.change({ current: first, password: second }, quietly)), 'directory.locked');
    isDone(await passwords.set(second, quietly));
    assert.is((await statusOf(bench, account)).lock, 'none');
    assert.not.ok(await bench.isLocked(account));
    assert.ok(await bench.opens(account, second));
  },

  async 'unlocks without touching the password, and gives back every try'(bench) {
    const account = await someone(bench);
    const passwords = bench.directory.passwords(account);
    const { marker } = await statusOf(bench, account);
    await bench.lock(account, 'failures');
    isDone(await passwords.unlock(quietly));
    assert.not.ok(await bench.isLocked(account));
    const status = await statusOf(bench, account);
    assert.equal([status.lock, status.failuresLeft, status.marker], ['none', benchPolicy.failuresToLock, marker]);
    assert.equal(await passwords.verify(first), { mustChange: false, isExpired: false });
    isDone(await passwords.unlock(quietly));
  },

  async 'sees the end of a lockout'(bench) {
    const account = await someone(bench);
    await withPolicy(bench, { lockMillis: 1000 }, async () => {
      await bench.lock(account, 'failures');
      await new Promise((resolve) => setTimeout(resolve, 2100));
      assert.is((await statusOf(bench, account)).lock, 'none');
      good(await bench.directory.passwords(account).verify(first));
    });
  },

  async "leaves an administrator's lock alone, where there is one"(bench) {
    if (!bench.traits.hasAdministratorLock) return;
    const account = await someone(bench);
    const passwords = bench.directory.passwords(account);
    await bench.lock(account, 'administrator');
    assert.is((await statusOf(bench, account)).lock, 'administrator');
    assert.is(keyOf(await passwords.verify(first)), 'directory.locked-by-administrator');
    const never = () => assert.unreachable('nothing may be sent');
    for (const outcome of [
      await passwords.unlock(never),
      await passwords.set(second, never),
      await passwords.change({ current: first, password: second }, never),
    ]) {
      assert.is(refusedWith(outcome), 'directory.locked-by-administrator');
    }
    assert.ok(await bench.isLocked(account));
  },

  async 'leaves who is disabled disabled'(bench) {
    const account = await someone(bench);
    const passwords = bench.directory.passwords(account);
    await bench.disable(account);
    assert.ok((await statusOf(bench, account)).isDisabled);
    assert.ok(good(await bench.directory.read(account.remoteId ?? '')).isDisabled);
    assert.is(keyOf(await passwords.verify(first)), 'directory.disabled');
    const never = () => assert.unreachable('nothing may be sent');
    for (const outcome of [
      await passwords.unlock(never),
      await passwords.set(second, never),
      await passwords.change({ current: first, password: second }, never),
    ]) {
      assert.is(refusedWith(outcome), 'directory.disabled');
    }
    assert.ok((await statusOf(bench, account)).isDisabled, 'still');
    assert.not.ok(await bench.opens(account, first));
    assert.not.ok(await bench.opens(account, second));
  },

  async 'has a marker that moves with the password, and with nothing else'(bench) {
    const account = await someone(bench);
    const passwords = bench.directory.passwords(account);
    const { marker } = await statusOf(bench, account);
    await passwords.verify(third);
    assert.is(refusedWith(await passwords.change({ current: first, password: 'Sh0rt' }, quietly)), 'directory.too-short');
    await bench.lock(account, 'failures');
    await passwords.unlock(quietly);
    assert.is((await statusOf(bench, account)).marker, marker);
    isDone(await passwords.set(second, quietly));
    assert.is.not((await statusOf(bench, account)).marker, marker);
  },

  async 'says later what became of a write'(bench) {
    const account = await someone(bench);
    const passwords = bench.directory.passwords(account);
    const { server, marker } = await statusOf(bench, account);
    assert.is(await passwords.outcome({ act: 'reset', server, marker }), 'not done');
    assert.is(await passwords.outcome({ act: 'reset', server: null, marker: null }), 'not done');
    isDone(await passwords.set(second, quietly));
    assert.is(await passwords.outcome({ act: 'reset', server, marker }), 'done');
    assert.is(await passwords.outcome({ act: 'change', server, marker }), 'done');
    const { changedAt } = await statusOf(bench, account);
    const sent = (before: number) => passwords.outcome({ act: 'reset', server, marker, sentAt: (changedAt ?? 0) - before });
    assert.is(await sent(5000), 'done');
    assert.is(await sent(3_600_000), 'cannot tell', 'somebody else has set one since');
    await bench.lock(account, 'failures');
    assert.is(await passwords.outcome({ act: 'unlock', server, marker }), 'not done');
    isDone(await passwords.unlock(quietly));
    assert.is(await passwords.outcome({ act: 'unlock', server, marker }), 'done');
    assert.ok(
      isRefusal(await passwords.outcome({ act: 'reset', server: 'ldaps://192.0.2.1:636', marker })),
      'only that very server can say',
    );
  },

  async 'refuses for a person who is gone'(bench) {
    const account = { ...(await someone(bench)), remoteId: '00000000-0000-4000-8000-000000000000' };
    const passwords = bench.directory.passwords(account);
    assert.is(keyOf(await passwords.status()), 'directory.not-found');
    assert.is(keyOf(await passwords.verify(first)), 'directory.not-found');
    assert.is(refusedWith(await passwords.set(second, quietly)), 'directory.not-found');
  },

  async 'reads all people with their groups, nested and in circles'(bench) {
    const [ann, ben, cleo] = [await someone(bench), await someone(bench), await someone(bench)];
    const inner = await bench.addGroup('Inner, "circle"', [ann]);
    const middle = await bench.addGroup('middle+', [inner, ben]);
    const outer = await bench.addGroup('outer', [middle]);
    await bench.nest(outer, inner);
    const guarded = await bench.addGroup('guarded', [cleo]);
    await bench.nest(guarded, bench.protectedGroup);

    const people: DirectoryEntry[] = [];
    for await (const page of bench.directory.people()) people.push(...page);
    assert.is(people.length, made, 'everybody, once');
    assert.is(new Set(people.map(({ remoteId }) => remoteId)).size, made);
    const seen = (account: Account) => people.find(({ remoteId }) => remoteId === account.remoteId);
    const isIn = (account: Account, ...groups: readonly string[]) =>
      assert.equal([...(seen(account)?.groups ?? [])].sort(), [...groups, ...bench.traits.groupsOfAll].sort());
    isIn(ann, inner, middle, outer);
    isIn(ben, inner, middle, outer);
    isIn(cleo, bench.protectedGroup, guarded);
    assert.equal([seen(ann)?.isProtected, seen(ben)?.isProtected, seen(cleo)?.isProtected], [false, false, true]);
    for (const account of [ann, ben, cleo]) {
      const read = good(await bench.directory.read(account.remoteId ?? ''));
      const sorted = (entry: DirectoryEntry | undefined) => ({ ...entry, groups: [...(entry?.groups ?? [])].sort() });
      assert.equal(sorted(read), sorted(seen(account)), 'one person, read or synchronised');
    }
    assert.ok((await statusOf(bench, cleo)).isProtected);
    assert.not.ok((await statusOf(bench, ann)).isProtected);
  },

  async 'knows that it is well'(bench) {
    const health = await bench.directory.probe();
    assert.equal([health.isReachable, health.problem, health.id], [true, null, bench.directory.id]);
    assert.equal(bench.directory.health(), health);
  },
};

const statusOfPasswords = async (passwords: Passwords) => good(await passwords.status());
