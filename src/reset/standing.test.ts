/** What an account counts as holding when it stands before a gate. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { minute } from '../rules/time.ts';
import { testWorld } from '../testing/world.ts';
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

test.run();
