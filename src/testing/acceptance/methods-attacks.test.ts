/** Every method attacked through the doors: what is wrong, old, used, somebody else's, from elsewhere, too often, at once or out of order opens nothing. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { EnrolmentStart } from '../../methods/method.ts';
import { isRefusal } from '../../rules/refusal.ts';
import { hour, minute, second } from '../../rules/time.ts';
import { type MethodName, methodNames } from '../../rules/vocabulary.ts';
import type { Browser } from '../browser.ts';
import { cast } from '../cast.ts';
import { codeOf, give, passLife } from '../holdings.ts';
import { type Fields, type MethodDesk, openMethodDesk } from '../method-desk.ts';

const test = suite('attacks on the methods');
const password = 'correct horse battery';

/** The same attack on each of these methods, each in a world of its own. */
function attack(name: string, against: readonly MethodName[], run: (desk: MethodDesk, method: MethodName) => Promise<void>): void {
  for (const method of against)
    test(`${name}: ${method}`, async () => {
      const desk = await openMethodDesk();
      await run(desk, method).finally(desk.close);
    });
}
const all = methodNames;
const allBut = (...these: readonly MethodName[]): MethodName[] => all.filter((method) => !these.includes(method));

const wrong: Readonly<Record<MethodName, Fields>> = {
  email: { answer: '00000000' },
  sms: { answer: '000000' },
  totp: { answer: '000000' },
  passkey: { answer: '{}' },
  questions: { answer_1: 'what', answer_2: 'never', answer_3: 'was' },
  'recovery-code': { answer: '0-0000-0000-0000-0' },
  pass: { answer: '000000000000' },
  colleague: { answer: '00000000' },
};

const answer = (desk: MethodDesk, at: Browser, fields: Fields): Promise<Browser> => desk.post(at, '/reset/answer', fields);

async function staysShut(desk: MethodDesk, at: Browser, method: MethodName, why?: string): Promise<void> {
  assert.is(await desk.isOpened(at, method), false, why);
  await setsNothing(desk, at);
}

/** Whatever the browser was told, a new password is not taken from it. */
async function setsNothing(desk: MethodDesk, at: Browser): Promise<void> {
  const { hash } = desk.world.credential('alice');
  for (const path of ['/reset/password', '/reset/unlock'])
    await desk.post(await at.open('/reset/help'), path, { password, password_again: password });
  assert.is(desk.world.credential('alice').hash, hash);
}

attack('what is wrong opens nothing, and what is right does', all, async (desk, method) => {
  const at = await desk.atAnswer('alice', method);
  const right = await desk.right('alice', method, at);
  await answer(desk, at, wrong[method]);
  assert.match(at.text(), /does not fit/);
  await answer(desk, at, { answer: '' });
  await staysShut(desk, at, method);
  await answer(desk, await desk.choose(at, method), right);
  assert.is(await desk.isOpened(at, method), true);
  await setsNothing(desk, at);
});

/** How long after it was asked for it is good no more; for what is good for longer than an attempt, the attempt's own end. */
const lives: Readonly<Record<MethodName, number>> = {
  email: 10 * minute,
  sms: 5 * minute,
  totp: minute,
  colleague: 10 * minute,
  pass: minute,
  ...{ passkey: 15 * minute, questions: 15 * minute, 'recovery-code': 15 * minute },
};

attack('what is too old opens nothing', all, async (desk, method) => {
  if (method === 'pass') desk.world.clock.advance(passLife - minute);
  const at = await desk.atAnswer('alice', method);
  const right = await desk.right('alice', method, at);
  desk.world.clock.advance(lives[method]);
  await answer(desk, at, right);
  await staysShut(desk, at, method);
});

attack('a moment before it is too old it opens', all, async (desk, method) => {
  if (method === 'pass') desk.world.clock.advance(passLife - minute);
  const at = await desk.atAnswer('alice', method);
  const right = await desk.right('alice', method, at);
  desk.world.clock.advance(method === 'totp' ? 30 * second - 1 : lives[method] - 1);
  await answer(desk, at, right);
  assert.is(await desk.isOpened(at, method), true);
});

/** An answer to a question is a memory: it is right whenever the question comes. */
attack('what has opened a gate once opens no other', allBut('questions'), async (desk, method) => {
  const at = await desk.atAnswer('alice', method);
  const right = await desk.right('alice', method, at);
  await answer(desk, at, right);
  assert.is(await desk.isOpened(at, method), true);
  const again = await desk.atAnswer('alice', method);
  await answer(desk, again, right);
  await staysShut(desk, again, method);
});

attack('the cookie from before the proof is good for nothing after it', all, async (desk, method) => {
  const at = await desk.atAnswer('alice', method, '10.1.1.1');
  const thief = desk.browser('10.1.1.1');
  for (const [name, value] of at.cookies) thief.cookies.set(name, value);
  const right = await desk.right('alice', method, at);
  await answer(desk, at, right);
  await answer(desk, await thief.open('/reset/help'), right);
  await staysShut(desk, thief, method);
  assert.is(await desk.isOpened(at, method), true, 'its owner goes on');
});

attack('what is right for somebody else opens nothing here', all, async (desk, method) => {
  const his = await desk.atAnswer('bob', method);
  const right = await desk.right('bob', method, his);
  const hers = await desk.atAnswer('alice', method);
  await answer(desk, hers, right);
  await staysShut(desk, hers, method);
  await answer(desk, his, right);
  assert.is(await desk.isOpened(his, method), true, 'and was not spent by that');
});

/** An app, a sheet of codes and a pass belong to the person and not to an attempt: they are good once, wherever. */
attack(
  'what belongs to another attempt opens nothing here',
  ['email', 'sms', 'passkey', 'questions', 'colleague'],
  async (desk, method) => {
    const first = await desk.atAnswer('alice', method);
    const right = await desk.right('alice', method, first);
    const second = await desk.atAnswer('alice', method);
    await answer(desk, second, right);
    await staysShut(desk, second, method);
  },
);

attack('what is right for another method opens nothing here', all, async (_desk, method) => {
  for (const other of allBut(method)) {
    const desk = await openMethodDesk();
    const at = await desk.atAnswer('alice', other);
    const right = Object.values(await desk.right('alice', other, at));
    await desk.choose(at, method);
    const lines = Object.fromEntries(right.map((line, nth) => [`answer_${nth + 1}`, line]));
    await answer(desk, at, method === 'questions' ? lines : { answer: right.join('\n') });
    await staysShut(desk, at, method, other);
    await desk.close();
  }
});

/** Of the same kind, but made for another door, or no longer in force. */
const elsewhere: Readonly<Partial<Record<MethodName, (desk: MethodDesk, at: Browser) => Promise<string>>>> = {
  async email(desk) {
    await begin(desk, 'email', { address: 'alice@elsewhere.example.net' });
    return desk.world.codeFromMail('alice@elsewhere.example.net');
  },
  async sms(desk) {
    await begin(desk, 'sms', { number: '+447400123456' });
    return desk.world.codeFromText('+447400123456');
  },
  async totp(desk) {
    const { seed } = await begin(desk, 'totp');
    return codeOf({ seed: String(seed).replaceAll(' ', '') }, desk.world.clock.now());
  },
  async passkey({ held, world }) {
    const question = world.methods.get('passkey')?.ask?.({ binding: 'session 1 0', loginDigest: '', challenge: null });
    return held('alice').device?.get(String(question?.options)) ?? '';
  },
  async 'recovery-code'(desk) {
    await begin(desk, 'recovery-code');
    return desk.held('alice').codes[0] ?? '';
  },
  async pass({ held, site, world }) {
    await give(site, { account: world.people.alice, methods: ['pass'], address: '' });
    return held('alice').pass;
  },
};
const begin = async ({ world }: MethodDesk, method: MethodName, form: Fields = {}): Promise<EnrolmentStart> => {
  const enrolling = { account: world.people.alice, session: 1, held: [], language: 'en', at: world.clock.now() };
  const begun = await world.methods.get(method)?.enrolment?.begin({ ...enrolling, form });
  if (begun === undefined || isRefusal(begun)) throw new Error(`${method} cannot be begun`);
  return begun;
};

attack('what was made for another door, or is replaced, opens nothing', Object.keys(elsewhere) as MethodName[], async (desk, method) => {
  const at = await desk.atAnswer('alice', method);
  await answer(desk, at, { answer: (await elsewhere[method]?.(desk, at)) ?? '' });
  await staysShut(desk, at, method);
});

test('the secret of the mailed link is no code, and the code is no link', async () => {
  const desk = await openMethodDesk();
  const at = await desk.atAnswer('alice', 'email');
  const code = desk.world.codeFromMail(cast.alice.mail);
  await answer(desk, at, { answer: desk.world.linkFromMail(cast.alice.mail) });
  await staysShut(desk, at, 'email');
  await desk.post(await at.open('/reset/help'), `/reset/code/${code}`, {});
  await staysShut(desk, at, 'email');
  await desk.close();
});

attack('the sixth try is wrong even when it is right, here and elsewhere, until the hour is over', all, async (desk, method) => {
  const at = await desk.atAnswer('alice', method);
  const right = await desk.right('alice', method, at);
  for (let tries = 0; tries < 5; tries += 1) await answer(desk, at, wrong[method]);
  await answer(desk, at, right);
  await staysShut(desk, at, method, 'here');
  const other = await desk.atAnswer('alice', method);
  await answer(desk, other, await desk.right('alice', method, other));
  await staysShut(desk, other, method, 'in another attempt from another network');
  const neighbour = await desk.atAnswer('bob', method);
  await answer(desk, neighbour, await desk.right('bob', method, neighbour));
  assert.is(await desk.isOpened(neighbour, method), true, 'somebody else is not held up');
  if (method === 'pass') return; // it has ended by then
  desk.world.clock.advance(hour + minute);
  const later = await desk.atAnswer('alice', method);
  await answer(desk, later, await desk.right('alice', method, later));
  assert.is(await desk.isOpened(later, method), true);
});

/** As many as come, not one more than five is looked at: the right one comes last. */
attack('of twenty tries at once five count', all, async (desk, method) => {
  const at = await desk.atAnswer('alice', method);
  const right = await desk.right('alice', method, at);
  await atOnce(desk, at, [...Array<Fields>(19).fill(wrong[method]), right]);
  await staysShut(desk, at, method);
});

attack('the right answer sent ten times at once opens one gate, for one of them', all, async (desk, method) => {
  const at = await desk.atAnswer('alice', method);
  const right = await desk.right('alice', method, at);
  const cookies = await atOnce(desk, at, Array<Fields>(10).fill(right));
  assert.is(cookies.filter((cookie) => cookie !== undefined).length, 1);
  assert.is(await desk.isOpened(at, method), true);
  await setsNothing(desk, at);
});

/** Each sent before any is answered; the new cookie of those that got one. */
async function atOnce({ world }: MethodDesk, at: Browser, tries: readonly Fields[]): Promise<(string | undefined)[]> {
  const { csrf = '' } = at.forms().find(({ fields }) => 'csrf' in fields)?.fields ?? {};
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const sent = tries.map((fields) => at.send('POST', '/reset/answer', { headers, body: String(new URLSearchParams({ csrf, ...fields })) }));
  const answers = await Promise.all(sent);
  await world.deferral.drain();
  return answers.map(({ headers }) => headers['set-cookie']?.find((cookie) => /attempt=/.test(cookie)));
}

attack('what is good once is good in one of two attempts at once', ['totp', 'recovery-code', 'pass'], async (desk, method) => {
  const both = [await desk.atAnswer('alice', method), await desk.atAnswer('alice', method)] as const;
  const right = await desk.right('alice', method, both[0]);
  await Promise.all(both.map((at) => answer(desk, at, right)));
  const opened = await Promise.all(both.map((at) => desk.isOpened(at, method)));
  assert.equal(opened.toSorted(), [false, true]);
});

attack('no step is skipped', all, async (desk, method) => {
  const at = await desk.browser().open('/reset');
  await setsNothing(desk, at);
  await at.open('/reset');
  await at.submit({ login: 'alice' });
  await setsNothing(desk, at);
  await answer(desk, await at.open('/reset'), wrong[method]);
  assert.is(await desk.isOpened(at, method), false, 'answered before any way was chosen');
  await desk.choose(at, method);
  await setsNothing(desk, at);
  await at.open('/reset');
  const right = await desk.right('alice', method, at);
  await desk.choose(at, method === 'totp' ? 'email' : 'totp');
  await answer(desk, at, right);
  await staysShut(desk, at, method, 'answered after another way was chosen');
  await desk.world.deferral.drain();
  desk.world.clock.advance(10 * second);
  await answer(desk, await desk.choose(at, method), await desk.right('alice', method, await at.open('/reset')));
  assert.is(await desk.isOpened(at, method), true);
  await setsNothing(desk, at);
  const spent = await desk.post(await at.open('/reset?another=1'), '/reset/method', { method });
  assert.is(spent.status, 422, 'the same way is no second gate');
  await setsNothing(desk, at);
});

/** Three guesses in one form, and the right one among them. */
attack('several answers are not several tries', allBut('questions'), async (desk, method) => {
  const at = await desk.atAnswer('alice', method);
  const { answer: right = '' } = await desk.right('alice', method, at);
  const { answer: no = '' } = wrong[method];
  await answer(desk, at, { answer_1: no, answer_2: right, answer_3: no });
  await staysShut(desk, at, method);
  for (const tries of [`${no}\n${right}`, `${right} ${no}`, `${right},${no}`, `${right}\u0000${no}`]) {
    await answer(desk, at, { answer: tries });
    await staysShut(desk, at, method, tries);
  }
});

test('questions: some right, more than were asked, in another order, or all in one line', async () => {
  const tries: ((right: readonly string[]) => Fields)[] = [
    ([one = '', other = '']) => ({ answer_1: one, answer_2: other, answer_3: '' }),
    ([one = '', other = '']) => ({ answer_1: one, answer_2: other }),
    (right) => ({ ...numbered(right), answer_4: right[0] ?? '' }),
    (right) => numbered([...right.slice(1), right[0] ?? '']),
    (right) => numbered([right[0] ?? '', right[0] ?? '', right[0] ?? '']),
    (right) => ({ answer: right.join(' ') }),
    (right) => ({ answer_1: right.join('\n') }),
  ];
  for (const [nth, tried] of tries.entries()) {
    const desk = await openMethodDesk();
    const at = await desk.atAnswer('alice', 'questions');
    await answer(desk, at, tried(Object.values(await desk.right('alice', 'questions', at))));
    await staysShut(desk, at, 'questions', `try ${nth}`);
    await desk.close();
  }
});
const numbered = (lines: readonly string[]): Fields => Object.fromEntries(lines.map((line, nth) => [`answer_${nth + 1}`, line]));

attack('no field that is smuggled in sends anything elsewhere', ['email', 'sms', 'colleague'], async (desk, method) => {
  const mine = { address: 'eve@evil.example', mail: 'eve@evil.example', email: 'eve@evil.example', to: 'eve@evil.example' };
  const telephone = { number: '+447700900666', mobile: '+447700900666', phone: '+447700900666' };
  const smuggled = {
    ...mine,
    ...telephone,
    account: '2',
    approvers: 'eve',
    colleague: 'eve',
    label: 'eve@evil.example',
    destination: 'eve',
  };
  const at = await desk.browser().open('/reset');
  await desk.post(at, '/reset/identify', { ...smuggled, login: 'alice', intention: 'reset' });
  await desk.post(at, '/reset/method', { ...smuggled, method });
  await desk.world.deferral.drain();
  const right = await desk.right('alice', method, at);
  await answer(desk, at, { ...smuggled, ...right });
  const known = [cast.alice.mail, desk.held('alice').number, cast.laura.mail];
  assert.ok(desk.world.mail.length > 0);
  const strange = desk.world.mail.filter(({ to, kind }) => kind !== 'pass-issued' && !known.includes(to));
  assert.equal(strange, []);
  assert.is(await desk.isOpened(at, method), true);
});

test.run();
