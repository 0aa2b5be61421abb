/** Every method that people register for themselves, by one table: the fresh proof before, what it does to a reset, who is told, its removal. */

import { Secret, TOTP } from 'otpauth';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { currentPassword } from '../access/current-password.ts';
import type { Account } from '../rules/account.ts';
import { isRefusal, type Refusal } from '../rules/refusal.ts';
import { day, hour } from '../rules/time.ts';
import en from '../text/en.json' with { type: 'json' };
import { authenticator } from '../testing/authenticator.ts';
import { type TestWorld, testWorld } from '../testing/world.ts';
import type { Message, Session } from '../world.ts';
import { freshProof, type Person } from './fresh-proof.ts';
import { type Form, registration } from './registration.ts';

const test = suite('each method');

const methods = ['email', 'sms', 'totp', 'passkey', 'questions', 'recovery-code'] as const;
type Own = (typeof methods)[number];

async function desk() {
  const world = await testWorld({ texts: true, policy: { methods } });
  world.clock.advance(hour);
  const flow = registration({ ...world, current: currentPassword(world), ownDomains: [] });
  function signIn(account: Account, standing: Session['standing'] = 'full'): Person {
    const [at, token] = [world.clock.now(), world.random.token()];
    const session = world.sessions.start({ token, account: account.id, standing, address: '', device: '', at });
    return { account, session, address: '192.0.2.7', supportCode: 'ABCD-EFGH', language: 'en', at };
  }
  const now = (person: Person): Person => ({
    ...person,
    session: world.sessions.of(person.account.id).find(({ id }) => id === person.session.id) as Session,
    at: world.clock.now(),
  });
  return { world, flow, signIn, now };
}
type Desk = Awaited<ReturnType<typeof desk>>;

/** What is sent to begin, and the answer that ends it; null where it begins and ends at once. */
const ways: Record<Own, { form: () => Form; answer: ((world: TestWorld, shown: Readonly<Record<string, unknown>>) => string) | null }> = {
  email: { form: () => ({ address: 'new@private.example' }), answer: (world) => world.codeFromMail('new@private.example') },
  sms: { form: () => ({ number: '+44 7400 123123' }), answer: (world) => world.codeFromText('+447400123123') },
  totp: {
    form: () => ({}),
    answer: ({ clock }, { seed }) =>
      new TOTP({ secret: Secret.fromBase32(String(seed).replaceAll(' ', '')) }).generate({ timestamp: clock.now() }),
  },
  passkey: { form: () => ({}), answer: (world, { options }) => authenticator(world.publicUrl).create(String(options)) },
  questions: {
    form: () =>
      Object.fromEntries(
        [1, 2, 3, 4, 5].flatMap((nth) => [
          [`question_${nth}`, chosenAt(nth)],
          [`answer_${nth}`, `a thing ${nth}`],
        ]),
      ),
    answer: null,
  },
  'recovery-code': { form: () => ({ id: '0' }), answer: null },
};
const builtIn = Object.keys(en).filter((key) => key.startsWith('question.'));
const chosenAt = (nth: number): string => builtIn[nth]?.slice('question.'.length) ?? '';

/** Registers it to the end; a refusal is returned as its key. */
async function register({ world, flow }: Desk, person: Person, name: Own): Promise<string> {
  const begun = await flow.begin(person, name, ways[name].form());
  const { answer } = ways[name];
  if (isRefusal(begun) || answer === null) return isRefusal(begun) ? begun.key : begun.kind;
  const shown = await flow.waiting(person, name);
  if (isRefusal(shown) || shown === null) return 'nothing waits';
  const finished = await flow.finish(person, name, { answer: answer(world, shown), label: 'mine' });
  return isRefusal(finished) ? (finished as Refusal).key : 'stored';
}

const letters = ({ mail }: TestWorld, kind: Message['kind']): Message<'method-added'>[] =>
  mail.filter((message) => message.kind === kind) as Message<'method-added'>[];

for (const name of methods) {
  test(`${name}: nothing without a fresh proof, neither its beginning, its end nor its removal`, async () => {
    const office = await desk();
    const { world, flow, signIn, now } = office;
    const bob = signIn(world.people.bob);
    world.clock.advance(freshProof);
    assert.is(await register(office, now(bob), name), 'method.proof-needed');
    const fresh = signIn(world.people.bob);
    const { answer } = ways[name];
    if (answer) {
      await flow.begin(fresh, name, ways[name].form());
      const shown = await flow.waiting(fresh, name);
      const typed = { answer: answer(world, isRefusal(shown) ? {} : (shown ?? {})) };
      const late = { ...fresh, at: fresh.at + freshProof };
      assert.is(((await flow.finish(late, name, typed)) as Refusal).key, 'method.proof-needed');
    } else assert.is(await register(office, fresh, name), 'stored');
    const [held] = world.enrolments.of(fresh.account.id);
    assert.is(held === undefined, answer !== null);
    assert.is((flow.remove({ ...fresh, at: fresh.at + freshProof }, held?.id ?? 1) as Refusal).key, 'method.proof-needed');
  });

  test(`${name}: it is recorded and told with a way to say no, and so is its removal, whose effect is said before`, async () => {
    const office = await desk();
    const { world, flow, signIn, now } = office;
    const bob = signIn(world.people.bob);
    assert.is(await register(office, bob, name), 'stored');
    const { reach } = flow.overview(bob.account);
    // An app or a passkey asks for a second gate, and questions are never the only one.
    assert.is(reach.canReset, !['totp', 'passkey', 'questions'].includes(name));
    const [held] = world.enrolments.of(bob.account.id);
    const added = letters(world, 'method-added');
    assert.ok(added.length > 0 && added.every(({ variables }) => variables.method === name));
    assert.ok(added.some(({ to }) => to === 'bob@home.example.net'));
    const secretOf = ({ variables: { notMeLink } }: Message<'method-added'>) => notMeLink.slice(notMeLink.lastIndexOf('/') + 1);
    for (const letter of added) assert.ok(world.tokens.find('not me', secretOf(letter), bob.at + 7 * day - 1));
    for (const { variables } of added) assert.equal(Object.keys(variables).sort(), ['label', 'method', 'notMeLink']);

    assert.is(flow.removal(bob.account, held?.id ?? 0)?.effect, reach.canReset ? 'no reset' : 'none');
    assert.is(flow.remove(now(bob), held?.id ?? 0), 'removed');
    assert.ok(letters(world, 'method-removed').some(({ to }) => to === 'bob@home.example.net'));
    assert.equal(
      [...world.journal.rows()].filter(({ event }) => event === 'registration').map(({ detail, method }) => [detail, method]),
      [
        ['added', name],
        ['removed', name],
      ],
    );
    assert.equal(world.enrolments.of(bob.account.id), []);
  });

  test(`${name}: all that its pages say is there to be said`, () => {
    for (const key of [`method.${name}`, `method.${name}.hint`, `registration.again.${name}`, `registration.remove.${name}`])
      assert.ok(key in en, key);
    assert.ok(en['mail.method-added.text'].includes(` ${name.replace('-', '_')} {`));
    assert.ok(en['mail.method-removed.text'].includes(` ${name.replace('-', '_')} {`));
  });
}

test('staff who come to enrol a second step choose an app or a passkey, and nothing else', async () => {
  for (const name of methods) {
    const office = await desk();
    const { world, signIn } = office;
    world.enrolments.removeAll(world.people.carol.id, 'totp');
    world.accounts.setEnrolUntil(world.people.carol.id, world.clock.now() + day);
    const carol = signIn(world.people.carol, 'enrolment');
    const isStep = name === 'totp' || name === 'passkey';
    assert.is(await register(office, carol, name), isStep ? 'stored' : 'method.unknown', name);
    assert.is(world.sessions.of(carol.account.id)[0]?.standing, isStep ? 'full' : 'enrolment', name);
  }
});

test.run();
