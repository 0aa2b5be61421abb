/** Codes by mail, attacked: wrong, late, used, another's, guessed, all at once; and addresses that must not be registered. */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isRefusal } from '../rules/refusal.ts';
import { minute } from '../rules/time.ts';
import { type CastName, cast } from '../testing/cast.ts';
import { type TestWorld, testWorld } from '../testing/world.ts';
import { digitsOf } from './contact.ts';
import type { Challenge, Enrolling, Enrollable } from './method.ts';

const test = suite('codes by mail');
const ownDomains = ['office.example', 'München.example'];

async function desk(options: Parameters<typeof testWorld>[0] = {}) {
  const world = await testWorld({ ownDomains, ...options });
  return { world, email: world.methods.get('email') as Enrollable };
}
function challengeTo(world: TestWorld, name: CastName = 'alice', token = 'cookie'): Challenge {
  const at = world.clock.now();
  const account = world.people[name];
  const attempt =
    world.attempts.byToken(token) ??
    world.attempts.open({
      token,
      supportCode: token,
      intention: 'reset',
      login: name,
      address: '',
      language: 'en',
      at,
      expiresAt: at + 15 * minute,
    });
  return {
    account,
    enrolments: world.enrolments.of(account.id).filter(({ method }) => method === 'email'),
    attempt,
    binding: `attempt ${attempt.id}`,
    language: 'en',
    at,
  };
}
/** A challenge that was sent, and its code. */
async function sent({ world, email }: Awaited<ReturnType<typeof desk>>, name: CastName = 'alice', token = 'cookie') {
  const challenge = challengeTo(world, name, token);
  email.send?.(challenge);
  return { challenge, code: world.codeFromMail(cast[name].mail) };
}
const keyOf = (value: unknown): string => (isRefusal(value) ? (value as { key: string }).key : 'done');

test('the mailed code is right, once', async () => {
  const door = await desk();
  const { challenge, code } = await sent(door);
  assert.match(code, /^\d{8}$/);
  assert.equal([await door.email.judge(challenge, code), await door.email.judge(challenge, code)], ['right', 'wrong']);
});

test('it may be typed in groups, pasted with spaces, or in full-width digits', async () => {
  for (const typed of [
    (code: string) => `${code.slice(0, 4)} ${code.slice(4)}`,
    (code: string) => ` ${code}\n`,
    (code: string) => code.replace(/(..)/g, '$1-'),
  ]) {
    const door = await desk();
    const { challenge, code } = await sent(door);
    assert.is(await door.email.judge(challenge, typed(code)), 'right');
  }
  assert.is(digitsOf('１２３４ 5678'), '12345678');
});

test('wrong, late, empty, of another attempt or another account: wrong', async () => {
  const door = await desk();
  const { world, email } = door;
  const { challenge, code } = await sent(door);
  assert.is(await email.judge(challenge, ''), 'wrong');
  assert.is(await email.judge(challenge, String((Number(code) + 1) % 1e8).padStart(8, '0')), 'wrong');
  assert.is(await email.judge(challengeTo(world, 'alice', 'another attempt'), code), 'wrong');
  assert.is(await email.judge(challengeTo(world, 'carol', 'carol'), code), 'wrong');
  assert.is(await email.judge({ ...challenge, account: world.people.carol }, code), 'wrong', 'another account in the same attempt');
  assert.is(await email.judge({ ...challenge, at: challenge.at + 10 * minute }, code), 'wrong', 'at its end');
  assert.is(await email.judge({ ...challenge, at: challenge.at + 10 * minute - 1 }, code), 'right');
});

test('the sixth try is wrong, whatever is typed', async () => {
  const door = await desk();
  const { challenge, code } = await sent(door);
  for (let tries = 0; tries < 5; tries += 1) assert.is(await door.email.judge(challenge, 'nonsense'), 'wrong');
  assert.is(await door.email.judge(challenge, code), 'wrong');
});

test('a hundred tries at once are five tries, and the right code at once passes once', async () => {
  const guessed = await desk();
  const { challenge, code } = await sent(guessed);
  const guesses = Array.from({ length: 100 }, (_unused, index) => guessed.email.judge(challenge, String(index).padStart(8, '0')));
  assert.ok((await Promise.all(guesses)).every((judgement) => judgement === 'wrong'));
  assert.is(await guessed.email.judge(challenge, code), 'wrong');
  const raced = await desk();
  const race = await sent(raced);
  const judged = await Promise.all(Array.from({ length: 10 }, () => raced.email.judge(race.challenge, race.code)));
  assert.is(judged.filter((judgement) => judgement === 'right').length, 1);
});

test('a new code ends the old one, and its link', async () => {
  const door = await desk();
  const first = await sent(door);
  const link = door.world.linkFromMail(cast.alice.mail);
  const second = await sent(door);
  assert.is(door.world.tokens.find('reset link', link, door.world.clock.now()), null);
  assert.is(await door.email.judge(first.challenge, first.code), 'wrong');
  assert.is(await door.email.judge(second.challenge, second.code), 'right');
});

test('the right code ends the link beside it', async () => {
  const door = await desk();
  const { challenge, code } = await sent(door);
  const link = door.world.linkFromMail(cast.alice.mail);
  assert.ok(door.world.tokens.find('reset link', link, door.world.clock.now()));
  await door.email.judge(challenge, code);
  assert.is(door.world.tokens.find('reset link', link, door.world.clock.now()), null);
});

test('no code outlives its attempt', async () => {
  const door = await desk();
  challengeTo(door.world);
  door.world.clock.advance(10 * minute);
  const { challenge, code } = await sent(door);
  const [mail] = door.world.mail;
  assert.equal([mail?.expiresAt, mail?.variables], [challenge.at + 5 * minute, { ...mail?.variables, minutes: 5 }]);
  assert.is(await door.email.judge({ ...challenge, at: challenge.at + 5 * minute }, code), 'wrong');
});

test('a stranger’s answer is wrong, and so is one to nothing that was sent', async () => {
  const { world, email } = await desk();
  assert.equal([await email.judge(null, '12345678'), await email.judge(challengeTo(world), '12345678')], ['wrong', 'wrong']);
  assert.is(await email.judge({ ...challengeTo(world), attempt: null }, ''), 'wrong', 'outside an attempt');
});

test('it goes to the preferred address, else the first; to the directory’s only where policy takes that for a proof', async () => {
  const { world, email } = await desk();
  const { alice, bob } = world.people;
  const second = world.enrolments.add({ account: alice.id, method: 'email', label: 'second@home.example.net', secret: '', at: 1 });
  email.send?.(challengeTo(world));
  world.enrolments.prefer(alice.id, second.id);
  email.send?.(challengeTo(world));
  email.send?.(challengeTo(world, 'bob', 'bob'));
  world.decide({ directory_mail_is_proof: true });
  email.send?.(challengeTo(world, 'bob', 'bob'));
  assert.equal(
    world.mail.map(({ to }) => to),
    [cast.alice.mail, 'second@home.example.net', bob.mail],
  );
});

test('nothing goes to an address that has become the office’s own, nor to such a one of the directory', async () => {
  const { world, email } = await desk({ policy: { directory_mail_is_proof: true } });
  const { alice } = world.people;
  const add = (label: string) => world.enrolments.add({ account: alice.id, method: 'email', label, secret: '', at: 1 });
  world.enrolments.removeAll(alice.id, 'email');
  const own = add('alice@mail.office.example');
  world.enrolments.prefer(alice.id, own.id);
  for (const mail of ['alice@OFFICE.example', 'alice@office.example.', 'alice@MÜNCHEN.example', 'no domain @ all', null])
    email.send?.({ ...challengeTo(world), account: { ...alice, mail } });
  assert.equal(world.mail, []);
  email.send?.(challengeTo(world));
  add('alice@private.example.net');
  email.send?.(challengeTo(world));
  world.decide({ mail_in_own_domains: true });
  email.send?.(challengeTo(world));
  assert.equal(
    world.mail.map(({ to }) => to),
    [alice.mail, 'alice@private.example.net', 'alice@mail.office.example'],
  );
});

test('nothing but its own message holds the code', async () => {
  const door = await desk();
  const { code } = await sent(door);
  const { db } = door.world;
  db.$client.exec('DELETE FROM outbox; VACUUM');
  assert.not.ok(db.$client.serialize().toString('latin1').includes(code));
});

// ---- registering an address

const enrolling = (world: TestWorld, form: Record<string, string>, name: CastName = 'bob'): Enrolling => ({
  account: world.people[name],
  session: 1,
  form,
  held: world.enrolments.of(world.people[name].id).filter(({ method }) => method === 'email'),
  language: 'en',
  at: world.clock.now(),
});
const mine = 'bob@private.example.net';

test('an address counts once its code came back', async () => {
  const { world, email } = await desk();
  const settled: string[] = [];
  assert.equal(await email.enrolment.begin(enrolling(world, { address: ` ${mine} ` })), { address: mine });
  assert.equal(await email.enrolment.resume(enrolling(world, {})), { address: mine });
  assert.is(world.enrolments.of(world.people.bob.id).length, 0);
  const added = await email.enrolment.finish({
    ...enrolling(world, { answer: world.codeFromMail(mine) }),
    settle: ({ label }) => settled.push(label),
  });
  assert.equal([isRefusal(added), world.enrolments.of(world.people.bob.id).map(({ label }) => label), settled], [false, [mine], [mine]]);
  assert.is(await email.enrolment.resume(enrolling(world, {})), null);
  assert.is(keyOf(await email.enrolment.finish(enrolling(world, { answer: world.codeFromMail(mine) }))), 'method.code-wrong', 'once');
});

test('a wrong, late, sixth or another person’s code registers nothing', async () => {
  const { world, email } = await desk();
  await email.enrolment.begin(enrolling(world, { address: mine }));
  const answer = world.codeFromMail(mine);
  assert.is(keyOf(await email.enrolment.finish(enrolling(world, { answer }, 'dave'))), 'method.code-wrong');
  assert.is(
    keyOf(await email.enrolment.finish({ ...enrolling(world, { answer }), at: world.clock.now() + 10 * minute })),
    'method.code-wrong',
  );
  for (let tries = 0; tries < 5; tries += 1)
    assert.is(keyOf(await email.enrolment.finish(enrolling(world, { answer: 'x' }))), 'method.code-wrong');
  assert.is(keyOf(await email.enrolment.finish(enrolling(world, { answer }))), 'method.code-wrong');
  assert.equal(
    [world.people.bob, world.people.dave].map(({ id }) => world.enrolments.of(id).filter(({ label }) => label === mine).length),
    [0, 0],
  );
});

test('another session of the same account neither sees the address nor ends it nor uses up its tries', async () => {
  const { world, email } = await desk();
  await email.enrolment.begin(enrolling(world, { address: mine }));
  const answer = world.codeFromMail(mine);
  const elsewhere = { ...enrolling(world, { answer }), session: 2 };
  assert.is(await email.enrolment.resume(elsewhere), null);
  for (let tries = 0; tries < 5; tries += 1) assert.is(keyOf(await email.enrolment.finish(elsewhere)), 'method.code-wrong');
  assert.equal(await email.enrolment.resume(enrolling(world, {})), { address: mine });
  assert.is(keyOf(await email.enrolment.finish(enrolling(world, { answer }))), 'done');
});

test('a code of a reset registers nothing, and a code of a registration resets nothing', async () => {
  const door = await desk();
  const { code, challenge } = await sent(door);
  await door.email.enrolment.begin(enrolling(door.world, { address: 'new@private.example.net' }, 'alice'));
  const contact = door.world.codeFromMail('new@private.example.net');
  assert.is(await door.email.judge(challenge, contact), 'wrong');
  assert.is(keyOf(await door.email.enrolment.finish(enrolling(door.world, { answer: code }, 'alice'))), 'method.code-wrong');
});

test('what cannot be told or stored together is undone together', async () => {
  const { world, email } = await desk();
  await email.enrolment.begin(enrolling(world, { address: mine }));
  const answer = world.codeFromMail(mine);
  const settle = () => {
    throw new Error('the journal is full');
  };
  await email.enrolment.finish({ ...enrolling(world, { answer }), settle }).then(
    () => assert.unreachable(),
    () => undefined,
  );
  assert.is(world.enrolments.of(world.people.bob.id).length, 0);
  assert.not.ok(isRefusal(await email.enrolment.finish(enrolling(world, { answer }))), 'the code is not spent either');
});

test('two addresses at most, each once', async () => {
  const { world, email } = await desk();
  assert.is(
    keyOf(await email.enrolment.begin(enrolling(world, { address: cast.alice.mail.toUpperCase() }, 'alice'))),
    'method.already-registered',
  );
  world.enrolments.add({ account: world.people.alice.id, method: 'email', label: 'second@home.example.net', secret: '', at: 1 });
  assert.is(keyOf(await email.enrolment.begin(enrolling(world, { address: 'third@home.example.net' }, 'alice'))), 'method.too-many');
});

test('what is no address is said to be none', async () => {
  const { world, email } = await desk();
  const bad = [
    '',
    'bob',
    'bob@',
    '@example.net',
    'bob@localhost',
    'bob@example',
    'a b@example.net',
    'bob@example.net\r\nBcc: eve@example.net',
    'bob@example.net, eve@example.net',
    'Bob <bob@example.net>',
    '"bob"@example.net',
    'bob@[192.0.2.1]',
    'bob@example..net',
    'bob@.example.net',
    'bob@example.net.',
    'bob@example.net/x',
    'bob@example.net?x=.org',
    'bob@192.0.2.300',
    `${'x'.repeat(250)}@example.net`,
    'bob@exam\u0000ple.net',
    'bob@@example.net',
    'a..b@example.net',
    '.a@example.net',
    'a.@example.net',
    'bob@-example.net',
    'bob@example-.net',
    `${'ü'.repeat(130)}@example.net`,
  ];
  for (const address of bad)
    assert.is(keyOf(await email.enrolment.begin(enrolling(world, { address }))), 'method.address-malformed', address);
  for (const address of [
    'bob@example.net',
    'b.o+b@mail.example.co.uk',
    'büro@grüße.example.net',
    'डाक@डाकघर.example',
    "o'hara@example.net",
  ])
    assert.is(keyOf(await email.enrolment.begin(enrolling(world, { address }))), 'done', address);
});

test('an address of the office itself is refused, however its domain is written, unless policy allows it', async () => {
  const { world, email } = await desk();
  const own = [
    'bob@office.example',
    'bob@OFFICE.Example',
    'bob@mail.office.example',
    'bob@ｏｆｆｉｃｅ.example',
    'bob@münchen.example',
    'bob@MÜNCHEN.example',
    'bob@xn--mnchen-3ya.example',
  ];
  for (const address of own) assert.is(keyOf(await email.enrolment.begin(enrolling(world, { address }))), 'method.own-domain', address);
  for (const address of ['bob@notoffice.example', 'bob@office.example.net'])
    assert.is(keyOf(await email.enrolment.begin(enrolling(world, { address }))), 'done', address);
  world.decide({ mail_in_own_domains: true });
  for (const address of own.slice(0, 3)) assert.is(keyOf(await email.enrolment.begin(enrolling(world, { address }))), 'done', address);
});

test('policy that closes while a code is out is obeyed', async () => {
  const { world, email } = await desk({ policy: { mail_in_own_domains: true } });
  await email.enrolment.begin(enrolling(world, { address: 'bob@office.example' }));
  world.decide({ mail_in_own_domains: false });
  assert.is(
    keyOf(await email.enrolment.finish(enrolling(world, { answer: world.codeFromMail('bob@office.example') }))),
    'method.own-domain',
  );
});

test('no text takes long to be judged an address', async () => {
  const { world, email } = await desk();
  await fc.assert(
    fc.asyncProperty(fc.stringMatching(/^[a@.\-\s]{0,200}$/), async (address) => {
      await email.enrolment.begin(enrolling(world, { address }));
    }),
    { numRuns: 200 },
  );
  const before = process.cpuUsage();
  await email.enrolment.begin(enrolling(world, { address: `a@${'a.'.repeat(50_000)}!` }));
  assert.ok(process.cpuUsage(before).user / 1000 < 1000);
});

test.run();
