/** No request grows with the number of attempts, tokens, sessions, accounts or hits: each hot query goes by an index. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { limits } from '../rules/throttle.ts';
import { testWorld } from '../testing/world.ts';

const test = suite('query plans');

/** Every statement that the work runs, with its plan: taken from the driver, so that no query here can differ from the real one. */
async function plansOf(work: (world: Awaited<ReturnType<typeof testWorld>>) => void): Promise<string[]> {
  const statements = new Set<string>();
  const world = await testWorld();
  const client = world.db.$client;
  const spied = Object.getPrototypeOf(client.prepare('SELECT 1')) as Record<'run' | 'get' | 'all' | 'raw', (...args: unknown[]) => unknown>;
  const originals = { run: spied.run, get: spied.get, all: spied.all, raw: spied.raw };
  for (const verb of Object.keys(originals) as (keyof typeof originals)[])
    spied[verb] = function (this: { source: string }, ...args) {
      statements.add(this.source);
      return originals[verb].apply(this, args);
    };
  try {
    work(world);
  } finally {
    Object.assign(spied, originals);
  }
  return [...statements]
    .filter((statement) => /^(select|update|delete)/i.test(statement))
    .flatMap((statement) => {
      const holes = Array(statement.split('?').length - 1).fill(1);
      return (client.prepare(`EXPLAIN QUERY PLAN ${statement}`).all(...holes) as { detail: string }[]).map(
        ({ detail }) => `${detail}   <- ${statement}`,
      );
    });
}

const hot: Record<string, (world: Awaited<ReturnType<typeof testWorld>>) => void> = {
  'an attempt by its cookie': ({ attempts }) => attempts.byToken('garbage'),
  'an attempt and its steps by number': ({ attempts }) => attempts.byId(1),
  'opening and moving an attempt': ({ attempts, clock }) => {
    const at = clock.now();
    const { id } = attempts.open({
      token: 'x',
      supportCode: 'x',
      intention: 'reset',
      login: 'x',
      address: '',
      language: 'en',
      at,
      expiresAt: at + 1000,
    });
    attempts.identify(id, 1, null);
    attempts.step(id, { kind: 'another way', at });
    attempts.move(id, 'y');
    attempts.claim(id, at);
    attempts.release(id);
    attempts.extend(id, at + 2000);
    attempts.deny(id, at);
    attempts.finish(id, at);
  },
  'closing an account’s other attempts': ({ attempts }) => attempts.closeOthers(1, null, 1),
  'the attempts that ask a colleague': ({ attempts, clock }) => attempts.asking(1, clock.now()),
  'expiring attempts': ({ attempts, clock }) => attempts.expire(clock.now(), 100),
  'a token by its digest': ({ tokens, clock }) => tokens.find('reset link', 'garbage', clock.now()),
  'the live code of an account': ({ tokens, clock }) => tokens.live('reset code', 1, 1, clock.now()),
  'issuing, trying and spending a token': ({ tokens, clock }) => {
    const at = clock.now();
    const id = tokens.issue({ purpose: 'contact code', secret: 'x', account: 1, attempt: null, at, expiresAt: at + 1000, tries: 1 });
    tokens.matches(id, 'y');
    tokens.spend(id, at);
    tokens.spendAll(1, at);
    tokens.expire(at, 100);
  },
  'a session by its cookie': ({ sessions, clock }) => sessions.byToken('garbage', clock.now()),
  'an account’s sessions': ({ sessions, clock }) => {
    const { id } = sessions.start({ token: 'x', account: 1, standing: 'full', address: '', device: '', at: clock.now() });
    sessions.of(1);
    sessions.renew(id, { token: 'y', standing: 'full', at: clock.now() });
    sessions.end(id);
    sessions.endAll(1);
    sessions.expire(clock.now(), 100);
  },
  'counting, hitting and clearing a limit': ({ throttle, clock }) => {
    const now = clock.now();
    throttle.hit(limits.mails, 'a1', now);
    throttle.count(limits.mails, 'a1', now);
    throttle.easesAt(limits.mails, 'a1', now);
    throttle.lastAt(limits.mails, 'a1', now);
    throttle.clear(limits.mails, 'a1');
    throttle.clearPrefix(limits.mails, 'a1|');
    throttle.expire(now, 100);
  },
  'the memory of wrong passwords': ({ throttle, clock }) => {
    throttle.rememberWrongPassword(1, 'x', null, clock.now());
    throttle.wrongPassword(1, 'x', clock.now());
    throttle.forgetWrongPasswords(1);
  },
  'an account by login, number and remote id': ({ accounts }) => {
    accounts.byLogin('alice');
    accounts.byId(1);
    accounts.byRemoteId('office', 'id-alice');
    accounts.hasSharedLocalLogin();
    accounts.managerOf({ home: 'office', manager: 'cn=x' });
  },
  'an account’s enrolments': ({ enrolments }) => {
    enrolments.of(1);
    enrolments.prefer(1, 1);
    enrolments.spend(1, 'x', 'y', 1);
  },
  'appending to the journal, and reading of it': ({ journal }) => {
    journal.append({ event: 'server', result: 'succeeded', account: 'alice' });
    journal.latest(10);
    journal.ofAccount('alice', 10);
  },
  'writes: start, send, end, and what is left': ({ writes }) => {
    const id = writes.start({ account: 1, attempt: null, act: 'reset', supportCode: '', address: '', at: 1 });
    writes.sent(id, { server: '', marker: null, at: 1 });
    writes.end(id, 'done', 1);
    writes.unsettled(1);
  },
  'earlier passwords': ({ passwordHistory, writes }) => {
    const write = writes.start({ account: 1, attempt: null, act: 'reset', supportCode: '', address: '', at: 1 });
    passwordHistory.pend({ account: 1, write, salt: 's', hash: 'h', at: 1 });
    passwordHistory.confirm(write, 1);
    passwordHistory.drop(write);
    passwordHistory.keep({ account: 1, salt: 's', hash: 'h', marker: null, at: 1 });
    passwordHistory.of(1);
    passwordHistory.prune(1, 5);
  },
  'letters that are due': ({ outbox, clock }) => {
    outbox.due(clock.now(), 10);
    outbox.nextAt();
    outbox.counts();
  },
};

/** The head is one row; settings are a page; an index may be read through where it holds only what is waited for, or for its one end; a list in a row is short. */
const isHarmless = [
  /^SCAN (journal_head|setting|CONSTANT ROW|\d+ CONSTANT ROWS?) /,
  /^SCAN json_each /,
  /^SCAN outbox USING (COVERING )?INDEX outbox_(next|dead|problem)/,
  /^SCAN journal .* order by "journal"."seq" desc limit \?$/,
];

for (const [name, work] of Object.entries(hot))
  test(name, async () => {
    const plans = await plansOf(work);
    assert.ok(plans.length > 0, 'no statement was seen');
    const scans = plans.filter((plan) => /^SCAN /.test(plan) && !isHarmless.some((harmless) => harmless.test(plan)));
    assert.equal(scans, []);
  });

test('a query without an index is seen', async () => {
  const plans = await plansOf(({ db }) => db.$client.prepare('SELECT * FROM session WHERE device = ?').get('x'));
  assert.ok(plans.some((plan) => /^SCAN session /.test(plan)));
});

test.run();
