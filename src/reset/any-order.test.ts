/**
 * Requests in any order, by every method, from two browsers that also use each other's and their own earlier cookies, while administrators
 * change the policy and suspend people: nothing is set without the gates that the policy asks at that moment. What must be is counted here by
 * itself, not by the rules.
 */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Account } from '../rules/account.ts';
import type { Policy } from '../rules/policy.ts';
import { isRefusal } from '../rules/refusal.ts';
import { second } from '../rules/time.ts';
import { type Intention, type MethodName, methodNames } from '../rules/vocabulary.ts';
import { cast } from '../testing/cast.ts';
import { codeOf, give, type Holding, memoryOf } from '../testing/holdings.ts';
import { publicUrl, type TestWorld, testWorld } from '../testing/world.ts';
import { createTexts, type TextKey } from '../text/texts.ts';
import type { Passwords } from '../world.ts';
import { approvalDesk } from './approvals.ts';
import { type PasswordReset, passwordReset } from './reset.ts';

const test = suite('any order');

const logins = ['alice', 'carol'] as const;
type Login = (typeof logins)[number];
const decisions: readonly Partial<Policy>[] = [
  { gates: 1 },
  { gates: 2 },
  { second_gate_when_stronger: true },
  { second_gate_when_stronger: false },
  { mail_and_text_are_two: true },
  { mail_and_text_are_two: false },
  { methods: [...methodNames] },
  { methods: ['email', 'sms', 'questions'] },
  { methods: ['totp', 'passkey', 'questions'] },
  { methods: ['recovery-code', 'pass', 'colleague', 'questions'] },
  { scope: 'nobody' },
  { scope: 'everybody' },
  { scope_exclusions: ['staff'] },
  { scope_exclusions: [] },
  { writeback: false },
  { writeback: true },
  { available_directory_people: ['change'], available_directory_administrators: ['reset'] },
  { available_directory_people: ['change', 'reset', 'unlock'], available_directory_administrators: ['reset', 'unlock'] },
  { open_about_accounts: true },
  { profiles: [{ name: 'strict', groups: ['staff'], gates: 2, methods: ['email', 'sms', 'totp', 'questions'] }] },
  { profiles: [{ name: 'loose', groups: ['staff'], gates: 1, second_gate_when_stronger: false, mail_and_text_are_two: true }] },
  { profiles: [] },
];

/** Which cookie is shown: 0 is the newest that this browser was given, others are older ones and the other browser's. */
type Cookie = { readonly browser: 0 | 1; readonly back: number };
type Request =
  | { readonly kind: 'identify'; readonly browser: 0 | 1; readonly login: Login | 'eve'; readonly intention: Intention }
  | { readonly kind: 'choose' | 'right' | 'go on'; readonly cookie: Cookie; readonly method: MethodName }
  | { readonly kind: 'wrong' | 'complete' | 'unlock' | 'finish' | 'cancel' | 'show'; readonly cookie: Cookie }
  | { readonly kind: 'follow'; readonly browser: 0 | 1; readonly login: Login }
  | { readonly kind: 'suspend'; readonly login: Login; readonly isSuspended: boolean }
  | { readonly kind: 'decide'; readonly decision: number };

interface Told {
  attempt: number;
  login: Login;
  intention: Intention;
  proved: Set<MethodName>;
}

/** Plays the requests against the real flow, and keeps its own account of what was really proved in which attempt. */
async function play(
  begun: Partial<Policy>,
  requests: readonly Request[],
): Promise<{ set: number; unlocked: number; proofs: readonly MethodName[] }> {
  const arranged: Partial<Policy> = { methods: [...methodNames], approvers: ['laura'], approval_by_manager: false };
  const world = await testWorld({ texts: true, policy: { ...arranged, second_gate_when_stronger: false, ...begun } });
  const reset = passwordReset(world);
  const approvals = approvalDesk(world);
  const holdings = { alice: await giveAll(world, 'alice'), carol: await giveAll(world, 'carol') };
  const suspended = new Set<Login>();
  const cookies: [string[], string[]] = [[], []];
  const attempts = new Map<number, Told>();
  /** Those that were sent or shown, and for which attempt. */
  const codes = new Map<string, { readonly attempt: number; readonly method: MethodName }>();
  const links = new Map<string, number>();
  const done = { set: 0, unlocked: 0, proofs: [] as MethodName[] };
  let visits = 0;
  for (const login of logins) world.credential(login, { lockedAt: world.clock.now() });

  const shown = ({ browser, back }: Cookie): string => {
    const all = back > 2 ? cookies[browser === 0 ? 1 : 0] : cookies[browser];
    return all.at(-1 - (back % 3)) ?? 'no such cookie';
  };
  const toldBy = (token: string): Told | null => attempts.get(world.attempts.byToken(token)?.id ?? -1) ?? null;
  const passwords = (): string => logins.map((login) => world.credential(login).hash).join();

  function noteMail(token: string): void {
    const told = toldBy(token);
    for (const { kind, variables } of world.mail) {
      if (!told || (kind !== 'reset-code' && kind !== 'text-reset-code')) continue;
      const { code, link } = variables as { code: string; link?: string };
      const secret = link?.split('/').at(-1);
      if (!codes.has(code)) codes.set(code, { attempt: told.attempt, method: secret === undefined ? 'sms' : 'email' });
      if (secret !== undefined && !links.has(secret)) links.set(secret, told.attempt);
    }
  }

  function gain(browser: 0 | 1, token: string, method: MethodName): void {
    const told = toldBy(token);
    assert.ok(told, 'a proof in nobody’s attempt');
    assert.ok(isAllowed(told.login, method, policyNow()), `${method}, which is withdrawn, opened a gate`);
    assert.ok(isServed(told), 'whoever is not served at present opened a gate');
    cookies[browser].push(token);
    done.proofs.push(method);
    told.proved.add(method);
  }

  const policyNow = (): Policy => inForce(world.settings.policy());
  function isServed({ login, intention }: Told): boolean {
    const { writeback, scope, scope_exclusions, ...policy } = policyNow();
    const doors = login === 'carol' ? policy.available_directory_administrators : policy.available_directory_people;
    const isInScope = login === 'carol' || (scope === 'everybody' && !scope_exclusions.includes('staff'));
    return writeback && isInScope && doors.includes(intention) && !suspended.has(login);
  }

  function suspend({ login, isSuspended }: { login: Login; isSuspended: boolean }): void {
    world.accounts.suspend(world.people[login].id, isSuspended ? world.clock.now() : null);
    if (isSuspended) suspended.add(login);
    else suspended.delete(login);
  }

  /** The code of this attempt, or else one that is another's. */
  const codeSent = (method: MethodName, attempt: number | undefined): string => {
    const sent = [...codes].filter(([, code]) => code.method === method);
    return (sent.findLast(([, code]) => code.attempt === attempt) ?? sent.at(-1))?.[0] ?? '00000000';
  };

  function codeApproved(attempt: number): string {
    const approval = approvals.approve(attempt, { account: world.people.laura, address: '192.0.2.99' });
    if (!isRefusal(approval)) codes.set(approval.code, { attempt, method: 'colleague' });
    return codeSent('colleague', attempt);
  }

  /** What its owner would type. */
  async function rightAnswer(token: string, method: MethodName): Promise<string> {
    const { attempt = -1, login = 'alice' } = toldBy(token) ?? {};
    const { seed, codes: printed, pass, device } = holdings[login];
    const { questions = [], options } = (await reset.show(token))?.question ?? {};
    const answers: Readonly<Record<MethodName, () => string>> = {
      email: () => codeSent('email', attempt),
      sms: () => codeSent('sms', attempt),
      totp: () => codeOf({ seed }, world.clock.now()),
      passkey: () => (options === undefined ? '' : (device?.get(String(options)) ?? '')),
      questions: () => (questions as readonly string[]).map((name) => rememberedOf(login, name)).join('\n'),
      'recovery-code': () => printed[done.proofs.filter((proof) => proof === 'recovery-code').length] ?? '',
      pass: () => pass,
      colleague: () => codeApproved(attempt),
    };
    return answers[method]() || '00000000';
  }

  async function choose(token: string, method: MethodName): Promise<void> {
    await reset.choose(token, method);
    await world.deferral.drain();
    noteMail(token);
  }

  async function answerRight(cookie: Cookie, method: MethodName): Promise<void> {
    const token = shown(cookie);
    const told = toldBy(token);
    const typed = await rightAnswer(token, method);
    const waiting = world.attempts.byToken(token)?.steps.findLast(({ kind }) => kind === 'chosen') as { method?: MethodName } | undefined;
    const judged = await reset.answer(token, typed);
    if (isRefusal(judged)) return;
    assert.is(waiting?.method, method, 'another method’s answer was right');
    const sent = codes.get(typed);
    if (sent) assert.equal(sent, { attempt: told?.attempt, method }, 'another attempt’s code was right');
    gain(cookie.browser, judged.token, method);
  }

  async function end(token: string, act: 'complete' | 'unlock'): Promise<void> {
    const told = toldBy(token);
    const policy = policyNow();
    const before = passwords();
    const locks = logins.map((login) => world.credential(login).lockedAt).join();
    const typed = { password: `correct horse battery ${visits}`, again: `correct horse battery ${visits}` };
    const written = act === 'complete' ? await reset.complete(token, typed) : await reset.unlock(token);
    const isDone = !isRefusal(written) && written.kind === 'done';
    if (!isDone) {
      assert.is(passwords(), before);
      assert.is(logins.map((login) => world.credential(login).lockedAt).join(), locks);
      return;
    }
    assert.ok(told, 'done in nobody’s attempt');
    assert.is(act, told.intention === 'reset' ? 'complete' : 'unlock');
    const counted = worth(told.login, [...told.proved], policy);
    assert.ok(counted >= asked(told.login, policy), `${[...told.proved]}: ${counted} of ${asked(told.login, policy)} gates`);
    assert.ok(isServed(told), 'not served at present');
    if (act === 'complete') done.set += 1;
    else done.unlocked += 1;
  }

  for (const request of requests) {
    world.clock.advance(31 * second);
    visits += 1;
    if (request.kind === 'identify') {
      const { login, intention, browser } = request;
      const address = `192.0.2.${browser + 1}`;
      const opened = await reset.identify({ login, intention, address, language: 'en', supportCode: `CODE-${visits}` });
      if (isRefusal(opened)) continue;
      cookies[browser].push(opened.token);
      await world.deferral.drain();
      const attempt = world.attempts.byToken(opened.token)?.id ?? -1;
      if (login !== 'eve') attempts.set(attempt, { attempt, login, intention, proved: new Set() });
    } else if (request.kind === 'decide') world.decide(decisions[request.decision] ?? {});
    else if (request.kind === 'follow') {
      const { mail } = cast[request.login];
      const sent = world.mail.findLast(({ kind, to }) => kind === 'reset-code' && to === mail);
      const secret = (sent?.variables as { link?: string } | undefined)?.link?.split('/').at(-1) ?? 'none';
      const followed = await reset.followLink(secret);
      if (isRefusal(followed)) continue;
      assert.is(links.get(secret), toldBy(followed.token)?.attempt);
      gain(request.browser, followed.token, 'email');
    } else if (request.kind === 'suspend') suspend(request);
    else if (request.kind === 'choose') await choose(shown(request.cookie), request.method);
    else if (request.kind === 'right') await answerRight(request.cookie, request.method);
    else if (request.kind === 'go on') {
      await choose(shown(request.cookie), request.method);
      await answerRight(request.cookie, request.method);
    } else if (request.kind === 'wrong') assert.ok(isRefusal(await reset.answer(shown(request.cookie), '99999999')));
    else if (request.kind === 'cancel') reset.cancel(shown(request.cookie));
    else if (request.kind === 'show') await reset.show(shown(request.cookie));
    else if (request.kind === 'finish')
      await end(shown(request.cookie), toldBy(shown(request.cookie))?.intention === 'unlock' ? 'unlock' : 'complete');
    else await end(shown(request.cookie), request.kind);
  }
  return done;
}

/** All that there is to hold, in the place of what the cast holds otherwise. */
async function giveAll(world: TestWorld, login: Login): Promise<Holding> {
  const account = world.people[login];
  for (const { id } of world.enrolments.of(account.id)) world.enrolments.remove(id);
  return give({ world, methods: world.methods, publicUrl }, { account, methods: methodNames, address: cast[login].mail });
}
const texts = createTexts();
const rememberedOf = (login: Login, question: string): string => memoryOf(login, texts.say('en', `question.${question}` as TextKey));

/** Both are staff, and both hold an app. */
const inForce = (policy: Policy): Policy => ({ ...policy, ...policy.profiles[0] });
const isAllowed = (login: Login, method: MethodName, { methods }: Policy): boolean =>
  methods.includes(method) && (login !== 'carol' || method !== 'questions');
const asked = (login: Login, { second_gate_when_stronger, gates }: Policy): number =>
  login === 'carol' || second_gate_when_stronger ? 2 : gates;

/** How many gates these proofs are. */
function worth(login: Login, proved: readonly MethodName[], policy: Policy): number {
  const counted = proved.filter((method) => isAllowed(login, method, policy));
  const isOneTooMany = counted.includes('email') && counted.includes('sms') && (login === 'carol' || !policy.mail_and_text_are_two);
  return counted.every((method) => method === 'questions') ? 0 : counted.length - (isOneTooMany ? 1 : 0);
}

const browser = fc.constantFrom<0 | 1>(0, 1);
const cookie: fc.Arbitrary<Cookie> = fc.record({
  browser,
  back: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(5) }),
});
const intention = fc.constantFrom<Intention>('reset', 'reset', 'unlock');
/** A few at a time, so that some come to an end; oftener those that count otherwise together. */
const fewMethods = fc.oneof(
  fc.constantFrom<MethodName[]>(['email', 'sms'], ['email', 'sms', 'questions'], ['questions', 'totp']),
  fc.subarray([...methodNames], { minLength: 2, maxLength: 4 }),
);
const begunWith = fc.record({ gates: fc.constantFrom(1, 2), mail_and_text_are_two: fc.boolean() });
const requestBy = (method: fc.Arbitrary<MethodName>): fc.Arbitrary<Request> =>
  fc.oneof(
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('identify'), browser, login: fc.constantFrom(...logins, 'eve'), intention }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('choose', 'right'), cookie, method }) },
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('go on'), cookie, method }) },
    { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('finish', 'finish', 'finish', 'complete', 'unlock'), cookie }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('wrong', 'cancel', 'show'), cookie }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('follow'), browser, login: fc.constantFrom(...logins) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('suspend'), login: fc.constantFrom(...logins), isSuspended: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('decide'), decision: fc.nat(decisions.length - 1) }) },
  ) as fc.Arbitrary<Request>;
const identified: fc.Arbitrary<Request> = fc.record({
  kind: fc.constant('identify'),
  browser,
  login: fc.constantFrom(...logins),
  intention,
});
const course = fewMethods.chain((few) =>
  fc
    .tuple(identified, fc.array(requestBy(fc.constantFrom(...few)), { minLength: 4, maxLength: 18 }))
    .map(([first, others]) => [first, ...others]),
);

test('no order of requests sets or unlocks anything without the gates that the policy asks at that moment', async () => {
  const all = { set: 0, unlocked: 0, proofs: [] as MethodName[] };
  await fc.assert(
    fc.asyncProperty(begunWith, course, async (begun, requests) => {
      const { set, unlocked, proofs } = await play(begun, requests);
      all.set += set;
      all.unlocked += unlocked;
      all.proofs.push(...proofs);
    }),
    { numRuns: 150, includeErrorInReport: true },
  );
  const isEnough = all.set > 2 && all.unlocked > 0 && methodNames.every((name) => all.proofs.includes(name));
  assert.ok(isEnough, `this has tried too little: ${JSON.stringify(all)}`);
});

/** What is decided in the middle, and how the very next requests show it. */
const tightened: readonly [string, Partial<Policy>][] = [
  ['gates raised', { gates: 2 }],
  ['gates raised for who holds an app', { second_gate_when_stronger: true }],
  ['gates raised by a profile', { profiles: [{ name: 'strict', groups: ['staff'], gates: 2 }] }],
  ['the method withdrawn', { methods: ['totp'] }],
  ['the method withdrawn by a profile', { profiles: [{ name: 'strict', groups: ['staff'], methods: ['totp'] }] }],
  ['scope narrowed', { scope: 'nobody' }],
  ['kept out', { scope_exclusions: ['staff'] }],
  ['no longer offered', { available_directory_people: ['change'] }],
  ['writeback off', { writeback: false }],
];
const moments = ['after the login', 'after choosing', 'after the proof'] as const;

async function upTo(moment: (typeof moments)[number], { world, reset }: { world: TestWorld; reset: PasswordReset }): Promise<string> {
  const typed = { login: 'alice', intention: 'reset', address: '192.0.2.1', language: 'en', supportCode: 'CODE' } as const;
  const opened = await reset.identify(typed);
  if (isRefusal(opened)) throw new Error(opened.key);
  await world.deferral.drain();
  if (moment === 'after the login') return opened.token;
  await reset.choose(opened.token, 'email');
  await world.deferral.drain();
  if (moment === 'after choosing') return opened.token;
  const proved = await reset.answer(opened.token, world.codeFromMail(cast.alice.mail));
  if (isRefusal(proved)) throw new Error(proved.key);
  return proved.token;
}

for (const [what, decision] of tightened)
  for (const moment of moments)
    test(`${what}, ${moment}: obeyed at the next request`, async () => {
      const world = await testWorld({ policy: { second_gate_when_stronger: false } });
      const reset = passwordReset(world);
      let token = await upTo(moment, { world, reset });
      const mails = world.mail.filter(({ kind }) => kind === 'reset-code').length;
      world.decide(decision);
      const isStillServed = what.startsWith('gates raised');
      if (moment === 'after the login') {
        await reset.choose(token, 'email');
        await world.deferral.drain();
        assert.is(world.mail.filter(({ kind }) => kind === 'reset-code').length, isStillServed ? mails + 1 : mails);
      }
      if (moment !== 'after the proof') {
        const sent = world.mail.findLast(({ kind }) => kind === 'reset-code');
        const judged = await reset.answer(token, (sent?.variables as { code?: string } | undefined)?.code ?? '00000000');
        assert.is(isRefusal(judged), !isStillServed);
        if (!isRefusal(judged)) token = judged.token;
      }
      const place = (await reset.show(token))?.place;
      const isWithdrawn = what.startsWith('gates raised') || what.startsWith('the method');
      if (moment === 'after the proof') assert.is(place, isWithdrawn ? 'method' : 'password');
      const written = await reset.complete(token, { password: 'correct horse battery', again: 'correct horse battery' });
      assert.ok(isRefusal(written), what);
      assert.is(world.credential('alice').hash, cast.alice.password);
    });

test('gates raised while the home is being asked are counted before anything is set', async () => {
  const world = await testWorld({ policy: { second_gate_when_stronger: false } });
  const slow = (account: Account): Passwords => ({
    ...world.passwordsFor(account),
    async status() {
      const status = await world.passwordsFor(account).status();
      if (isThere) world.decide({ gates: 2 });
      return status;
    },
  });
  let isThere = false;
  const reset = passwordReset({ ...world, passwordsFor: slow });
  const token = await upTo('after the proof', { world, reset });
  isThere = true;
  const written = await reset.complete(token, { password: 'correct horse battery', again: 'correct horse battery' });
  assert.is(isRefusal(written) && written.key, 'attempt.gates-open');
  assert.is(world.credential('alice').hash, cast.alice.password);
});

test.run();
