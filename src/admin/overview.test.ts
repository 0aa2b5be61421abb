/** The overview and its page: every finding with a sentence and a cure, worst first, and who may see and press what. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { textsOfTheDay } from '../methods/sms.ts';
import { isRefusal, Refusal } from '../rules/refusal.ts';
import { day, hour, minute } from '../rules/time.ts';
import { events, methodNames, results } from '../rules/vocabulary.ts';
import { Browser } from '../testing/browser.ts';
import type { CastName } from '../testing/cast.ts';
import { refusing, unreachable } from '../testing/faults.ts';
import { type FrontDesk, openFrontDesk } from '../testing/front-desk.ts';
import { officeWorld } from '../testing/office-world.ts';
import { page, type Route } from '../web/visit.ts';
import type { Directory } from '../world.ts';
import { adminOverview, type LastSync } from './overview.ts';
import { adminRoutes } from '../routes.ts';

const test = suite('the administrator’s overview');
const open: FrontDesk[] = [];
test.after(async () => {
  await Promise.all(open.map((desk) => desk.close()));
});

const good: Omit<LastSync, 'endedAt'> = { added: 3, updated: 2, disabled: 1, refused: null };
const signInPage: Route = { method: 'GET', path: '/sign-in', who: 'anyone', page: () => page('home') };

async function scene() {
  const world = await officeWorld();
  const asked: string[] = [];
  const state: { last: LastSync | null; refusal: Refusal | null } = { last: { ...good, endedAt: world.clock.now() }, refusal: null };
  async function sync({ id }: Directory, { actor }: { actor: string }): Promise<object | Refusal> {
    asked.push(`${actor} ${id}`);
    return state.refusal ?? {};
  }
  const overview = adminOverview({ ...world, sync, lastSync: () => state.last });
  const desk = await openFrontDesk([...adminRoutes(overview), signInPage], world);
  open.push(desk);
  /** A browser that holds a session of this person. */
  function signedIn(name: CastName): Browser {
    const at = new Browser(desk.url);
    const token = world.random.token();
    world.sessions.start({ token, account: world.people[name].id, standing: 'full', address: '', device: '', at: world.clock.now() });
    at.cookies.set('__Host-session', token);
    return at;
  }
  const find = (text: string) => overview.look(world.clock.now()).findings.find((finding) => finding.text === text);
  return { ...world, clock: world.clock, overview, state, asked, signedIn, find };
}

test('is quiet when all is well', async () => {
  const { overview, clock } = await scene();
  const { findings } = overview.look(clock.now());
  assert.equal(
    findings.map(({ tone, text }) => `${tone} ${text}`),
    ['good admin.directory.good', 'good admin.sync.good', 'good admin.mail.unused'],
  );
});

test('says the worst first, with the cure and the outside’s own words', async () => {
  const { overview, clock, state, office, outbox, decide } = await scene();
  office.faults.set('all', unreachable);
  decide({ writeback: false });
  state.last = { ...good, endedAt: clock.now(), refused: { key: 'sync.brake', params: { count: 9, enabled: 20, most: 5 } } };
  outbox.put({ kind: 'reset-code', to: 'a@b.example', sealed: 'x', at: clock.now(), expiresAt: null, token: null });
  outbox.failed(1, { problem: '535 wrong password', nextAt: clock.now() + minute, at: clock.now() });
  const { findings } = overview.look(clock.now());
  assert.equal(
    findings.map(({ tone, text, cure }) => [tone, text, cure]),
    [
      ['bad', 'admin.directory.away', 'admin.cure.directory.unreachable'],
      ['bad', 'admin.sync.sync.brake', 'admin.sync.sync.brake.cure'],
      ['bad', 'admin.mail.stuck', 'admin.mail.stuck.cure'],
      ['warn', 'admin.writeback.off', 'admin.writeback.off.cure'],
    ],
  );
  assert.equal([findings[0]?.raw, findings[2]?.raw], ['connect ECONNREFUSED', '535 wrong password']);
});

test('tells a reading that never was, is old, or was refused', async () => {
  const { state, clock, find } = await scene();
  state.last = null;
  assert.ok(find('admin.sync.never')?.isCuredBySync);
  state.last = { ...good, endedAt: clock.now() };
  clock.advance(day + 1);
  assert.is(find('admin.sync.old')?.tone, 'warn');
  for (const [key, text] of [
    ['sync.empty', 'admin.sync.sync.empty'],
    ['directory.unreachable', 'admin.sync.refused'],
  ] as const) {
    state.last = { ...good, endedAt: clock.now(), refused: { key, params: { enabled: 4 } } };
    assert.is(find(text)?.tone, 'bad');
  }
});

test('says when the texts of a day are used up, and when the next can be sent', async () => {
  const { throttle, clock, find, decide } = await scene();
  const { limit, key } = textsOfTheDay({ texts_a_day: 3 });
  decide({ texts_a_day: 3 });
  for (let sent = 0; sent < 3; sent += 1) {
    assert.is(find('admin.texts.used-up'), undefined);
    throttle.hit(limit, key, clock.now());
    clock.advance(hour);
  }
  const told = find('admin.texts.used-up');
  assert.equal([told?.tone, told?.params, told?.at], ['bad', { most: 3 }, clock.now() + 21 * hour]);
  clock.advance(21 * hour);
  assert.is(find('admin.texts.used-up'), undefined);
});

test('counts the last 24 hours, and says when there may be more', async () => {
  const { overview, journal, clock } = await scene();
  journal.append({ event: 'reset', result: 'succeeded', account: 'alice' });
  clock.advance(day);
  for (const result of ['succeeded', 'failed'] as const) journal.append({ event: 'reset', result, account: 'alice' });
  journal.append({ event: 'unlock by administrator', result: 'succeeded', account: 'bob' });
  journal.append({ event: 'blocked', result: 'blocked', account: 'bob' });
  assert.equal(overview.look(clock.now()).day, { resets: 1, unlocks: 1, blocked: 1, isPart: false });
  for (let times = 0; times < 500; times += 1) journal.append({ event: 'sign-in', result: 'succeeded' });
  const { day: busy, events: shown } = overview.look(clock.now() + hour);
  assert.equal(busy, { resets: 0, unlocks: 0, blocked: 0, isPart: true });
  assert.is(shown.length, 20);
});

test('stops at nobody’s door but staff’s', async () => {
  const { signedIn, accounts, people } = await scene();
  assert.is((await signedIn('alice').open('/admin')).status, 403);
  const carol = await signedIn('carol').open('/admin');
  assert.is(carol.status, 200);
  assert.ok(carol.forms().some(({ action }) => action === '/admin/sync'));
  assert.ok(carol.forms().some(({ action }) => action === '/sign-out'));
  accounts.setRole(people.bob.id, 'helpdesk');
  const bob = await signedIn('bob').open('/admin');
  assert.is(bob.status, 200);
  assert.not(bob.forms().some(({ action }) => action === '/admin/sync'));
  await bob.post('/admin/sync', { csrf: bob.forms()[0]?.fields.csrf ?? '' });
  assert.is(bob.status, 403);
});

test('syncs when asked, as whoever asked, and shows why when it was refused', async () => {
  const { signedIn, asked, state } = await scene();
  const at = await signedIn('carol').open('/admin');
  await at.submit({}, { at: '/admin/sync' });
  assert.is(at.path, '/admin?done=sync');
  assert.match(at.text(), /The directory was read/);
  assert.equal(asked, ['carol office']);
  state.refusal = new Refusal('sync.brake' as Refusal['key'], { params: { count: 9, enabled: 20, most: 5 } });
  await at.submit({}, { at: '/admin/sync' });
  assert.is(at.status, 422);
  assert.match(at.text(), /would have disabled 9 of 20 accounts/);
  assert.not.match(at.text(), /The directory was read/);
});

test('has words for every event, result and method, and shows nothing that an outside system wrote into a name as markup', async () => {
  const { signedIn, journal, office } = await scene();
  for (const [nth, event] of events.entries()) {
    const more = { result: results[nth % results.length] ?? 'open', method: methodNames[nth % methodNames.length] ?? 'email' } as const;
    if (nth >= events.length - 18) journal.append({ event, ...more, account: `<b>${nth}</b>`, detail: 'fresh codes', supportCode: 'ABCD' });
  }
  office.faults.set('all', refusing(new Refusal('directory.unknown', { raw: '<script>alert(1)</script>' })));
  const at = await signedIn('carol').open('/admin');
  assert.not.match(at.text(), /\b(event|result|method|admin|detail)\.[a-z]/);
  assert.match(at.html, /&lt;b&gt;/);
  assert.not.match(at.html, /<b>|<script>alert/);
});

test('asks every directory, and reports the first that refused', async () => {
  const { overview, state } = await scene();
  assert.is(await overview.syncNow('carol'), 'done');
  state.refusal = new Refusal('directory.unreachable');
  assert.ok(isRefusal(await overview.syncNow('carol')));
});

test.run();
