/** The registration flow on a real store: what it allows, what it refuses to everybody else, and what it tells. */

import { Secret, TOTP } from 'otpauth';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { currentPassword } from '../access/current-password.ts';
import type { Method } from '../methods/method.ts';
import type { Account } from '../rules/account.ts';
import { isRefusal, type Refusal } from '../rules/refusal.ts';
import { accountKey, addressKey, limits } from '../rules/throttle.ts';
import { day, hour, minute, second } from '../rules/time.ts';
import { cast } from '../testing/cast.ts';
import { give, memoryOf } from '../testing/holdings.ts';
import { publicUrl, type TestWorld, type TestWorldOptions, testWorld } from '../testing/world.ts';
import { createTexts, type TextKey } from '../text/texts.ts';
import type { Message, Messages, Session } from '../world.ts';
import { freshProof, type Person } from './fresh-proof.ts';
import { registration } from './registration.ts';

async function desk(options: TestWorldOptions = {}) {
  const world = await testWorld({ ownDomains: ['office.example'], ...options });
  world.clock.advance(hour); // what the cast holds was not added in this very instant
  const flow = registration({ ...world, current: currentPassword(world), ownDomains: ['office.example'] });
  const address = '192.0.2.7';
  /** Signed in with the password alone, at this moment. */
  function signIn(account: Account, standing: Session['standing'] = 'full'): Person {
    const at = world.clock.now();
    const session = world.sessions.start({ token: world.random.token(), account: account.id, standing, address, device: '', at });
    return { account, session, address, supportCode: 'ABCD-EFGH', language: 'en', at };
  }
  /** The same person, later: the session as it is now. */
  function now(person: Person): Person {
    const session = world.sessions.of(person.account.id).find(({ id }) => id === person.session.id);
    const account = world.accounts.byId(person.account.id);
    if (!session || !account) throw new Error('the session has ended');
    return { ...person, account, session, at: world.clock.now() };
  }
  /** With a proof of both, so that everything may be done. */
  async function proved(account: Account, name: keyof typeof cast): Promise<Person> {
    const person = signIn(account);
    const answer = flow.holdsStep(account) ? world.totpCode(name) : '';
    const done = await flow.prove(person, { password: cast[name].password, answer });
    assert.not(isRefusal(done));
    return now(person);
  }
  return { world, flow, signIn, now, proved };
}

const keyOf = (answer: unknown): string => (isRefusal(answer) ? (answer as Refusal).key : `not refused: ${JSON.stringify(answer)}`);
const wrongCode = (code: string): string => String((Number(code) + 1) % 10 ** code.length).padStart(code.length, '0');
const codeOf = (seed: unknown, at: number): string =>
  new TOTP({ secret: Secret.fromBase32(String(seed).replaceAll(' ', '')) }).generate({ timestamp: at });
const sent = (world: TestWorld, kind: Message['kind']): Message[] => world.mail.filter((message) => message.kind === kind);
const methodsOf = (world: TestWorld, { id }: Account): string[] => world.enrolments.of(id).map(({ method, label }) => `${method} ${label}`);

const registering = suite('registration');

registering('stores an address only after its code, records it, and tells every address', async () => {
  const { world, flow, signIn } = await desk();
  const bob = signIn(world.people.bob);
  assert.equal(flow.overview(bob.account).reach, { canReset: false, missing: 1, barredBy: null });
  assert.equal(await flow.begin(bob, 'email', { address: ' bob@private.example ' }), { kind: 'waiting' });
  assert.equal(methodsOf(world, bob.account), []);
  const done = await flow.finish(bob, 'email', { answer: world.codeFromMail('bob@private.example') });
  assert.not(isRefusal(done));
  assert.equal(methodsOf(world, bob.account), ['email bob@private.example']);
  assert.equal(flow.overview(bob.account).reach, { canReset: true, missing: 0, barredBy: null });
  const notices = sent(world, 'method-added');
  assert.equal(notices.map(({ to }) => to).sort(), ['bob@home.example.net', 'bob@private.example']);
  const { notMeLink } = (notices[0] as Message<'method-added'>).variables;
  assert.ok(notMeLink.startsWith(`${publicUrl}/not-me/`));
  assert.ok(world.tokens.find('not me', notMeLink.slice(notMeLink.lastIndexOf('/') + 1), world.clock.now() + 7 * day - 1));
  const [row] = world.journal.latest(1);
  assert.equal([row?.event, row?.detail, row?.method, row?.account], ['registration', 'added', 'email', 'bob']);
  assert.not.match(JSON.stringify([...world.journal.rows()]), /private\.example/);
});

registering('is stopped by a code of another account, a spent one, an expired one, and one of an address given up', async () => {
  const { world, flow, signIn, now } = await desk();
  const bob = signIn(world.people.bob);
  const dave = signIn(world.people.dave);
  const answerOf = (to: string) => ({ answer: world.codeFromMail(to) });

  await flow.begin(bob, 'email', { address: 'bob@private.example' });
  const first = answerOf('bob@private.example');
  assert.is(keyOf(await flow.finish(dave, 'email', first)), 'method.proof-needed');
  const provedDave = { ...dave, session: { ...dave.session } };
  for (const { id } of world.enrolments.of(dave.account.id)) world.enrolments.remove(id);
  assert.is(keyOf(await flow.finish(provedDave, 'email', first)), 'method.code-wrong');
  assert.not(isRefusal(await flow.finish(bob, 'email', first)));
  assert.is(keyOf(await flow.finish(bob, 'email', first)), 'method.code-wrong');

  world.clock.advance(minute);
  await flow.begin(now(bob), 'email', { address: 'old@private.example' });
  const given = answerOf('old@private.example');
  world.clock.advance(minute);
  await flow.begin(now(bob), 'email', { address: 'new@private.example' });
  if (given.answer !== answerOf('new@private.example').answer)
    assert.is(keyOf(await flow.finish(now(bob), 'email', given)), 'method.code-wrong');
  world.enrolments.removeAll(bob.account.id, 'email');
  const late = { ...now(bob), at: world.clock.now() + 10 * minute, session: { ...bob.session, provedAt: world.clock.now() + 9 * minute } };
  assert.is(keyOf(await flow.finish(late, 'email', answerOf('new@private.example'))), 'method.code-wrong');
  assert.equal(methodsOf(world, bob.account), []);
});

registering('proves the address that the code went to, whatever the last form says', async () => {
  const { world, flow, signIn } = await desk();
  const bob = signIn(world.people.bob);
  await flow.begin(bob, 'email', { address: 'bob@private.example' });
  await flow.finish(bob, 'email', { answer: world.codeFromMail('bob@private.example'), address: 'eve@evil.example' });
  assert.equal(methodsOf(world, bob.account), ['email bob@private.example']);
});

registering('takes five wrong codes an hour and not even the right one after', async () => {
  const { world, flow, signIn, now } = await desk();
  const bob = signIn(world.people.bob);
  const begun = await flow.begin(bob, 'totp', {});
  assert.equal(begun, { kind: 'waiting' });
  const start = await flow.waiting(bob, 'totp');
  const seed = isRefusal(start) ? '' : start?.seed;
  const right = codeOf(seed, world.clock.now());
  for (let tries = 0; tries < 5; tries += 1)
    assert.is(keyOf(await flow.finish(bob, 'totp', { answer: wrongCode(right) })), 'method.code-wrong');
  const sixth = await flow.finish(bob, 'totp', { answer: right });
  assert.is(keyOf(sixth), 'sign-in.wait');
  assert.is((sixth as Refusal).params.seconds, hour / second);
  assert.equal(methodsOf(world, bob.account), []);
  world.clock.advance(hour);
  const later = { ...now(bob), session: { ...now(bob).session, provedAt: world.clock.now() } };
  await flow.begin(later, 'totp', {});
  const again = await flow.waiting(later, 'totp');
  assert.not(isRefusal(await flow.finish(later, 'totp', { answer: codeOf(isRefusal(again) ? '' : again?.seed, world.clock.now()) })));
});

registering('shows what waits to the session that began it alone, also to two that begin at once', async () => {
  const { flow, signIn, world } = await desk();
  const thief = signIn(world.people.bob);
  const bob = signIn(world.people.bob);
  await flow.begin(thief, 'totp', {});
  assert.is(await flow.waiting(bob, 'totp'), null);
  assert.ok(await flow.waiting(thief, 'totp'));
  const [theirs, own] = await Promise.all([flow.begin(thief, 'recovery-code', {}), flow.begin(bob, 'recovery-code', {})]);
  assert.not.equal(theirs, own);
});

registering('adds an app once when two browsers finish at the same time', async () => {
  const { world, flow, signIn } = await desk();
  const bob = signIn(world.people.bob);
  await flow.begin(bob, 'totp', {});
  const start = await flow.waiting(bob, 'totp');
  const answer = codeOf(isRefusal(start) ? '' : start?.seed, world.clock.now());
  const ends = await Promise.all([1, 2, 3].map(() => flow.finish(bob, 'totp', { answer, label: 'my phone' })));
  assert.is(ends.filter((end) => !isRefusal(end)).length, 1);
  assert.equal(methodsOf(world, bob.account), ['totp my phone']);
  assert.is(sent(world, 'method-added').length, 1);
});

registering('refuses the office’s own domain, what is no address, and what is there already; but suggests the directory’s', async () => {
  const { world, flow, signIn } = await desk();
  const bob = signIn(world.people.bob);
  assert.is(flow.suggestedMail(bob.account), 'bob@home.example.net');
  assert.is(flow.suggestedMail({ ...bob.account, mail: 'bob@mail.OFFICE.example' }), null);
  for (const [address, key] of [
    ['bob@office.example', 'method.own-domain'],
    ['bob@mail.office.example', 'method.own-domain'],
    ['bob', 'method.address-malformed'],
    ['', 'method.address-malformed'],
  ]) {
    assert.is(keyOf(await flow.begin(bob, 'email', { address: address as string })), key);
  }
  assert.is(sent(world, 'contact-code').length, 0);
  const alice = signIn(world.people.alice);
  assert.is(flow.suggestedMail(alice.account), null);
});

registering('sends no second code at once, and no more than ten in ten minutes', async () => {
  const { world, flow, signIn, now } = await desk();
  const bob = signIn(world.people.bob);
  const send = () => flow.begin(now(bob), 'email', { address: 'bob@private.example' });
  await send();
  assert.is(keyOf(await send()), 'method.too-soon');
  for (let mails = 1; mails < 10; mails += 1) {
    world.clock.advance(10 * second);
    assert.equal(await send(), { kind: 'waiting' });
  }
  world.clock.advance(10 * second);
  assert.is(keyOf(await send()), 'method.too-soon');
  assert.is(sent(world, 'contact-code').length, 10);
});

registering('does not count an address that has become the office’s own, registered or the directory’s', async () => {
  const { world, flow } = await desk({ policy: { directory_mail_is_proof: true } });
  const bob = { ...world.people.bob, mail: 'bob@office.example' };
  world.enrolments.add({ account: bob.id, method: 'email', label: 'bob@mail.office.example', secret: '', at: 1 });
  assert.equal([flow.reach(bob).canReset, flow.overview(bob).ways.map(({ isAllowed }) => isAllowed)], [false, [false]]);
  assert.ok(flow.reach(world.people.bob).canReset, 'by the directory’s, elsewhere');
  world.decide({ mail_in_own_domains: true });
  assert.equal([flow.reach(bob).canReset, flow.overview(bob).ways.map(({ isAllowed }) => isAllowed)], [true, [true]]);
});

registering('shows recovery codes once: a form sent twice makes no second set', async () => {
  const { world, flow, signIn } = await desk();
  const bob = signIn(world.people.bob);
  const [one, other] = await Promise.all([flow.begin(bob, 'recovery-code', {}), flow.begin(bob, 'recovery-code', {})]);
  assert.equal(one, other);
  assert.is(isRefusal(one) ? '' : one.kind, 'stored');
  assert.equal(await flow.begin(bob, 'recovery-code', {}), { kind: 'repeated' });
  assert.is(sent(world, 'method-added').length, 1);
  const id = flow.replaced(bob.account, 'recovery-code');
  const fresh = await flow.begin(bob, 'recovery-code', { id: String(id) });
  assert.is(isRefusal(fresh) ? '' : fresh.kind, 'stored');
  assert.equal(
    [...world.journal.rows()].filter(({ event }) => event === 'registration').map(({ detail }) => detail),
    ['added', 'fresh codes'],
  );
  assert.is(keyOf(await flow.finish(bob, 'recovery-code', { answer: 'x' })), 'method.code-wrong');
  assert.is(sent(world, 'method-added').length, 2);
});

registering('counts an empty set of recovery codes as nothing', async () => {
  const { world, flow, signIn } = await desk();
  const bob = signIn(world.people.bob);
  await flow.begin(bob, 'recovery-code', {});
  assert.ok(flow.reach(bob.account).canReset);
  const [held] = world.enrolments.of(bob.account.id);
  world.enrolments.spend(held?.id ?? 0, held?.secret ?? '', JSON.stringify(Array(10).fill(null)), world.clock.now());
  assert.not(flow.reach(bob.account).canReset);
});

registering('removes only what is one’s own, says the effect before, and tells the removed address too', async () => {
  const { world, flow, proved } = await desk();
  const alice = await proved(world.people.alice, 'alice');
  const [email, totp] = world.enrolments.of(alice.account.id);
  const [daves] = world.enrolments.of(world.people.dave.id);
  assert.is(flow.removal(alice.account, daves?.id ?? 0), null);
  assert.is(keyOf(flow.remove(alice, daves?.id ?? 0)), 'method.unknown');
  assert.is(keyOf(flow.prefer(alice, daves?.id ?? 0)), 'method.unknown');
  assert.is(world.enrolments.of(world.people.dave.id).length, 2);
  assert.is(flow.removal(alice.account, email?.id ?? 0)?.effect, 'no reset');
  assert.is(flow.removal(alice.account, totp?.id ?? 0)?.effect, 'none');
  assert.is(flow.remove(alice, email?.id ?? 0), 'removed');
  assert.equal(methodsOf(world, alice.account), ['totp phone']);
  assert.equal(
    sent(world, 'method-removed').map(({ to }) => to),
    ['alice@home.example.net'],
  );
  assert.is(keyOf(flow.remove(alice, email?.id ?? 0)), 'method.unknown');
});

registering('ends what is half open when a way is removed', async () => {
  const { world, flow, proved } = await desk();
  const at = world.clock.now();
  const opened = world.attempts.open({
    token: 't',
    supportCode: 'S',
    intention: 'reset',
    login: 'alice',
    address: '',
    language: 'en',
    at,
    expiresAt: at + hour,
  });
  world.attempts.identify(opened.id, world.people.alice.id, null);
  world.attempts.step(opened.id, { kind: 'passed', method: 'email', at });
  const alice = await proved(world.people.alice, 'alice');
  flow.remove(alice, world.enrolments.of(alice.account.id)[0]?.id ?? 0);
  assert.is(world.attempts.byId(opened.id)?.state, 'finished');
});

registering('keeps the last app of staff, who could not sign in without', async () => {
  const { world, flow, signIn } = await desk();
  const carol = signIn(world.people.carol);
  const app = world.enrolments.of(carol.account.id).find(({ method }) => method === 'totp');
  assert.is(flow.removal(carol.account, app?.id ?? 0)?.effect, 'no sign-in');
  assert.is(flow.remove(carol, app?.id ?? 0), 'kept');
  assert.is(sent(world, 'method-removed').length, 0);
});

registering('prefers one, and only one', async () => {
  const { world, flow, proved } = await desk();
  const alice = await proved(world.people.alice, 'alice');
  const [email, totp] = world.enrolments.of(alice.account.id);
  assert.is(flow.prefer(alice, totp?.id ?? 0), 'preferred');
  assert.is(flow.prefer(alice, email?.id ?? 0), 'preferred');
  assert.equal(
    world.enrolments.of(alice.account.id).map(({ isPreferred }) => isPreferred),
    [true, false],
  );
  const told = sent(world, 'method-preferred').map(({ to, variables }) => [to, (variables as Messages['method-preferred']).method]);
  assert.equal(told, [
    [cast.alice.mail, 'totp'],
    [cast.alice.mail, 'email'],
  ]);
});

registering('stores nothing when what must go with it cannot be recorded', async () => {
  const { world, flow, proved } = await desk();
  const alice = await proved(world.people.alice, 'alice');
  world.db.$client.exec('DROP TABLE outbox');
  assert.throws(() => flow.remove(alice, world.enrolments.of(alice.account.id)[0]?.id ?? 0));
  assert.is(world.enrolments.of(alice.account.id).length, 2);
});

registering.run();

const proving = suite('fresh proof');

proving('is the sign-in for who holds no app, for ten minutes', async () => {
  const { world, flow, signIn, now } = await desk();
  const bob = signIn(world.people.bob);
  world.clock.advance(freshProof - 1);
  assert.is(flow.refusalFor(now(bob)), null);
  world.clock.advance(1);
  assert.is(keyOf(flow.refusalFor(now(bob))), 'method.proof-needed');
  for (const act of [flow.begin(now(bob), 'totp', {}), flow.finish(now(bob), 'totp', { answer: '1' }), flow.waiting(now(bob), 'totp')]) {
    assert.is(keyOf(await act), 'method.proof-needed');
  }
  assert.is(keyOf(flow.remove(now(bob), 1)), 'method.proof-needed');
  assert.is(keyOf(flow.prefer(now(bob), 1)), 'method.proof-needed');
});

proving('takes the code too from who holds an app, even just after sign-in', async () => {
  const { world, flow, signIn, now } = await desk();
  const alice = signIn(world.people.alice);
  assert.is(keyOf(flow.refusalFor(alice)), 'method.proof-needed');
  const { password } = cast.alice;
  assert.is(keyOf(await flow.prove(alice, { password: '', answer: '' })), 'password.required');
  assert.is(keyOf(await flow.prove(alice, { password, answer: '' })), 'answer.required');
  assert.is(keyOf(await flow.prove(alice, { password, answer: wrongCode(world.totpCode('alice')) })), 'sign-in.second-step-wrong');
  assert.is(keyOf(await flow.prove(alice, { password: 'no', answer: world.totpCode('alice') })), 'directory.wrong-old-password');
  assert.is(keyOf(flow.refusalFor(now(alice))), 'method.proof-needed');
  const right = { password, answer: world.totpCode('alice') };
  const renewed = await flow.prove(now(alice), right);
  assert.not(isRefusal(renewed));
  assert.is(flow.refusalFor(now(alice)), null);
  assert.is(keyOf(await flow.prove(now(alice), right)), 'sign-in.second-step-wrong');
});

proving('gives the session a new token: the old cookie opens nothing', async () => {
  const { world, flow } = await desk();
  const at = world.clock.now();
  const session = world.sessions.start({ token: 'old', account: world.people.bob.id, standing: 'full', address: '', device: '', at });
  const person = { account: world.people.bob, session, address: '192.0.2.7', supportCode: '', language: 'en', at };
  const renewed = await flow.prove(person, { password: cast.bob.password, answer: '' });
  assert.is(world.sessions.byToken('old', at), null);
  assert.is(world.sessions.byToken(isRefusal(renewed) ? '' : renewed.session, at)?.id, session.id);
});

proving('holds though the clock goes on while both are judged', async () => {
  const { world, signIn, now } = await desk();
  const totp = world.methods.get('totp') as Method;
  const slow: Method = {
    ...totp,
    async judge(challenge, answer) {
      world.clock.advance(7);
      return totp.judge(challenge, answer);
    },
  };
  const methods = new Map([...world.methods, ['totp', slow] as const]);
  const flow = registration({ ...world, methods, current: currentPassword(world), ownDomains: [] });
  const alice = signIn(world.people.alice);
  assert.not(isRefusal(await flow.prove(alice, { password: cast.alice.password, answer: world.totpCode('alice') })));
  assert.is(flow.refusalFor(now(alice)), null);
});

proving('is not somebody else’s use of the app elsewhere', async () => {
  const { world, flow, signIn, now, proved } = await desk();
  const thief = signIn(world.people.alice);
  world.clock.advance(minute);
  await proved(world.people.alice, 'alice');
  assert.is(keyOf(flow.refusalFor(now(thief))), 'method.proof-needed');
});

proving('takes a recovery code in place of a lost phone, each once', async () => {
  const { world, flow, signIn, now, proved } = await desk();
  const alice = await proved(world.people.alice, 'alice');
  const begun = await flow.begin(alice, 'recovery-code', {});
  const [code = ''] = isRefusal(begun) || begun.kind !== 'stored' ? [] : (begun.shown.codes as string[]);
  world.clock.advance(freshProof);
  const typed = { password: cast.alice.password, answer: code };
  assert.not(isRefusal(await flow.prove(now(alice), typed)));
  assert.is(flow.refusalFor(now(alice)), null);
  world.clock.advance(freshProof);
  assert.is(keyOf(await flow.prove(now(alice), typed)), 'sign-in.second-step-wrong');
  assert.is(keyOf(flow.refusalFor(signIn(world.people.alice))), 'method.proof-needed');
});

proving('takes five wrong codes an hour, together with those of sign-in', async () => {
  const { world, flow, signIn, now } = await desk();
  const alice = signIn(world.people.alice);
  const { password } = cast.alice;
  world.throttle.hit(limits.wrongProofs, `${accountKey(alice.account.id, '')}|totp|sign-in`, world.clock.now());
  for (let tries = 0; tries < 4; tries += 1) {
    assert.is(keyOf(await flow.prove(now(alice), { password, answer: wrongCode(world.totpCode('alice')) })), 'sign-in.second-step-wrong');
  }
  assert.is(keyOf(await flow.prove(now(alice), { password, answer: world.totpCode('alice') })), 'sign-in.wait');
  const rows = [...world.journal.rows()].filter(({ event }) => event === 'sign-in refused');
  assert.equal(
    rows.map(({ result }) => result),
    ['failed', 'failed', 'failed', 'failed', 'blocked'],
  );
  assert.is(world.throttle.count(limits.troubles, addressKey(alice.address), world.clock.now()), 5, 'the address is in trouble, too');
});

proving('is not barred by what a stranger got wrong at the reset', async () => {
  const { world, flow, signIn } = await desk();
  const alice = signIn(world.people.alice);
  for (let tries = 0; tries < 5; tries += 1)
    world.throttle.hit(limits.wrongProofs, `${accountKey(alice.account.id, '')}|totp`, world.clock.now());
  assert.not(isRefusal(await flow.prove(alice, { password: cast.alice.password, answer: world.totpCode('alice') })));
});

proving.run();

const beside = suite('a proof beside the password, where no second step is held');

/** Bob, who has registered these some time ago and signs in now. */
async function bobWith(ways: readonly ('email' | 'sms' | 'recovery-code' | 'questions' | 'pass')[], options: TestWorldOptions = {}) {
  const made = await desk({ texts: true, ...options });
  const { world, flow, now, signIn } = made;
  const { bob } = world.people;
  const { password } = cast.bob;
  const held = await give({ world, methods: world.methods, publicUrl }, { account: bob, methods: ways, address: mailbox });
  world.clock.advance(minute);
  const person = signIn(bob);
  const contact = (method: string): number => world.enrolments.of(bob.id).find((one) => one.method === method)?.id ?? 0;
  const prove = async (answer: string, who = person) => flow.prove(now(who), { password, answer });
  const isFresh = (who = person): boolean => flow.refusalFor(now(who)) === null;
  return { ...made, bob, held, person, contact, prove, isFresh };
}
const mailbox = 'bob@private.example';

beside('a code that is mailed to what is registered, in the session that asked for it', async () => {
  const { world, flow, now, person, contact, prove, isFresh } = await bobWith(['email']);
  assert.not(isFresh(), 'the password alone is not enough');
  assert.is(keyOf(await prove('')), 'answer.required');
  assert.is(keyOf(await prove('12345678')), 'sign-in.second-step-wrong', 'none was sent');
  assert.is(flow.sendCode(now(person), contact('email')), null);
  assert.is(flow.proofs(now(person)).sentTo?.label, mailbox);
  const code = world.codeFromMail(mailbox);
  assert.is(keyOf(await flow.prove(now(person), { password: 'no', answer: code })), 'directory.wrong-old-password');
  assert.not(isRefusal(await prove(code)));
  assert.ok(isFresh());
  assert.is(flow.proofs(now(person)).sentTo, null);
  assert.is(keyOf(await prove(code)), 'sign-in.second-step-wrong', 'each works once');
  world.clock.advance(freshProof);
  assert.not(isFresh());
});

beside('a code opens nothing in another session, and another session cannot use up its tries', async () => {
  const { world, flow, now, signIn, bob, person, contact, prove, isFresh } = await bobWith(['email']);
  const thief = signIn(bob);
  flow.sendCode(now(person), contact('email'));
  const code = world.codeFromMail(mailbox);
  assert.is(flow.proofs(now(thief)).sentTo, null);
  for (let tries = 0; tries < 5; tries += 1) assert.is(keyOf(await prove(code, thief)), 'sign-in.second-step-wrong');
  assert.not(isFresh(thief));
  world.clock.advance(second);
  assert.not(isRefusal(await prove(code)));
  assert.ok(isFresh());
  assert.not(isFresh(thief), 'nor is it the thief’s that its owner proved it');
});

beside('no code of another account, no late one, and none of an address that was removed', async () => {
  const { world, flow, now, signIn, person, contact, prove, bob } = await bobWith(['email']);
  world.enrolments.removeAll(world.people.dave.id, 'totp');
  const dave = signIn(world.people.dave);
  const [daves] = world.enrolments.of(world.people.dave.id);
  assert.is(keyOf(flow.sendCode(now(person), daves?.id ?? 0)), 'method.unknown');
  flow.sendCode(dave, daves?.id ?? 0);
  flow.sendCode(now(person), contact('email'));
  const own = world.codeFromMail(mailbox);
  assert.is(keyOf(await prove(world.codeFromMail(cast.dave.mail))), 'sign-in.second-step-wrong');
  world.clock.advance(10 * minute);
  assert.is(keyOf(await prove(own)), 'sign-in.second-step-wrong');
  flow.sendCode(now(person), contact('email'));
  const late = world.codeFromMail(mailbox);
  world.enrolments.removeAll(bob.id, 'email');
  world.enrolments.add({ account: bob.id, method: 'email', label: 'eve@evil.example', secret: '', at: world.clock.now() });
  assert.is(keyOf(await prove(late)), 'sign-in.second-step-wrong');
});

beside('five wrong codes an hour, and not even the right one after', async () => {
  const { world, flow, now, person, contact, prove } = await bobWith(['email']);
  flow.sendCode(now(person), contact('email'));
  const code = world.codeFromMail(mailbox);
  for (let tries = 0; tries < 5; tries += 1) assert.is(keyOf(await prove(wrongCode(code))), 'sign-in.second-step-wrong');
  assert.is(keyOf(await prove(code)), 'sign-in.wait');
});

beside('codes are sent no sooner and no oftener than others', async () => {
  const { world, flow, now, person, contact } = await bobWith(['email', 'sms']);
  const send = (method: string) => flow.sendCode(now(person), contact(method));
  assert.is(send('email'), null);
  assert.is(keyOf(send('sms')), 'method.too-soon');
  for (let texts = 0; texts < limits.texts.most; texts += 1) {
    world.clock.advance(10 * second);
    assert.is(send('sms'), null);
  }
  world.clock.advance(10 * second);
  assert.is(keyOf(send('sms')), 'method.too-soon', 'so many a number');
  for (let mails = limits.texts.most + 1; mails < limits.mails.most; mails += 1) {
    assert.is(send('email'), null);
    world.clock.advance(10 * second);
  }
  assert.is(keyOf(send('email')), 'method.too-soon', 'so many an account');
});

beside('by text, and the newer code takes the place of the older', async () => {
  const { world, flow, now, person, contact, held, prove, isFresh } = await bobWith(['email', 'sms']);
  flow.sendCode(now(person), contact('email'));
  world.clock.advance(10 * second);
  flow.sendCode(now(person), contact('sms'));
  assert.is(keyOf(await prove(world.codeFromMail(mailbox))), 'sign-in.second-step-wrong');
  assert.not(isRefusal(await prove(world.codeFromText(held.number))));
  assert.ok(isFresh());
});

beside('a recovery code, each once, also the last and also in place of a lost mailbox', async () => {
  const { world, held, bob, prove, isFresh } = await bobWith(['email', 'recovery-code']);
  for (const code of held.codes) {
    world.clock.advance(freshProof);
    assert.not(isFresh());
    assert.not(isRefusal(await prove(code)));
    assert.ok(isFresh(), code);
  }
  world.clock.advance(hour);
  assert.is(keyOf(await prove(held.codes[0] ?? '')), 'sign-in.second-step-wrong');
  world.enrolments.removeAll(bob.id, 'email');
  assert.not(isRefusal(await prove('')), 'an empty sheet is nothing to ask for');
});

beside('all the questions, where nothing else is registered', async () => {
  const { flow, now, person, bob, prove, isFresh } = await bobWith(['questions'], { policy: { methods: ['email', 'questions'] } });
  const questions = (flow.proofs(now(person)).questions?.questions ?? []) as readonly string[];
  assert.ok(questions.length >= 3);
  const answers = questions.map((name) => memoryOf(bob.login, createTexts().say('en', `question.${name}` as TextKey)));
  assert.not(isFresh());
  assert.is(keyOf(await prove('')), 'answer.required');
  assert.is(keyOf(await prove(answers.slice(1).join('\n'))), 'sign-in.second-step-wrong');
  assert.is(keyOf(await prove(['wrong', ...answers.slice(1)].join('\n'))), 'sign-in.second-step-wrong');
  assert.not(isRefusal(await prove(answers.join('\n'))));
  assert.ok(isFresh());
});

beside('a temporary pass helps whoever has lost the mailbox, and is asked of nobody who has registered nothing', async () => {
  const { held, prove, isFresh } = await bobWith(['email', 'pass']);
  assert.is(keyOf(await prove('not-the-pass')), 'sign-in.second-step-wrong');
  assert.not(isFresh());
  assert.not(isRefusal(await prove(held.pass)));
  assert.ok(isFresh());
  assert.is(keyOf(await prove(held.pass)), 'sign-in.second-step-wrong');
  assert.ok((await bobWith(['pass'])).isFresh());
});

beside('nothing to which policy lets no code go', async () => {
  for (const policy of [{ methods: ['totp', 'recovery-code'] }, {}] satisfies TestWorldOptions['policy'][]) {
    const { world, isFresh, bob } = await bobWith(['email', 'questions'], { policy });
    if (Object.keys(policy).length === 0) {
      world.enrolments.removeAll(bob.id, 'email');
      world.enrolments.add({ account: bob.id, method: 'email', label: 'bob@office.example', secret: '', at: 1 });
    }
    assert.ok(isFresh());
  }
});

beside('whoever registers their first way has proved it with that, and goes on', async () => {
  for (const first of ['email', 'recovery-code']) {
    const { world, flow, now, person, isFresh } = await bobWith([]);
    world.clock.advance(minute);
    const begun = await flow.begin(now(person), first, { address: mailbox });
    world.clock.advance(minute);
    const token = first === 'email' ? await flow.finish(now(person), first, { answer: world.codeFromMail(mailbox) }) : begun;
    assert.is(world.sessions.byToken((token as { session: string }).session, world.clock.now())?.id, person.session.id);
    assert.ok(isFresh(), first);
    world.clock.advance(minute);
    await flow.begin(now(person), 'totp', {});
    const start = await flow.waiting(now(person), 'totp');
    const code = codeOf(isRefusal(start) ? '' : start?.seed, world.clock.now());
    assert.not(isRefusal(await flow.finish(now(person), 'totp', { answer: code })));
    assert.ok(isFresh());
  }
});

beside.run();

const firstStep = suite('a first second step');

firstStep('is all that an enrolment session may add; then it is a full one and all others of its kind end', async () => {
  const { world, flow, signIn, now } = await desk();
  world.enrolments.removeAll(world.people.carol.id, 'totp');
  world.accounts.setEnrolUntil(world.people.carol.id, world.clock.now() + day);
  const carol = signIn(world.people.carol, 'enrolment');
  const thief = signIn(world.people.carol, 'enrolment');
  assert.is(keyOf(await flow.begin(carol, 'email', { address: 'c@private.example' })), 'method.unknown');
  assert.is(keyOf(await flow.begin(carol, 'recovery-code', {})), 'method.unknown');
  assert.is(keyOf(flow.remove(carol, world.enrolments.of(carol.account.id)[0]?.id ?? 0)), 'method.unknown');
  await flow.begin(carol, 'totp', {});
  const start = await flow.waiting(carol, 'totp');
  const answer = codeOf(isRefusal(start) ? '' : start?.seed, world.clock.now());
  const done = await flow.finish(carol, 'totp', { answer });
  const token = isRefusal(done) ? null : done.session;
  assert.is(world.sessions.byToken(token ?? '', world.clock.now())?.standing, 'full');
  assert.is(world.accounts.enrolUntil(carol.account.id), null);
  assert.equal(
    world.sessions.of(carol.account.id).map(({ id }) => id),
    [carol.session.id],
  );
  assert.is(keyOf(await flow.begin(thief, 'totp', {})), 'session.ended');
  assert.is(flow.refusalFor(now(carol)), null);
});

firstStep('may be added by staff even where policy lets no app open a gate', async () => {
  const { world, flow, signIn } = await desk({ policy: { methods: ['email'] } });
  assert.equal(flow.overview(world.people.bob).offered, ['email']);
  assert.equal(flow.overview(world.people.carol).offered, ['passkey', 'totp', 'email']);
  assert.is(keyOf(await flow.begin(signIn(world.people.bob), 'totp', {})), 'method.unknown');
});

firstStep('is not for an account whose self-service is suspended', async () => {
  const { world, flow, signIn, now } = await desk();
  const bob = signIn(world.people.bob);
  world.accounts.suspend(world.people.bob.id, world.clock.now());
  assert.is(keyOf(await flow.begin(now(bob), 'totp', {})), 'desk.suspended');
  assert.is(flow.reach(now(bob).account).barredBy, 'not suspended');
});

firstStep.run();
