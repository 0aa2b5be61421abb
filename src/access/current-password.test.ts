import { setTimeout as pause } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isRefusal } from '../rules/refusal.ts';
import { addressWait, limits, signInWait } from '../rules/throttle.ts';
import { hour, minute, second } from '../rules/time.ts';
import { homes } from '../homes.ts';
import { cast, eve } from '../testing/cast.ts';
import { held, slow, unreachable } from '../testing/faults.ts';
import { officeWorld } from '../testing/office-world.ts';
import { longestLogin } from '../front-door.ts';
import { currentPassword, refusalFloor, type Typed } from './current-password.ts';

const test = suite('the current password');

async function scene() {
  const world = await officeWorld();
  const { clock, office, directories } = world;
  const binds: string[] = [];
  let hashes = 0;
  const slowHash: typeof world.slowHash = {
    ...world.slowHash,
    verify(secret, hash) {
      hashes += 1;
      return world.slowHash.verify(secret, hash);
    },
  };
  const homeOf = homes({ ...world, slowHash });
  const passwordsFor: typeof homeOf = (account) => ({
    ...homeOf(account),
    verify(password) {
      binds.push(account.login);
      return homeOf(account).verify(password);
    },
  });
  const current = currentPassword({ ...world, slowHash, passwordsFor });
  /** What came back, and how long it took. */
  async function prove(who: Typed['who'], password: string, address = '192.0.2.1') {
    const from = clock.now();
    const answer = await current.prove({ who, password, address, supportCode: 'BDKF-RTWX', event: 'sign-in refused' });
    return { answer, took: clock.now() - from };
  }
  /** All of them at the same moment: when each no left, and how many slow hashes they cost together. */
  async function proveAtOnce(tries: readonly (readonly [login: string, password: string])[]) {
    const before = hashes;
    const seen = await Promise.all(tries.map(([login, password]) => prove(login, password)));
    assert.ok(seen.every(({ answer }) => isRefusal(answer) && answer.key === 'sign-in.wrong'));
    return { took: seen.map(({ took }) => took), hashes: hashes - before };
  }
  const lastDetail = () => world.journal.latest(1)[0]?.detail;
  return { ...world, clock, office, directories, binds, prove, proveAtOnce, lastDetail };
}

test('the right password is proved at once, of directory and local accounts alike, and by whatever the directory takes for a login', async () => {
  const { prove } = await scene();
  for (const [login, name] of [
    ['alice', 'alice'],
    [' ALICE ', 'alice'],
    [cast.bob.mail, 'bob'],
    ['laura', 'laura'],
  ] as const) {
    const { answer, took } = await prove(login, cast[name].password);
    assert.not.ok(isRefusal(answer), login);
    if (!isRefusal(answer)) assert.is(answer.account.login, name);
    assert.is(took, 0);
  }
});

test('every no is the same no and leaves at the floor', async () => {
  const { prove, office, people, accounts, clock, throttle, lastDetail } = await scene();
  const wrong = 'not the password';
  office.resident('bob').credential = { ...office.resident('bob').credential, lockedAt: clock.now() };
  office.resident('carol').credential = { ...office.resident('carol').credential, endsAt: clock.now() - 1 };
  office.remove('dave');
  const other = office.add({ login: 'frank', remoteId: 'id-frank' });
  accounts.applySync([{ kind: 'add', home: 'office', entry: entryOf(other), role: 'person' }], clock.now());
  accounts.createLocal({ login: 'twin', name: 'Twin', mail: null, role: 'person', passwordHash: 'x', at: clock.now() });
  accounts.applySync([{ kind: 'add', home: 'office', entry: entryOf(office.add({ login: 'Twin' })), role: 'person' }], clock.now());
  for (let nth = 0; nth < limits.signIn.most; nth += 1) throttle.hit(limits.signIn, `a${people.laura.id}`, clock.now());
  const cases: readonly [string, string, string][] = [
    ['a stranger', eve, 'known'],
    ['a wrong password', 'alice', 'directory.wrong-old-password'],
    ['locked', 'bob', 'directory.locked'],
    ['disabled', 'carol', 'directory.disabled'],
    ['gone from the directory', 'dave', 'directory.not-found'],
    ['two of a name', 'twin', 'directory.ambiguous'],
    ['too many failures', 'laura', 'sign-in.wait'],
    ['a login of nothing but signs', 'x*)(uid=*', 'known'],
    ['a login with a NUL', 'alice\0', 'known'],
    ['a login too long', 'a'.repeat(longestLogin + 1), 'known'],
  ];
  for (const [what, login, detail] of cases) {
    const { answer, took } = await prove(login, wrong);
    assert.ok(isRefusal(answer), what);
    assert.equal({ ...answer }, { key: 'sign-in.wrong', params: {}, field: null, raw: null }, what);
    assert.is(took, refusalFloor, what);
    assert.is(lastDetail(), detail, what);
  }
});

test('the right password of a locked or disabled account is the same no', async () => {
  const { prove, office, clock, accounts, people } = await scene();
  office.resident('bob').credential = { ...office.resident('bob').credential, lockedAt: 'for good' };
  accounts.applySync([{ kind: 'disable', id: people.alice.id }], clock.now());
  for (const name of ['bob', 'alice'] as const) {
    const { answer, took } = await prove(name, cast[name].password);
    assert.is(isRefusal(answer) && answer.key, 'sign-in.wrong');
    assert.is(took, refusalFloor);
  }
});

test('an empty, endless or broken password meets no bind and is the same no', async () => {
  const { prove, binds } = await scene();
  for (const password of ['', 'a\0b', 'x'.repeat(1025), '\ud800']) {
    for (const login of ['alice', 'laura', eve]) {
      const { answer, took } = await prove(login, password);
      assert.is(isRefusal(answer) && answer.key, 'sign-in.wrong');
      assert.is(took, refusalFloor);
    }
  }
  assert.equal(binds, []);
});

test('what takes longer than the floor leaves at its next multiple', async () => {
  const { prove, office } = await scene();
  office.faults.set('verify', slow(1300));
  assert.is((await prove('alice', 'not the password')).took, 2 * refusalFloor);
  office.faults.set('find', slow(refusalFloor));
  assert.is((await prove(eve, 'not the password')).took, refusalFloor);
});

test('a directory that is away is said to everybody alike, and keeps no local account out', async () => {
  const { prove, office } = await scene();
  office.faults.set('all', unreachable);
  for (const login of ['alice', 'laura', eve]) {
    const { answer, took } = await prove(login, 'not the password');
    assert.is(isRefusal(answer) && answer.key, 'desk.directory-away', login);
    assert.is(took, refusalFloor);
  }
  assert.not.ok(isRefusal((await prove('laura', cast.laura.password)).answer));
});

test('one account out of reach, in a directory that is well, is the same no as any other', async () => {
  const { prove, office } = await scene();
  office.faults.set('status', unreachable);
  const { answer, took } = await prove('alice', cast.alice.password);
  assert.is(isRefusal(answer) && answer.key, 'sign-in.wrong');
  assert.is(took, refusalFloor);
});

test('the same wrong password is bound once, until the password is another one', async () => {
  const { prove, binds, office, throttle, clock, people } = await scene();
  for (let nth = 0; nth < 4; nth += 1) await prove('alice', 'an old password');
  assert.equal(binds, ['alice']);
  assert.is(throttle.count(limits.signIn, `a${people.alice.id}`, clock.now()), 1);
  const resident = office.resident('alice');
  Object.assign(resident, { generation: 2, credential: { ...resident.credential, hash: 'an old password', failedAt: [] } });
  assert.not.ok(isRefusal((await prove('alice', 'an old password')).answer));
  await prove('laura', 'an old password');
  await prove('laura', 'an old password');
  assert.equal(binds, ['alice', 'alice', 'laura']);
});

test('the wrong password is forgotten after an hour, and no trace of it is in the database', async () => {
  const { prove, binds, clock, db } = await scene();
  await prove('laura', 'an old password');
  const rows = db.$client.prepare('SELECT * FROM wrong_password').all();
  assert.is(rows.length, 1);
  assert.not.match(JSON.stringify(rows), 'an old password');
  clock.advance(hour);
  await prove('laura', 'an old password');
  assert.is(binds.length, 2);
});

test('the failure that would lock is never made, not even by two at once', async () => {
  const { prove, office, binds } = await scene();
  await Promise.all(['one wrong one', 'a second wrong one', 'a third wrong one', 'a fourth'].map((password) => prove('alice', password)));
  assert.is(binds.length, 2);
  assert.is(office.resident('alice').credential.failedAt.length, 2);
  assert.is(office.resident('alice').credential.lockedAt, null);
  const { answer } = await prove('alice', cast.alice.password);
  assert.is(isRefusal(answer) && answer.key, 'sign-in.wrong');
});

const twelve = Array.from({ length: 12 }, (_unused, nth) => nth);
const kinds = [
  ['a local account', 'laura', 'Laura'],
  ['a directory account', 'alice', cast.alice.mail],
  ['a stranger', eve, 'eve@home.example.net'],
] as const;

test('many tries at once take the same line and cost the same, whoever is typed', async () => {
  const shapes: readonly [what: string, passwordOf: (nth: number) => string, costs: number][] = [
    ['each another password', (nth) => `wrong ${nth}`, 12],
    ['the same password', () => 'an old password', 12],
    ['no password', () => '', 0],
    ['a password that nobody can have', () => 'x'.repeat(9000), 0],
  ];
  for (const [what, passwordOf, costs] of shapes) {
    for (const [who, login] of kinds) {
      const { proveAtOnce } = await scene();
      const seen = await proveAtOnce(twelve.map((nth) => [login, passwordOf(nth)]));
      assert.equal(seen, { took: twelve.map((nth) => (nth + 1) * refusalFloor), hashes: costs }, `${who}, ${what}`);
    }
  }
});

test('two logins of one person are two lines, like those of two strangers', async () => {
  for (const [who, login, other] of kinds.slice(1)) {
    const { proveAtOnce, clock } = await scene();
    const { sleep } = clock;
    let [waiting, most] = [0, 0];
    clock.sleep = async (milliseconds) => {
      most = Math.max(most, ++waiting);
      await pause(20);
      waiting -= 1;
      await sleep(milliseconds);
    };
    const { hashes } = await proveAtOnce(twelve.map((nth) => [nth % 2 ? login : other, `wrong ${nth}`]));
    assert.equal([most, hashes], [2, twelve.length], who);
  }
});

test('whoever finds the line full is told the same no, of a member and of a stranger', async () => {
  for (const [who, login] of kinds) {
    const { proveAtOnce, journal } = await scene();
    const crowd = Array.from({ length: 30 }, (_unused, nth) => [login, `wrong ${nth}`] as const);
    const { took, hashes } = await proveAtOnce(crowd);
    assert.equal([took.length, hashes], [30, 21], who);
    assert.is(journal.latest(30).filter(({ detail }) => detail === 'desk.busy').length, 9, who);
  }
});

test('whoever has signed in does not stand in the line of those who type the login', async () => {
  const { proveAtOnce, prove, people } = await scene();
  const trying = proveAtOnce([1, 2, 3, 4].map((nth) => ['laura', `wrong ${nth}`] as const));
  assert.is((await prove(people.laura, cast.laura.password)).took, 0);
  await trying;
});

test('ten failures, then a growing wait in which even the right password is the same no', async () => {
  const { prove, clock, binds } = await scene();
  for (let nth = 0; nth < limits.signIn.most; nth += 1) await prove('laura', `wrong ${nth}`);
  assert.is(binds.length, limits.signIn.most);
  const { answer, took } = await prove('laura', cast.laura.password);
  assert.is(isRefusal(answer) && answer.key, 'sign-in.wrong');
  assert.is(took, refusalFloor);
  assert.is(binds.length, limits.signIn.most);
  clock.advance(minute);
  await prove('laura', 'wrong again');
  assert.is(binds.length, limits.signIn.most + 1);
  clock.advance(minute);
  await prove('laura', cast.laura.password);
  assert.is(binds.length, limits.signIn.most + 1, 'the wait has grown');
  clock.advance(signInWait(limits.signIn.most + 1));
  assert.not.ok(isRefusal((await prove('laura', cast.laura.password)).answer));
  await prove('laura', 'wrong 99');
  assert.is(binds.length, limits.signIn.most + 3, 'success has cleared the counter');
});

test('a stranger is counted too, by what was typed', async () => {
  const { prove, lastDetail } = await scene();
  for (let nth = 0; nth < limits.signIn.most; nth += 1) await prove(nth % 2 ? 'Eve' : 'eve ', `wrong ${nth}`);
  await prove('EVE', 'one more');
  assert.is(lastDetail(), 'sign-in.wait');
});

test('too many logins from one address are told to wait, before anything is looked at', async () => {
  const { prove, throttle, clock, binds } = await scene();
  for (let nth = 0; nth < limits.loginsTyped.most; nth += 1) throttle.hit(limits.loginsTyped, '2001:db8:1:2::/64', clock.now());
  const { answer, took } = await prove('alice', cast.alice.password, '2001:db8:1:2:3:4:5:6');
  assert.is(isRefusal(answer) && answer.key, 'limit.address');
  assert.is(isRefusal(answer) && answer.params.seconds, addressWait(limits.loginsTyped.most) / second);
  assert.is(took, 0);
  assert.equal(binds, []);
  assert.not.ok(isRefusal((await prove('alice', cast.alice.password, '2001:db8:1:3::1')).answer));
});

test('the try is counted before the bind: a crash in it does not give it back', async () => {
  const { prove, office, throttle, clock, people } = await scene();
  const { fault, release } = held();
  office.faults.set('verify', fault);
  const trying = prove('alice', cast.alice.password);
  await new Promise((resolve) => setImmediate(resolve));
  assert.is(throttle.count(limits.signIn, `a${people.alice.id}`, clock.now()), 1);
  release();
  await trying;
  assert.is(throttle.count(limits.signIn, `a${people.alice.id}`, clock.now()), 0);
});

test('the journal names the account, never what was typed', async () => {
  const { prove, journal } = await scene();
  await prove('my secret typed as a login', 'a wrong password');
  await prove('alice', 'a wrong password');
  const [known, stranger] = journal.latest(2);
  assert.is(known?.account, 'alice');
  assert.is(stranger?.account, null);
  assert.not.match(JSON.stringify(journal.latest(9)), /secret|a wrong password/);
});

const entryOf = ({ remoteId, dn, login, name }: { remoteId: string; dn: string; login: string; name: string }) => ({
  remoteId,
  dn,
  login,
  name,
  mail: null,
  mobile: null,
  groups: [],
  isDisabled: false,
  isProtected: false,
});

test.run();
