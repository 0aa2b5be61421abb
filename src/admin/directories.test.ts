/** The directories as an administrator looks after them, in a browser without JavaScript: what the doctor saw, readings, and the brake. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { dryRun } from '../dry-run.ts';
import { frontDoor } from '../front-door.ts';
import { Refusal } from '../rules/refusal.ts';
import { minute } from '../rules/time.ts';
import { directoryRoutes } from '../routes.ts';
import { Browser } from '../testing/browser.ts';
import type { CastName } from '../testing/cast.ts';
import { unreachable } from '../testing/faults.ts';
import { type FrontDesk, openFrontDesk } from '../testing/front-desk.ts';
import { officeWorld } from '../testing/office-world.ts';
import { page } from '../web/visit.ts';
import type { Directory, DirectoryFinding, SyncRun } from '../world.ts';
import { directoryDesk, type Forecast } from './directories.ts';

const test = suite('the page of the directories');
const open: FrontDesk[] = [];
test.after(async () => {
  await Promise.all(open.map((desk) => desk.close()));
});

const finding = (key: string, more: Partial<DirectoryFinding> = {}): DirectoryFinding => ({
  server: 'ldaps://dc1.office.example',
  verdict: 'well',
  key,
  params: { name: 'cn=desk', login: 'alice', count: 3 },
  cure: null,
  raw: null,
  ...more,
});

const run: Omit<SyncRun, 'id' | 'kept'> = {
  ...{ home: 'office', startedAt: 0, endedAt: 0, extent: 'everybody', actor: null, refusal: null },
  ...{ read: 5, added: 1, updated: 1, disabled: 0, unchanged: 3 },
  oddities: [{ kind: 'same login', login: 'twin', dns: ['uid=twin,ou=a', 'uid=twin,ou=b'] }],
  odd: 1,
};

async function scene() {
  const world = await officeWorld();
  const asked: unknown[] = [];
  const state = { seen: [finding('bind.good')] as DirectoryFinding[], end: {} as object | Refusal };
  const office: Directory = {
    ...world.office,
    async examine(login) {
      asked.push(login);
      return state.seen;
    },
  };
  async function sync(_: Directory, options: object): Promise<Forecast | Refusal> {
    asked.push(options);
    return state.end as Forecast;
  }
  const directories = { ...world.directories, all: [office] };
  const desk = directoryDesk({
    ...world,
    directories,
    sync,
    running: () => null,
    async dryRun(login) {
      const found = await dryRun(login, { ...world, door: frontDoor(world) });
      return found.kind === 'found' ? found : null;
    },
  });
  const site = await openFrontDesk(
    [...directoryRoutes(desk), { method: 'GET', path: '/sign-in', who: 'anyone', page: () => page('home') }],
    world,
  );
  open.push(site);
  function signedIn(name: CastName): Browser {
    const at = new Browser(site.url);
    const token = world.random.token();
    world.sessions.start({ token, account: world.people[name].id, standing: 'full', address: '', device: '', at: world.clock.now() });
    at.cookies.set('__Host-session', token);
    return at;
  }
  return { ...world, clock: world.clock, desk, asked, state, signedIn };
}

test('opens for administrators alone', async () => {
  const { signedIn, accounts, people, asked } = await scene();
  for (const role of ['person', 'helpdesk', 'auditor'] as const) {
    accounts.setRole(people.bob.id, role);
    const bob = signedIn('bob');
    assert.is((await bob.open('/admin/directory')).status, 403);
    await bob.post('/admin/directory/check', { csrf: bob.cookies.get('__Host-csrf') ?? '', directory: 'office' });
    assert.is(bob.status, 403);
  }
  assert.equal(asked, []);
  assert.is((await signedIn('carol').open('/admin/directory')).status, 200);
});

test('shows what the doctor saw: troubles first, with the words, the lines and the answer, and what is well apart', async () => {
  const { signedIn, state, asked } = await scene();
  state.seen = [
    finding('connection.open', { params: { host: 'dc1', port: '636' } }),
    finding('power.least'),
    finding('rights.no-reset', { verdict: 'fault', cure: 'dsacls "OU=<People>" /I:S', raw: '50 <b>no</b>' }),
    finding('policy.none', { verdict: 'warning' }),
    finding('bind.good', { server: 'ldaps://dc2.office.example' }),
  ];
  const at = await signedIn('carol').open('/admin/directory');
  await at.submit({ login: ' alice ' }, { at: '/admin/directory/check' });
  assert.is(at.status, 200);
  assert.equal(asked, ['alice']);
  const text = at.text();
  assert.ok(text.indexOf('may not set its password') < text.indexOf('No password policy is seen'));
  assert.ok(text.indexOf('No password policy is seen') < text.indexOf('2 things are well'));
  assert.match(at.html, /<pre [^>]*>dsacls &quot;OU=&lt;People&gt;&quot; \/I:S<\/pre>|dsacls "OU=&lt;People&gt;" \/I:S/);
  assert.not.match(at.html, /<b>no<\/b>/);
  assert.match(text, /ldaps:\/\/dc2\.office\.example All is well here/);
  assert.match(text, /A reset of alice would be judged so/);
  assert.match(text, /Ways to prove who it is: yes/);
});

test('does not show a wrong password to the directory over and over, and judges nobody then', async () => {
  const { signedIn, state, asked, clock } = await scene();
  state.seen = [finding('bind.wrong-password', { verdict: 'fault' })];
  const at = await signedIn('carol').open('/admin/directory');
  for (let times = 0; times < 3; times += 1) await at.submit({ login: 'alice' }, { at: '/admin/directory/check' });
  assert.equal(asked, ['alice']);
  assert.not.match(at.text(), /would be judged so/);
  clock.advance(minute);
  await at.submit({ login: '' }, { at: '/admin/directory/check' });
  assert.equal(asked, ['alice', null]);
});

test('reads when asked, as whoever asked: what changed, everybody, or only to see', async () => {
  const { signedIn, state, asked } = await scene();
  const at = await signedIn('carol').open('/admin/directory');
  const { csrf = '' } = at.forms()[0]?.fields ?? {};
  await at.post('/admin/directory/sync', { csrf, directory: 'office', how: 'changes' });
  assert.match(at.text(), /the accounts here are as they are there/);
  await at.post('/admin/directory/sync', { csrf, directory: 'office', how: 'everybody' });
  state.end = {
    ...{ endedAt: 0, read: 9, added: 0, updated: 1, disabled: 1 },
    changes: [
      { kind: 'update', login: 'erin', fields: ['mail'] },
      { kind: 'disable', login: 'frank', fields: [] },
    ],
  };
  await at.post('/admin/directory/sync', { csrf, directory: 'office', how: 'dry-run' });
  assert.match(at.text(), /9 read, 0 added, 1 changed, 1 disabled/);
  assert.match(at.text(), /erin changed mail/);
  assert.match(at.text(), /frank disabled/);
  assert.equal(asked, [
    { actor: 'carol', mayDisable: 0 },
    { actor: 'carol', mayDisable: 0, extent: 'everybody' },
    { actor: 'carol', dryRun: true, mayDisable: 0 },
  ]);
  await at.post('/admin/directory/sync', { csrf, directory: 'elsewhere' });
  assert.is(at.status, 404);
});

test('lets the brake be lifted for one reading by whoever types how many', async () => {
  const { signedIn, state, asked, syncRuns } = await scene();
  const at = await signedIn('carol').open('/admin/directory');
  assert.not.match(at.text(), /this once/);
  const params = { count: 9, enabled: 20, most: 5 };
  syncRuns.add({ ...run, refusal: { key: 'sync.brake', params } }, []);
  await at.open('/admin/directory');
  assert.match(at.text(), /would have disabled 9 of 20 accounts/);
  state.end = new Refusal('sync.brake', { params });
  const { csrf = '' } = at.forms()[0]?.fields ?? {};
  await at.post('/admin/directory/sync', { csrf, directory: 'office', how: 'everybody', may_disable: 'all of them' });
  assert.is(at.status, 422);
  state.end = {};
  await at.post('/admin/directory/sync', { csrf, directory: 'office', how: 'everybody', may_disable: '9' });
  assert.is(at.path, '/admin/directory?done=read');
  assert.equal(
    asked.map((one) => (one as { mayDisable: number }).mayDisable),
    [0, 9],
  );
});

test('keeps what each reading changed, page by page, and what it left out', async () => {
  const { signedIn, syncRuns } = await scene();
  const changes = Array.from({ length: 203 }, (_, nth) => ({ kind: 'add' as const, login: `person${nth}`, fields: [] }));
  syncRuns.add({ ...run, actor: 'carol' }, changes);
  const at = await signedIn('carol').open('/admin/directory');
  assert.match(at.text(), /5 read, 1 added, 1 changed, 0 disabled/);
  await at.follow(/What it changed/);
  assert.match(at.text(), /person199 added/);
  assert.not.match(at.text(), /person200/);
  assert.match(at.text(), /twin: several entries have this user name/);
  await at.follow(/Show more/);
  assert.match(at.text(), /person200 added .* person202 added/);
  assert.is((await at.open('/admin/directory/runs/999')).status, 404);
});

test('says that a directory is away, and needs no doctor for it', async () => {
  const { signedIn, office } = await scene();
  office.faults.set('all', unreachable);
  const at = await signedIn('carol').open('/admin/directory');
  assert.match(at.text(), /State does not answer/);
});

test.run();
