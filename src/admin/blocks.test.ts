/** Who is kept out is seen, and let in again by whoever may: not by themselves, and no administrator by the helpdesk. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { numberKey } from '../methods/sms.ts';
import { isRefusal } from '../rules/refusal.ts';
import { accountKey, addressKey, type Limit, limits } from '../rules/throttle.ts';
import { day } from '../rules/time.ts';
import { Browser } from '../testing/browser.ts';
import { type CastName, cast } from '../testing/cast.ts';
import { openFrontDesk } from '../testing/front-desk.ts';
import { type TestWorld, testWorld } from '../testing/world.ts';
import { blocksRoutes } from '../routes.ts';
import type { Message } from '../world.ts';
import { blockDesk } from './blocks.ts';

const test = suite('blocks');

async function desk() {
  const world = await testWorld();
  const blocks = blockDesk({ ...world, clearCounters: world.desk.clearCounters });
  const fill = (limit: Limit, key: string, times = limit.most) => {
    for (let nth = 0; nth < times; nth += 1) world.throttle.hit(limit, key, world.clock.now());
  };
  const keyOf = (name: CastName) => accountKey(world.people[name].id, '');
  const by = (name: CastName, more = {}) => ({
    account: { ...world.people[name], ...more },
    address: '192.0.2.1',
    supportCode: 'AAAA-BBBB',
  });
  return { world, blocks, fill, keyOf, by };
}

test('everything that is full is shown with its reason and its end, and nothing that is not', async () => {
  const { world, blocks, fill, keyOf } = await desk();
  assert.equal(blocks.look(), { blocks: [], strangers: 0, numbers: 0, isPart: false });
  fill(limits.failedAttempts, `${keyOf('alice')}|192.0.2.7`);
  fill(limits.wrongProofs, `${keyOf('bob')}|email`);
  fill(limits.wrongProofs, `${keyOf('carol')}|totp|sign-in`, limits.wrongProofs.most - 1);
  fill(limits.troubles, addressKey('2001:db8::1'));
  fill(limits.signIn, accountKey(null, 'digest of nobody'));
  const { blocks: found, strangers } = blocks.look();
  assert.is(strangers, 1);
  const seen = found.map(({ account, address, method, limit, count }) => [account?.login ?? null, address, method, limit, count]).sort();
  assert.equal(
    seen,
    [
      [null, '2001:db8:0:0::/64', null, 'troubles', limits.troubles.most],
      ['alice', '192.0.2.7', null, 'failed attempts', 5],
      ['bob', null, 'email', 'wrong proofs', 5],
    ].sort(),
  );
  assert.is(found.find(({ account }) => account?.login === 'alice')?.until, world.clock.now() + day);
  world.clock.advance(day);
  assert.equal(blocks.look().blocks, []);
});

test('lifted, the account is as if nobody had failed, and the journal has who did it', async () => {
  const { world, blocks, fill, keyOf, by } = await desk();
  fill(limits.failedAttempts, `${keyOf('alice')}|192.0.2.7`);
  fill(limits.failedAttemptsAnywhere, keyOf('alice'));
  fill(limits.failedAttempts, `${keyOf('bob')}|192.0.2.7`);
  assert.is(blocks.liftAccount(world.people.alice.id, by('dave', { role: 'helpdesk' })), 'lifted');
  assert.equal(
    blocks.look().blocks.map(({ account }) => account?.login),
    ['bob'],
  );
  const [row] = world.journal.latest(1);
  assert.equal(
    [row?.event, row?.result, row?.actor, row?.account, row?.supportCode],
    ['blocked', 'cancelled', 'dave', 'alice', 'AAAA-BBBB'],
  );
  assert.equal(
    world.mail.map(({ kind, to }) => [kind, to]),
    [['block-lifted', cast.alice.mail]],
  );
});

test('a used-up budget of mails and texts is shown, and lifted with the rest', async () => {
  const { world, blocks, fill, keyOf, by } = await desk();
  const { alice } = world.people;
  world.enrolments.add({ account: alice.id, method: 'sms', label: '+442079460123', secret: '', at: world.clock.now() });
  const number = numberKey(world.vault, '+442079460123');
  fill(limits.mailsHere, `${keyOf('alice')}|192.0.2.7`);
  fill(limits.mails, keyOf('alice'));
  fill(limits.mailsADay, keyOf('alice'));
  fill(limits.texts, number);
  fill(limits.mailsADay, keyOf('bob'));
  const seen = () => blocks.look().blocks.map(({ account, limit, address }) => `${account?.login} ${limit} ${address ?? ''}`.trim());
  assert.equal(seen(), ['alice mails here 192.0.2.7', 'alice mails', 'alice mails a day', 'bob mails a day']);
  assert.is(blocks.look().numbers, 1);
  blocks.liftAccount(alice.id, by('carol'));
  assert.equal(seen(), ['bob mails a day']);
  assert.is(blocks.look().numbers, 0);
});

test('an address is let in by its name as shown, and by no other', async () => {
  const { blocks, fill, by } = await desk();
  fill(limits.loginsTyped, '192.0.2.7');
  fill(limits.troubles, '192.0.2.7');
  assert.ok(isRefusal(blocks.liftAddress('192.0.2.8', by('carol'))));
  assert.ok(isRefusal(blocks.liftAddress('%', by('carol'))));
  assert.is(blocks.liftAddress('192.0.2.7', by('carol')), 'lifted');
  assert.equal(blocks.look().blocks, []);
});

test('nobody lifts their own, and the helpdesk no administrator’s', async () => {
  const { world, blocks, fill, keyOf, by } = await desk();
  const administrator = world.people.carol;
  assert.is(administrator.role, 'administrator');
  fill(limits.failedAttemptsAnywhere, keyOf('carol'));
  for (const actor of [by('carol'), by('bob', { role: 'helpdesk' })]) {
    const refusal = blocks.liftAccount(administrator.id, actor);
    assert.is(isRefusal(refusal) && refusal.key, 'block.not-yours');
  }
  for (const id of [0, -1, 1.5, Number.NaN, 999_999]) assert.ok(isRefusal(blocks.liftAccount(id, by('carol'))));
  assert.is(blocks.look().blocks.length, 1);
  assert.is(blocks.liftAccount(administrator.id, by('bob', { role: 'administrator' })), 'lifted');
});

const lastRow = ({ journal }: TestWorld) => {
  const [row] = journal.latest(1);
  return [row?.event, row?.result, row?.detail, row?.actor, row?.account, row?.supportCode];
};

test('whom “this was not me” has suspended is shown until somebody lifts it, and they are told', async () => {
  const { world, blocks, fill, keyOf, by } = await desk();
  const { alice } = world.people;
  world.accounts.suspend(alice.id, world.clock.now());
  world.clock.advance(30 * day);
  fill(limits.failedAttemptsAnywhere, keyOf('alice'));
  const seen = () => blocks.look().blocks.map(({ kind, account, until }) => [kind, account?.suspendedAt, until === null]);
  const since = world.clock.now() - 30 * day;
  assert.equal(seen(), [
    ['suspension', since, true],
    ['account', since, false],
  ]);
  assert.is(blocks.liftAccount(alice.id, by('dave', { role: 'helpdesk' })), 'lifted');
  assert.equal(seen(), [['suspension', since, true]], 'a block is another matter');
  assert.is(blocks.liftSuspended(alice.id, by('dave', { role: 'helpdesk' })), 'lifted');
  assert.equal(seen(), []);
  assert.is(world.accounts.byId(alice.id)?.suspendedAt, null);
  assert.equal(lastRow(world), ['not me', 'cancelled', 'lifted', 'dave', 'alice', 'AAAA-BBBB']);
  const told = world.mail.at(-1) as Message<'suspension-lifted'>;
  assert.equal([told.kind, told.to], ['suspension-lifted', cast.alice.mail]);
  const link = told.variables.notMeLink;
  assert.ok(world.tokens.find('not me', link.slice(link.lastIndexOf('/') + 1), world.clock.now()));
  const again = blocks.liftSuspended(alice.id, by('dave', { role: 'helpdesk' }));
  assert.is(isRefusal(again) && again.key, 'block.none');
});

test('a suspension is lifted by whoever may lift a block, and by nobody else', async () => {
  const { world, blocks, by } = await desk();
  const { carol } = world.people;
  world.accounts.suspend(carol.id, world.clock.now());
  for (const actor of [by('carol'), by('bob', { role: 'helpdesk' })]) {
    const refusal = blocks.liftSuspended(carol.id, actor);
    assert.is(isRefusal(refusal) && refusal.key, 'block.not-yours');
  }
  assert.ok(world.accounts.byId(carol.id)?.suspendedAt);
  assert.is(blocks.liftSuspended(carol.id, by('bob', { role: 'administrator' })), 'lifted');
});

test('the page lists each with a button of its own, which an auditor does not have', async () => {
  const { world, blocks, fill, keyOf } = await desk();
  fill(limits.failedAttemptsAnywhere, keyOf('bob'));
  world.accounts.suspend(world.people.alice.id, world.clock.now());
  world.accounts.setRole(world.people.dave.id, 'helpdesk');
  const door = await openFrontDesk(blocksRoutes(blocks), world);
  const signedIn = async (name: CastName) => {
    const at = new Browser(door.url);
    const token = world.random.token();
    world.sessions.start({ token, account: world.people[name].id, standing: 'full', address: '', device: '', at: world.clock.now() });
    at.cookies.set('__Host-session', token);
    return at.open('/admin/blocks');
  };
  const at = await signedIn('dave');
  assert.match(at.text(), /alice.*This was not me.* now somebody lifts it/s);
  await at.submit({ suspension: `${world.people.alice.id}` });
  assert.match(at.text(), /The block is lifted/);
  assert.is(world.accounts.byId(world.people.alice.id)?.suspendedAt, null);
  await at.submit({ account: `${world.people.bob.id}` });
  assert.match(at.text(), /Nobody is kept out/);
  world.accounts.suspend(world.people.alice.id, world.clock.now());
  world.accounts.setRole(world.people.dave.id, 'auditor');
  assert.not((await signedIn('dave')).forms().some(({ action }) => action === '/admin/blocks'));
  await door.close();
});

test.run();
