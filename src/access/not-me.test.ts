import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isRefusal } from '../rules/refusal.ts';
import { day } from '../rules/time.ts';
import { cast } from '../testing/cast.ts';
import { officeWorld } from '../testing/office-world.ts';
import { staffDoors } from '../web/staff-doors.ts';
import type { Message } from '../world.ts';
import { accessFlows } from './flows.ts';

const test = suite('this was not me');
const visit = { address: '192.0.2.1', supportCode: 'BDKF-RTWX' };

async function scene() {
  const world = await officeWorld({ policy: { helpdesk_address: 'helpdesk@example.com' } });
  const { clock, tokens, random, people, sessions, attempts } = world;
  const { notMe } = accessFlows(world);
  const at = clock.now();
  const issue = (purpose: 'not me' | 'setup' | 'reset link' = 'not me') => {
    const secret = random.token();
    tokens.issue({ purpose, secret, account: people.alice.id, attempt: null, at, expiresAt: at + 7 * day, tries: 1 });
    return secret;
  };
  const session = random.token();
  sessions.start({ token: session, account: people.alice.id, standing: 'full', address: '', device: '', at });
  const opened = attempts.open({
    token: random.token(),
    supportCode: 'X',
    intention: 'reset',
    login: 'alice',
    address: '',
    language: 'en',
    at,
    expiresAt: at + day,
  });
  attempts.identify(opened.id, people.alice.id, null);
  attempts.step(opened.id, { kind: 'passed', method: 'email', at });
  return { ...world, clock, notMe, issue, session, attempt: opened.id };
}

test('looking changes nothing, however often', async () => {
  const { notMe, issue, accounts, people, sessions, session, clock } = await scene();
  const secret = issue();
  for (let nth = 0; nth < 50; nth += 1) assert.ok(notMe.opens(secret));
  assert.is(accounts.byId(people.alice.id)?.suspendedAt, null);
  assert.ok(sessions.byToken(session, clock.now()));
});

test('the button ends sessions, attempts and links, suspends, and tells the helpdesk', async () => {
  const { notMe, issue, tokens, accounts, people, sessions, session, attempts, attempt, clock, journal, messages, office } = await scene();
  const [secret, other, reset] = [issue(), issue(), issue('reset link')];
  assert.is(notMe.report(secret, visit), 'reported');
  assert.is(accounts.byId(people.alice.id)?.suspendedAt, clock.now());
  assert.is(sessions.byToken(session, clock.now()), null);
  assert.is(attempts.byId(attempt)?.state, 'finished');
  assert.is(tokens.find('reset link', reset, clock.now()), null, 'what could still change something is spent');
  assert.ok(notMe.opens(other), 'another message’s link keeps its say');
  const [row] = journal.latest(1);
  assert.equal([row?.event, row?.account, row?.supportCode], ['not me', 'alice', visit.supportCode]);
  const [message, ...more] = messages();
  assert.equal([message?.kind, message?.to, more.length], ['not-me-received', 'helpdesk@example.com', 0]);
  const door = new URL((message as Message<'not-me-received'>).variables.blocksLink).pathname;
  assert.ok(
    staffDoors('helpdesk').some(({ path }) => path === door),
    'where the helpdesk can lift it',
  );
  assert.is(office.resident('alice').credential.hash, cast.alice.password, 'the directory is not touched');
});

test('pressed twice it acts once', async () => {
  const { notMe, issue, messages } = await scene();
  const secret = issue();
  notMe.report(secret, visit);
  const again = notMe.report(secret, visit);
  assert.is(isRefusal(again) && again.key, 'link.spent');
  assert.is(messages().length, 1);
});

test('tokens of other purposes, old ones and garbage open nothing and change nothing', async () => {
  const { notMe, issue, clock, accounts, people, journal } = await scene();
  const old = issue();
  const before = journal.latest(1)[0]?.seq ?? 0;
  for (const secret of [issue('setup'), issue('reset link'), '', 'garbage', 'x'.repeat(5000), 'a'.repeat(43)]) {
    assert.not.ok(notMe.opens(secret));
    assert.ok(isRefusal(notMe.report(secret, visit)));
  }
  clock.advance(7 * day);
  assert.not.ok(notMe.opens(old));
  assert.ok(isRefusal(notMe.report(old, visit)));
  assert.is(accounts.byId(people.alice.id)?.suspendedAt, null);
  assert.is(journal.latest(1)[0]?.seq ?? 0, before);
});

test('without a helpdesk address it acts all the same', async () => {
  const { notMe, issue, decide, messages, accounts, people } = await scene();
  decide({ helpdesk_address: '' });
  assert.is(notMe.report(issue(), visit), 'reported');
  assert.is(messages().length, 0);
  assert.ok(accounts.byId(people.alice.id)?.suspendedAt);
});

test.run();
