import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Method } from '../methods/method.ts';
import { isRefusal } from '../rules/refusal.ts';
import { registration } from '../registration/registration.ts';
import { addressKey, limits } from '../rules/throttle.ts';
import { day, hour, minute, second } from '../rules/time.ts';
import { type CastName, cast } from '../testing/cast.ts';
import { give } from '../testing/holdings.ts';
import { officeWorld } from '../testing/office-world.ts';
import { publicUrl } from '../testing/world.ts';
import type { Session } from '../world.ts';
import { accessFlows } from './flows.ts';
import { refusalFloor } from './current-password.ts';

const test = suite('sign-in');
const visit = { address: '192.0.2.1', supportCode: 'BDKF-RTWX' };

async function scene() {
  const world = await officeWorld();
  const { clock, sessions, accounts, people } = world;
  const { signIn } = accessFlows(world);
  const start = (login: string, password: string, before: Session | null = null) =>
    signIn.start({ login, password, before, device: 'Firefox on Linux', ...visit });
  async function signedIn(name: CastName, before: Session | null = null) {
    const started = await start(name, cast[name].password, before);
    if (isRefusal(started) || started.kind !== 'signed in') throw new Error(`${name} is not signed in`);
    const session = sessions.byToken(started.token, clock.now());
    if (!session) throw new Error('no session');
    return { ...started, session };
  }
  const prove = (session: Session, name: CastName, answer: string) =>
    signIn.prove({ session, account: people[name], answer, language: 'en', ...visit });
  async function administrator(login: string) {
    const hash = await world.slowHash.hash('a long local password');
    const made = accounts.createLocal({
      login,
      name: login,
      mail: null,
      role: 'administrator',
      passwordHash: String(hash),
      at: clock.now(),
    });
    return { made, enter: () => start(login, 'a long local password') };
  }
  return { ...world, clock, signIn, start, signedIn, prove, administrator };
}

const standingOf = (started: unknown) => (started as { standing?: string }).standing;

test('a person is signed in by the password', async () => {
  const { signedIn, journal } = await scene();
  const { session, standing } = await signedIn('alice');
  assert.is(standing, 'full');
  assert.is(session.standing, 'full');
  assert.is(session.device, 'Firefox on Linux');
  const [row] = journal.latest(1);
  assert.equal([row?.event, row?.result, row?.account, row?.address], ['sign-in', 'succeeded', 'alice', visit.address]);
});

test('out of scope, protected and suspended accounts sign in: only self-service is closed to them', async () => {
  const { signedIn, accounts, people, clock } = await scene();
  accounts.suspend(people.bob.id, clock.now());
  assert.is((await signedIn('dave')).standing, 'full');
  assert.is((await signedIn('bob')).standing, 'full');
});

test('a wrong password signs nobody in', async () => {
  const { start, clock, sessions, people, journal } = await scene();
  const from = clock.now();
  const started = await start('alice', 'wrong');
  assert.is(isRefusal(started) && started.key, 'sign-in.wrong');
  assert.is(clock.now() - from, refusalFloor);
  assert.is(sessions.of(people.alice.id).length, 0);
  assert.is(journal.latest(1)[0]?.event, 'sign-in refused');
});

test('the session that the browser came with ends', async () => {
  const { signedIn, sessions, clock } = await scene();
  const first = await signedIn('alice');
  await signedIn('bob', first.session);
  assert.is(sessions.byToken(first.token, clock.now()), null);
});

test('a password that must be changed, or has expired, opens no session', async () => {
  const { start, office, sessions, people, clock } = await scene();
  const peggy = office.resident('bob');
  peggy.credential = { ...peggy.credential, mustChange: true };
  assert.equal(await start('bob', cast.bob.password), { kind: 'must change', isExpired: false });
  clock.advance(office.policy.maximumAge + day);
  assert.equal(await start('alice', cast.alice.password), { kind: 'must change', isExpired: true });
  assert.is(sessions.of(people.bob.id).length + sessions.of(people.alice.id).length, 0);
  const wrong = await start('bob', 'wrong');
  assert.is(isRefusal(wrong) && wrong.key, 'sign-in.wrong');
});

test('an administrator needs the second step, which renews the session', async () => {
  const { signedIn, prove, totpCode, sessions, clock, throttle } = await scene();
  const { session, token, standing } = await signedIn('carol');
  assert.is(standing, 'second step');
  const wrong = await prove(session, 'carol', '000000');
  assert.is(isRefusal(wrong) && wrong.key, 'sign-in.second-step-wrong');
  assert.is(throttle.count(limits.troubles, addressKey(visit.address), clock.now()), 1);
  assert.is(sessions.byToken(token, clock.now())?.standing, 'second step');
  const proved = await prove(session, 'carol', totpCode('carol'));
  assert.not.ok(isRefusal(proved));
  if (isRefusal(proved)) return;
  assert.is(proved.standing, 'full');
  assert.is(sessions.byToken(token, clock.now()), null, 'the old cookie is dead');
  assert.is(sessions.byToken(proved.token, clock.now())?.standing, 'full');
});

test('a code of the second step works once', async () => {
  const { signedIn, prove, totpCode, clock } = await scene();
  const code = totpCode('carol');
  const first = await signedIn('carol');
  const second_ = await signedIn('carol');
  const both = await Promise.all([prove(first.session, 'carol', code), prove(second_.session, 'carol', code)]);
  assert.is(both.filter(isRefusal).length, 1);
  clock.advance(31 * second);
  const third = await signedIn('carol');
  assert.ok(isRefusal(await prove(third.session, 'carol', code)));
  assert.not.ok(isRefusal(await prove(third.session, 'carol', totpCode('carol'))));
});

test('after five wrong codes in an hour the right one is wrong too, and others can not bring that about', async () => {
  const { signedIn, prove, totpCode, clock, throttle, people, journal } = await scene();
  for (let nth = 0; nth < limits.wrongProofs.most; nth += 1) throttle.hit(limits.wrongProofs, `a${people.carol.id}|totp`, clock.now());
  const { session } = await signedIn('carol');
  for (let nth = 0; nth < limits.wrongProofs.most; nth += 1) await prove(session, 'carol', '000000');
  const tried = await prove(session, 'carol', totpCode('carol'));
  assert.is(isRefusal(tried) && tried.key, 'sign-in.second-step-wrong');
  assert.is(journal.latest(1)[0]?.result, 'blocked');
  clock.advance(hour);
  assert.not.ok(isRefusal(await prove(session, 'carol', totpCode('carol'))));
});

test('the second step of one account is no door for another, nor for a session of another standing', async () => {
  const { signedIn, signIn, totpCode, people } = await scene();
  const { session } = await signedIn('carol');
  const answer = totpCode('alice');
  const crossed = await signIn.prove({ session, account: people.alice, answer, language: 'en', ...visit });
  assert.is(isRefusal(crossed) && crossed.key, 'session.ended');
  const full = await signedIn('alice');
  const again = await signIn.prove({ session: full.session, account: people.alice, answer, language: 'en', ...visit });
  assert.is(isRefusal(again) && again.key, 'session.ended');
});

test('a local administrator enrols only in the time that the console opened', async () => {
  const { administrator, accounts, clock } = await scene();
  const { made, enter } = await administrator('root');
  const closed = await enter();
  assert.is(isRefusal(closed) && closed.key, 'sign-in.no-way-in');
  accounts.setEnrolUntil(made.id, clock.now() + day);
  assert.is(standingOf(await enter()), 'enrolment');
  clock.advance(day);
  const late = await enter();
  assert.is(isRefusal(late) && late.key, 'sign-in.no-way-in');
});

test('staff from the directory enrol within a day of the first sign-in, once', async () => {
  const { start, accounts, people, enrolments, clock } = await scene();
  enrolments.removeAll(people.carol.id, 'totp');
  assert.is(standingOf(await start('carol', cast.carol.password)), 'enrolment');
  assert.is(accounts.enrolUntil(people.carol.id), clock.now() + day);
  clock.advance(day - minute);
  assert.is(standingOf(await start('carol', cast.carol.password)), 'enrolment');
  clock.advance(minute);
  const late = await start('carol', cast.carol.password);
  assert.is(isRefusal(late) && late.key, 'sign-in.no-way-in');
});

test('signing out ends the session', async () => {
  const { signedIn, signIn, sessions, people, clock, journal } = await scene();
  const { session, token } = await signedIn('alice');
  signIn.end({ session, account: people.alice, ...visit });
  assert.is(sessions.byToken(token, clock.now()), null);
  assert.is(journal.latest(1)[0]?.event, 'sign-out');
});

test('nothing typed is said to be missing, at once', async () => {
  const { start, clock } = await scene();
  const from = clock.now();
  const started = await start('  ', 'x');
  assert.is(isRefusal(started) && started.key, 'login.required');
  assert.is(clock.now(), from);
});

test('people who hold an app are asked for it where policy says so; who holds none is let in', async () => {
  const { signedIn, settings, prove, totpCode } = await scene();
  settings.set('second_step_for_people', true);
  const { session, standing } = await signedIn('alice');
  assert.is(standing, 'second step');
  assert.ok(isRefusal(await prove(session, 'alice', '000000')));
  assert.is(standingOf(await prove(session, 'alice', totpCode('alice'))), 'full');
  assert.is((await signedIn('bob')).standing, 'full');
});

test('a recovery code stands in for a lost app of people, once, and never for staff', async () => {
  const world = await scene();
  const { signedIn, signIn, settings, people, sessions, clock } = world;
  settings.set('second_step_for_people', true);
  const codesOf = async (name: 'alice' | 'carol') =>
    (await give({ ...world, world, publicUrl }, { account: people[name], methods: ['recovery-code'], address: '' })).codes;
  const answer = async (name: 'alice' | 'carol', code = '') => {
    const { session } = await signedIn(name);
    const ways = signIn.waysOf(people[name], session).map(({ method }) => method);
    const proved = await signIn.prove({ session, account: people[name], method: 'recovery-code', answer: code, language: 'en', ...visit });
    return { ways, proved, session };
  };
  assert.equal((await answer('alice')).ways, ['totp'], 'none are held');
  const [code, another] = await codesOf('alice');
  const { ways, proved, session } = await answer('alice', code);
  assert.equal(ways, ['totp', 'recovery-code']);
  assert.is(standingOf(proved), 'full');
  assert.is(sessions.of(people.alice.id).find(({ id }) => id === session.id)?.provedAt, clock.now());
  const again = (await answer('alice', code)).proved;
  assert.is(isRefusal(again) && again.key, 'sign-in.second-step-wrong');
  assert.is(standingOf((await answer('alice', another)).proved), 'full');
  const staff = await answer('carol', (await codesOf('carol'))[0]);
  assert.equal(staff.ways, ['totp']);
  assert.is(isRefusal(staff.proved) && staff.proved.key, 'session.ended');
});

test('the session is proved at the very instant of the second step, however long it was judged', async () => {
  const world = await scene();
  const totp = world.methods.get('totp') as Method;
  const slow: Method = {
    ...totp,
    async judge(challenge, answer) {
      world.clock.advance(7);
      const judged = await totp.judge(challenge, answer);
      world.clock.advance(7);
      return judged;
    },
  };
  const { signIn } = accessFlows({ ...world, methods: new Map([...world.methods, ['totp', slow]]) });
  world.settings.set('second_step_for_people', true);
  const { alice } = world.people;
  const { session } = await world.signedIn('alice');
  const proved = await signIn.prove({ session, account: alice, answer: world.totpCode('alice'), language: 'en', ...visit });
  assert.is(standingOf(proved), 'full');
  const [now] = world.sessions.of(alice.id);
  assert.ok(now);
  assert.is(world.enrolments.of(alice.id).find(({ method }) => method === 'totp')?.usedAt, now.provedAt);
  const { isFresh } = registration({ ...world, current: accessFlows(world).current, publicUrl, ownDomains: [] });
  assert.ok(isFresh({ account: alice, session: now, language: 'en', at: world.clock.now(), ...visit }));
});

test('staff hear of a sign-in from a network that is new to them, and of no other', async () => {
  const { signedIn, signIn, people, totpCode, clock, messages } = await scene();
  const from = async (address: string) => {
    clock.advance(minute);
    const { session } = await signedIn('carol');
    const proved = await signIn.prove({ session, account: people.carol, answer: totpCode('carol'), language: 'en', ...visit, address });
    assert.is(standingOf(proved), 'full');
    return messages()
      .filter(({ kind }) => kind === 'sign-in-new-address')
      .map(({ variables }) => (variables as { address: string }).address);
  };
  const told = new Set<string>();
  for (const address of ['192.0.2.1', '192.0.2.1', '198.51.100.9', '192.0.2.1', '198.51.100.9'])
    for (const one of await from(address)) told.add(one);
  assert.equal([...told], ['198.51.100.9']);
});

test.run();
