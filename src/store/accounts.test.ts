/** Accounts by login, id and home, and enrolments that are spent once. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { testWorld } from '../testing/world.ts';
import type { AccountChange, DirectoryEntry } from '../world.ts';

const test = suite('accounts');
const entry = (login: string, more: Partial<DirectoryEntry> = {}): DirectoryEntry => ({
  remoteId: `id-${login}`,
  dn: `uid=${login},dc=example`,
  login,
  name: login,
  mail: null,
  mobile: null,
  groups: [],
  isDisabled: false,
  isProtected: false,
  ...more,
});
const added = (login: string, home = 'office'): AccountChange => ({ kind: 'add', home, entry: entry(login), role: 'person' });

test('a login is found in any case and composition', async () => {
  const { accounts } = await testWorld();
  accounts.applySync([added('Zoë')], 1);
  for (const typed of ['zoë', 'ZOË', 'zoe\u0308']) assert.is(accounts.byLogin(typed)[0]?.login, 'Zoë');
  for (const typed of ['', 'zoe', 'zoë ', '%', "' OR 1=1 --"]) assert.equal(accounts.byLogin(typed), []);
});

test('one login in two homes is two accounts, never guessed', async () => {
  const { accounts } = await testWorld();
  accounts.applySync([added('alice', 'branch')], 1);
  assert.equal(
    accounts.byLogin('Alice').map(({ home }) => home),
    ['office', 'branch'],
  );
});

test('a local login is one account, however it is written', async () => {
  const { accounts } = await testWorld();
  const create = (login: string) => accounts.createLocal({ login, name: login, mail: null, role: 'person', passwordHash: 'hash', at: 1 });
  assert.throws(() => create('LAURA'), /UNIQUE/);
  assert.is(create('Lena').home, null);
  assert.throws(() => create('lena'), /UNIQUE/);
  assert.is(accounts.byLogin('alice').length, 1);
  create('alice'); // the directory may have one of the same name: then nobody is guessed
  assert.is(accounts.byLogin('alice').length, 2);
});

test('an entry is one account by its immutable id, whatever its login becomes', async () => {
  const { accounts, people } = await testWorld();
  accounts.applySync(
    [
      {
        kind: 'update',
        id: people.bob.id,
        entry: entry('robert', { remoteId: 'ignored', mail: 'r@example.net', groups: ['cn=a'], isProtected: true }),
        role: 'helpdesk',
      },
    ],
    2,
  );
  const found = accounts.byRemoteId('office', 'id-bob');
  assert.equal(
    [found?.id, found?.login, found?.mail, found?.groups, found?.isProtected, found?.role],
    [people.bob.id, 'robert', 'r@example.net', ['cn=a'], true, 'helpdesk'],
  );
  assert.equal(accounts.byLogin('bob'), []);
  assert.is(accounts.byRemoteId('branch', 'id-bob'), null);
  assert.is(accounts.byRemoteId('office', 'id-nobody'), null);
});

test('a sync that fails changes nobody', async () => {
  const { accounts, people } = await testWorld();
  assert.throws(() => accounts.applySync([{ kind: 'disable', id: people.alice.id }, added('new'), added('new')], 2), /UNIQUE/);
  assert.is(accounts.byId(people.alice.id)?.isDisabled, false);
  assert.equal(accounts.byLogin('new'), []);
});

test('disabled is disabled until an entry says otherwise', async () => {
  const { accounts, people } = await testWorld();
  accounts.applySync([{ kind: 'disable', id: people.alice.id }], 2);
  assert.is(accounts.byId(people.alice.id)?.isDisabled, true);
  accounts.applySync([{ kind: 'update', id: people.alice.id, entry: entry('alice'), role: 'person' }], 3);
  assert.is(accounts.byId(people.alice.id)?.isDisabled, false);
});

test('a sync touches nothing that belongs to Latchkey', async () => {
  const { accounts, enrolments, people } = await testWorld();
  const { id } = people.alice;
  accounts.suspend(id, 5);
  accounts.setLanguage(id, 'de');
  accounts.setSnooze(id, { times: 2, until: 9 });
  accounts.applySync([{ kind: 'update', id, entry: entry('alice'), role: 'person' }], 3);
  const after = accounts.byId(id);
  assert.equal([after?.suspendedAt, after?.language, accounts.snooze(id), enrolments.of(id).length], [5, 'de', { times: 2, until: 9 }, 2]);
});

test('a manager is found by their DN in any case, in the same home, and only where it is one person’s', async () => {
  const { accounts } = await testWorld();
  const boss: AccountChange = {
    kind: 'add',
    home: 'office',
    entry: entry('boss', { dn: 'CN=The Boss,OU=Staff,DC=example' }),
    role: 'person',
  };
  accounts.applySync([boss, { ...boss, home: 'branch' }], 1);
  const found = (home: string | null, manager: string | null) => accounts.managerOf({ home, manager })?.login ?? null;
  assert.is(found('office', 'cn=the boss,ou=staff,dc=example'), 'boss');
  assert.is(found('elsewhere', 'cn=the boss,ou=staff,dc=example'), null);
  for (const nobody of [null, '', 'cn=the bos%', 'cn=the boss,ou=staff']) assert.is(found('office', nobody), null);
  assert.is(found(null, 'cn=the boss,ou=staff,dc=example'), null, 'a local account has none');
  accounts.applySync([{ ...boss, entry: { ...boss.entry, remoteId: 'another', login: 'heir' } }], 1);
  assert.is(found('office', 'cn=the boss,ou=staff,dc=example'), null, 'who came to the name before the last sync saw the other leave');
  accounts.applySync([{ kind: 'disable', id: accounts.byLogin('boss')[0]?.id ?? 0 }], 1);
  assert.is(found('office', 'cn=the boss,ou=staff,dc=example'), 'heir', 'the other has left');
});

test('a sync keeps the manager, and forgets one whom the directory no longer names', async () => {
  const { accounts, people } = await testWorld();
  const manager = 'uid=boss,dc=example';
  const synced = (more: Partial<DirectoryEntry>) =>
    accounts.applySync([{ kind: 'update', id: people.bob.id, entry: entry('bob', more), role: 'person' }], 1);
  synced({ manager });
  assert.is(accounts.byId(people.bob.id)?.manager, manager);
  assert.is(accounts.all('office').find(({ login }) => login === 'bob')?.manager, manager);
  synced({});
  assert.is(accounts.byId(people.bob.id)?.manager, null);
});

test('members of groups are found however the group is written, disabled ones never', async () => {
  const { accounts } = await testWorld();
  const dns = ['cn=Führung\\, Büro,ou=groups,dc=example', 'cn=Approvers,ou=groups,dc=example', 'cn=Approvers too,ou=groups,dc=example'];
  const member = (login: string, groups: string[], isDisabled = false): AccountChange => ({
    ...{ kind: 'add', home: 'office', entry: entry(login, { groups, isDisabled }), role: 'person' },
  });
  accounts.applySync(
    [
      ...Array.from({ length: 1200 }, (_, nth) => member(`p${nth}`, dns.slice(2))),
      member('a', dns.slice(0, 1)),
      member('b', dns),
      member('c', dns, true),
    ],
    1,
  );
  const found = (...named: string[]) => accounts.inGroups(named, 10).map(({ login }) => login);
  assert.equal(found('FÜHRUNG, büro'), ['a', 'b']);
  assert.equal(found('approvers'), ['b']);
  assert.equal(found('CN=Approvers, OU=groups,DC=example'), ['b']);
  assert.equal(found('cn=approvers'), []);
  assert.equal(found(), []);
  assert.equal(found('nobody', '%', "' OR 1=1"), []);
  assert.is(found('approvers too').length, 10);
  assert.equal(
    found(...Array.from({ length: 150 }, (_, nth) => `group ${nth}`), 'approvers'),
    ['b'],
    'more names than an expression bears',
  );
});

test('twenty thousand changes are one short transaction', async () => {
  const { accounts } = await testWorld();
  const before = process.cpuUsage();
  accounts.applySync(
    Array.from({ length: 20_000 }, (_unused, index) => added(`person${index}`)),
    1,
  );
  const { user, system } = process.cpuUsage(before);
  const took = (user + system) / 1000;
  assert.ok(took < 5000, `${took} ms`);
  assert.is(accounts.all('office').length, 20_004);
});

test('each setter sets one thing, of one account', async () => {
  const { accounts, people } = await testWorld();
  const others = () =>
    Object.values(people)
      .filter(({ id }) => id !== people.alice.id)
      .map(({ id }) => accounts.byId(id));
  const before = others();
  const { id } = people.alice;
  accounts.setRole(id, 'auditor');
  accounts.suspend(id, 7);
  accounts.setLanguage(id, 'fr');
  accounts.setEnrolUntil(id, 8);
  accounts.setToldWhyAt(id, 9);
  accounts.setPasswordHash(id, 'hash', 10);
  assert.equal(accounts.byId(id), { ...people.alice, role: 'auditor', suspendedAt: 7, language: 'fr' });
  assert.equal(
    [accounts.enrolUntil(id), accounts.toldWhyAt(id), accounts.passwordHash(id), accounts.passwordChangedAt(id)],
    [8, 9, 'hash', 10],
  );
  accounts.suspend(id, null);
  accounts.setEnrolUntil(id, null);
  assert.equal([accounts.byId(id)?.suspendedAt, accounts.enrolUntil(id)], [null, null]);
  assert.equal(others(), before);
});

test('counted: all, enabled, and those of them with a method', async () => {
  const { accounts, people } = await testWorld();
  assert.equal(accounts.count(), { all: 5, enabled: 5, registered: 4 });
  accounts.applySync([{ kind: 'disable', id: people.alice.id }], 2);
  assert.equal(accounts.count(), { all: 5, enabled: 4, registered: 3 });
});

test('an enrolment is spent by the one who saw it last', async () => {
  const { enrolments, people } = await testWorld();
  const { id } = enrolments.add({ account: people.bob.id, method: 'recovery-code', label: '', secret: 'ten', at: 1 });
  assert.is(enrolments.spend(id, 'ten', 'nine', 2), true);
  assert.is(enrolments.spend(id, 'ten', 'nine', 2), false, 'the same once more');
  assert.is(enrolments.spend(id + 1, 'nine', 'eight', 2), false, 'another one');
  assert.equal(
    enrolments.of(people.bob.id).map(({ secret, usedAt }) => [secret, usedAt]),
    [['nine', 2]],
  );
  enrolments.remove(id);
  assert.is(enrolments.spend(id, 'nine', 'eight', 3), false, 'removed meanwhile');
});

test('one enrolment is preferred, of the account’s own', async () => {
  const { enrolments, people } = await testWorld();
  const preferred = () => enrolments.of(people.alice.id).filter(({ isPreferred }) => isPreferred);
  const [mail, app] = enrolments.of(people.alice.id);
  enrolments.prefer(people.alice.id, app?.id ?? 0);
  enrolments.prefer(people.alice.id, mail?.id ?? 0);
  assert.equal(
    preferred().map(({ id }) => id),
    [mail?.id],
  );
  enrolments.prefer(people.bob.id, mail?.id ?? 0);
  assert.is(preferred().length, 1, 'nobody prefers for another');
});

test('removing all of a method leaves the others', async () => {
  const { enrolments, people } = await testWorld();
  enrolments.removeAll(people.alice.id, 'email');
  assert.equal(
    enrolments.of(people.alice.id).map(({ method }) => method),
    ['totp'],
  );
  assert.is(enrolments.of(people.laura.id).length, 2);
});

test.run();
