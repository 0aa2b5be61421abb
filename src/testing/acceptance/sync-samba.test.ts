/** An Active Directory of two thousand people, read by what changed: moved and renamed, with folders and without, gone and come back. */
// needs: samba

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { House } from '../../app.ts';
import { isRefusal } from '../../rules/refusal.ts';
import { type HouseBefore, openHouseBefore } from '../house.ts';
import { account, directoryOf, isWhole, read } from '../reading-office.ts';
import { type Samba, startSamba } from '../samba.ts';

const size = 2000;

const fieldsOf = (report: Awaited<ReturnType<typeof read>>) =>
  report.changes.map(({ kind, login, fields }) => [kind, login, ...fields].join(' '));

const changes = { extent: 'changes' } as const;
const census = { extent: 'changes and ids' } as const;
const normalAccount = 0x200;
const disabled = 0x202;

const test = suite<{ samba: Samba; house: HouseBefore }>('a domain of two thousand');
const inside = (name: string, work: (house: House, samba: Samba) => Promise<void>): void =>
  test(name, ({ house, samba }) => house.inside((opened) => work(opened, samba)));

/** Without passwords, which would take most of the time: nobody signs in here. */
const addUser = (samba: Samba, login: string, under = samba.people): Promise<void> =>
  samba.add(`CN=${login},${under}`, {
    objectClass: 'user',
    sAMAccountName: login,
    displayName: `Name of ${login}`,
    userAccountControl: disabled,
  });

test.before(async (room) => {
  const samba = await startSamba();
  room.samba = samba;
  await samba.atOnce(async () => {
    for (let number = 0; number < size; number++) await addUser(samba, `p${number}`);
  });
  const { ca, serviceDn, servicePassword } = samba;
  room.house = await openHouseBefore(
    {
      ...{ ca, serviceDn, servicePassword, baseDn: samba.people, url: samba.ldaps, startTls: false, close: samba.close },
      add: async () => undefined,
      opens: async () => false,
    },
    { timeoutSeconds: 30 },
  );
});
test.after(async ({ house }) => house.close());

inside('everybody comes in, in pages and with groups within groups', async (house, samba) => {
  const team = await samba.addGroup('team', [`CN=p1,${samba.people}`, `CN=p2,${samba.people}`]);
  const department = await samba.addGroup('department', [team]);
  const report = await read(house);
  assert.equal([report.extent, report.added, report.oddities.length], ['everybody', size, 0]);
  const { groups } = account(house, 'p1');
  assert.ok(groups.includes(team) && groups.includes(department));
  assert.ok(
    groups.some((name) => name.startsWith('CN=Domain Users,')),
    'the primary group, of which nobody is a member',
  );
});

inside('nothing changed is nothing read', async (house) => {
  const report = await read(house, changes);
  assert.equal([report.extent, report.read, report.changes], ['changes', 0, []]);
});

inside('a hundred changes, and no more, are read; who is new has their groups', async (house, samba) => {
  await samba.atOnce(async () => {
    for (let number = 100; number < 200; number++) await samba.replace(`CN=p${number},${samba.people}`, { mobile: `+44 20 ${number}` });
  });
  const report = await read(house, changes);
  assert.equal([report.extent, report.read, report.updated], ['changes', 100, 100]);
  await addUser(samba, 'newcomer');
  const next = await read(house, changes);
  assert.equal([next.extent, fieldsOf(next)], ['changes', ['add newcomer']]);
  assert.ok(account(house, 'newcomer').groups.some((name) => name.startsWith('CN=Domain Users,')));
  await isWhole(house);
});

inside('enabled, disabled, ended', async (house, samba) => {
  await samba.replace(`CN=p3,${samba.people}`, { userAccountControl: normalAccount | 0x20 });
  assert.equal(fieldsOf(await read(house, changes)), ['update p3 isDisabled']);
  await samba.replace(`CN=p3,${samba.people}`, { accountExpires: '132000000000000000' });
  assert.equal(fieldsOf(await read(house, changes)), ['update p3 isDisabled']);
  assert.ok(account(house, 'p3').isDisabled);
});

inside('a group that gains or loses a member, or is gone, is read with everybody', async (house, samba) => {
  const team = `CN=team,${samba.groups}`;
  await samba.extend(team, { member: `CN=p4,${samba.people}` });
  const gained = await read(house, changes);
  assert.equal([gained.extent, fieldsOf(gained)], ['everybody', ['update p4 groups']]);
  await samba.replace(team, { member: [`CN=p1,${samba.people}`] });
  const lost = await read(house, changes);
  assert.equal([lost.extent, fieldsOf(lost).sort()], ['everybody', ['update p2 groups', 'update p4 groups']]);
  await samba.remove(`CN=department,${samba.groups}`);
  await read(house, changes);
  const gone = await read(house, census);
  assert.ok(!account(house, 'p1').groups.some((name) => name.startsWith('CN=department,')), fieldsOf(gone).join());
  await isWhole(house);
});

inside('renamed and moved, alone or with a folder: the same account', async (house, samba) => {
  const before = account(house, 'p10');
  const away = `OU=Away,${samba.people}`;
  await samba.add(away, { objectClass: 'organizationalUnit' });
  await read(house, changes);
  await samba.rename(`CN=p10,${samba.people}`, `CN=Ten\\, P,${away}`);
  const moved = await read(house, changes);
  assert.equal([moved.extent, fieldsOf(moved)], ['changes', ['update p10 dn']]);
  assert.equal([account(house, 'p10').id, account(house, 'p10').dn], [before.id, `CN=Ten\\, P,${away}`]);
  await samba.rename(away, `OU=Farther,${samba.people}`);
  const carried = await read(house, changes);
  assert.equal([carried.extent, fieldsOf(carried)], ['everybody', ['update p10 dn']]);
  assert.equal([account(house, 'p10').id, account(house, 'p10').dn], [before.id, `CN=Ten\\, P,OU=Farther,${samba.people}`]);
  await isWhole(house);
});

inside('who is moved out of the base, alone or with a folder, is as good as gone; who is moved back is back', async (house, samba) => {
  const outside = `OU=Outside,${samba.base}`;
  await samba.add(outside, { objectClass: 'organizationalUnit' });
  await read(house, changes);
  await samba.rename(`CN=p20,${samba.people}`, `CN=p20,${outside}`);
  await samba.rename(`OU=Farther,${samba.people}`, `OU=Farther,${outside}`);
  const { id } = account(house, 'p20');
  const report = await read(house, census);
  assert.ok(account(house, 'p20').isDisabled && account(house, 'p10').isDisabled, fieldsOf(report).join());
  await samba.rename(`CN=p20,${outside}`, `CN=p20,${samba.people}`);
  await samba.rename(`OU=Farther,${outside}`, `OU=Farther,${samba.people}`);
  await read(house, changes);
  assert.equal([account(house, 'p20').id, account(house, 'p20').dn], [id, `CN=p20,${samba.people}`]);
  await isWhole(house);
});

inside('who is deleted shows when all are looked for', async (house, samba) => {
  for (const number of [30, 31, 32]) await samba.remove(`CN=p${number},${samba.people}`);
  await samba.replace(`CN=p33,${samba.people}`, { mail: 'p33@example.org' });
  const blind = await read(house, changes);
  assert.equal([blind.extent, fieldsOf(blind)], ['changes', ['update p33 mail']]);
  const report = await read(house, census);
  assert.equal([report.extent, fieldsOf(report).length], ['changes and ids', report.disabled]);
  assert.ok([30, 31, 32].every((number) => account(house, `p${number}`).isDisabled));
  await isWhole(house);
});

inside('more than the share at once changes nothing', async (house, samba) => {
  const enabled = () => house.world.accounts.enabledIn('office');
  await samba.atOnce(async () => {
    for (let number = 300; number < 400; number++)
      await samba.replace(`CN=p${number},${samba.people}`, { userAccountControl: normalAccount | 0x20 });
  });
  await read(house, changes);
  const before = enabled();
  await samba.atOnce(async () => {
    for (let number = 300; number < 400; number++) await samba.remove(`CN=p${number},${samba.people}`);
  });
  const brake = await house.sync(directoryOf(house), census);
  assert.equal(isRefusal(brake) && [brake.key, brake.params.count, enabled()], ['sync.brake', 100, before]);
  assert.is((await read(house, { mayDisable: 100 })).disabled, 100);
});

test.run();
