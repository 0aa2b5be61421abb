/** What an account counts as holding when it stands before a gate. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { minute } from '../rules/time.ts';
import { isRefusal } from '../rules/refusal.ts';
import { testWorld } from '../testing/world.ts';
import { passwordReset } from './reset.ts';
import { standings } from './standing.ts';

const test = suite('standing');

test('mail that is the office’s own opens no gate, registered or the directory’s; used up codes neither', async () => {
  const world = await testWorld({ ownDomains: ['office.example'], policy: { directory_mail_is_proof: true, open_about_accounts: true } });
  const at = world.clock.now();
  const account = world.accounts.createLocal({ login: 'own', name: '', mail: 'own@office.example', role: 'person', passwordHash: '', at });
  const { id } = account;
  const facts = { supportCode: '', intention: 'reset', login: 'own', address: '', language: 'en', at, expiresAt: at + minute } as const;
  const attempt = world.attempts.open({ token: 'cookie', ...facts });
  world.attempts.identify(attempt.id, id, null);
  const held = () => standings(world).standingShown(world.attempts.byId(attempt.id) ?? attempt).held;
  world.enrolments.add({ account: id, method: 'email', label: 'own@mail.office.example', secret: '', at });
  world.enrolments.add({ account: id, method: 'recovery-code', label: '', secret: '[null]', at });
  assert.equal(held(), []);
  world.enrolments.add({ account: id, method: 'email', label: 'own@private.example.net', secret: '', at });
  assert.equal(held(), ['email']);
  world.enrolments.removeAll(id, 'email');
  world.decide({ mail_in_own_domains: true });
  assert.equal(held(), ['email']);
});

test('whoever is left out is shown their own questions all the same, and gets no code and no right answer', async () => {
  const world = await testWorld({ policy: { methods: ['email', 'questions'] } });
  const ids = ['q01', 'q02', 'q03', 'q04', 'q05'];
  const form = Object.fromEntries(
    ids.flatMap((id, nth) => [
      [`question_${nth + 1}`, id],
      [`answer_${nth + 1}`, `answer to ${id}`],
    ]),
  );
  const about = { account: world.people.bob, session: 1, form, held: [], language: 'en', at: world.clock.now() };
  await world.methods.get('questions')?.enrolment?.begin(about);
  world.decide({ scope: 'nobody' });
  const reset = passwordReset(world);
  const opened = await reset.identify({ login: 'bob', intention: 'reset', address: '192.0.2.1', language: 'en', supportCode: 'left-out' });
  if (isRefusal(opened)) throw new Error(opened.key);
  assert.is(await reset.choose(opened.token, 'questions'), 'chosen');
  const sight = await reset.show(opened.token);
  const drawn = (sight?.question?.questions ?? []) as readonly string[];
  assert.is(drawn.length, 3);
  assert.equal(
    drawn.filter((id) => !ids.includes(id)),
    [],
  );
  assert.ok(isRefusal(await reset.answer(opened.token, drawn.map((id) => `answer to ${id}`).join('\n'))));
});

test.run();
