// needs: samba
/** `latchkey check` on broken set-ups of a real Samba domain: each names its fault, and the line that is printed cures it. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openDirectory } from '../../directory/directory.ts';
import { minute } from '../../rules/time.ts';
import { openHouseBefore, type HouseBefore, type Person } from '../house.ts';
import { type Samba, type SambaRight, startSamba } from '../samba.ts';
import { sambaConfigOf } from '../samba-bench.ts';
import { noLog, realClock } from '../slapd-bench.ts';
import { type Checked, checked, faultsOf, isAllWell } from './check-up.ts';

const anna: Person = { login: 'anna', name: 'Anna, Ö+x', password: 'First words of 4 years', address: 'anna@home.example.net' };
const everything: readonly SambaRight[] = ['reset', 'unlock', 'expire', 'policies'];

interface Room {
  samba: Samba;
  house: HouseBefore;
  /** Of the person. */
  dn: string;
}
const test = suite<Room>('the doctor, at Samba');

test.before(async (room) => {
  const samba = await startSamba();
  room.samba = samba;
  room.house = await openHouseBefore({
    ...{ ca: samba.ca, serviceDn: samba.serviceDn, servicePassword: samba.servicePassword, baseDn: samba.people },
    url: samba.ldaps,
    startTls: false,
    add: async (people) => {
      for (const person of people) room.dn = await samba.addPerson(person);
    },
    opens: () => samba.opens(room.dn, anna.password),
    close: () => samba.close(),
  });
  await room.house.admit([anna]);
});
test.after(({ house }) => house.close());
test.after.each(({ samba }) => samba.setRights(everything));

/** Nothing of the person may have changed, pwdLastSet and uSNChanged included. */
async function looked({ samba, house, dn }: Room, ...how: [((config: string) => string)?, (readonly string[])?]): Promise<Checked> {
  const before = await samba.read(dn);
  const result = await checked(house, ...how);
  assert.equal(await samba.read(dn), before);
  return result;
}

const says = (result: Checked, words: RegExp) => assert.match(result.stdout, words);
const linesFor = (result: Checked, tool: 'samba-tool' | 'dsacls'): string[] =>
  result
    .lines()
    .split('\n')
    .filter((line) => line.startsWith(tool));

test('all is well, clock and control included', async (room) => {
  assert.ok(await room.house.opens(anna, anna.password));
  const result = await looked(room, undefined, ['--account', 'anna']);
  isAllWell(result);
  says(result, /Its clock and this one agree/);
  says(result, /no policy hints control/);
  says(result, /may no more than it needs/);
});

for (const { right, fault, dsacls } of [
  { right: 'reset', fault: /may not set its password/, dsacls: ':CA;Reset Password;user"' },
  { right: 'unlock', fault: /may not unlock it/, dsacls: ':WP;lockoutTime;user"' },
  { right: 'expire', fault: /may not say that its password must be changed/, dsacls: ':WP;pwdLastSet;user"' },
  { right: 'policies', fault: /cannot read the fine-grained policies/, dsacls: ' /I:T /G "latchkey@ad.latchkey.test:GR"' },
] as const) {
  test(`without the right "${right}": the line of samba-tool that is printed grants it, and that for Windows stands beside it`, async (room) => {
    const { samba } = room;
    await samba.setRights(everything.filter((one) => one !== right));
    const result = await looked(room);
    assert.equal(faultsOf(result), [right === 'policies' ? 'office, policy' : 'office, rights']);
    says(result, fault);
    assert.ok(linesFor(result, 'dsacls')[0]?.endsWith(dsacls), result.lines());
    const [line = '', ...more] = linesFor(result, 'samba-tool');
    assert.equal(more, []);
    await samba.asRoot(line);
    isAllWell(await looked(room));
  });
}

test('a policy of one’s own that cannot be read', async (room) => {
  const { samba, dn } = room;
  const policy = await samba.addPolicy('strict', { 'msDS-MinimumPasswordLength': 20 }, [dn]);
  try {
    says(await looked(room), /at least 20 characters/);
    await samba.setRights(['reset', 'unlock', 'expire']);
    const result = await looked(room);
    assert.equal(faultsOf(result), ['office, policy']);
  } finally {
    await samba.remove(policy);
  }
});

test('a wrong password, a wrong name, and the plain port', async (room) => {
  const { house, samba } = room;
  writeFileSync(join(house.folder, 'secrets/other'), 'not the password\n', { mode: 0o600 });
  const refused = await looked(room, (text) => text.replace('secrets/directory', 'secrets/other'));
  assert.equal(faultsOf(refused), ['office, bind']);
  says(refused, /its password here is not the one there/);
  says(refused, /data 52e/);
  const named = await looked(room, (text) => text.replace('ldaps://127.0.0.1', 'ldaps://localhost'));
  assert.ok(faultsOf(named).includes('office, tls'));
  says(named, /The certificate is not for localhost/);
  const plain = await looked(room, (text) => text.replace(samba.ldaps, samba.ldap.replace('ldap:', 'ldaps:')));
  assert.equal(faultsOf(plain), ['office, tls']);
  says(plain, /speaks LDAP without encryption/);
});

test('a clock that goes wrong is told, and by how much', async ({ samba }) => {
  const clock = { ...realClock, now: () => Date.now() + 5 * minute };
  const directory = openDirectory(sambaConfigOf(samba), { clock, log: noLog });
  const amiss = (await directory.examine(null)).filter(({ verdict }) => verdict === 'fault');
  await directory.close();
  assert.equal(
    amiss.map(({ key }) => key),
    ['clock.off'],
  );
  assert.ok(Math.abs(Number(amiss[0]?.params.seconds) - 300) < 5);
  assert.is(amiss[0]?.params.way, 'behind');
});

test('an administrator of the domain as service account is warned about', async (room) => {
  const { house, samba } = room;
  writeFileSync(join(house.folder, 'secrets/administrator'), `${samba.adminPassword}\n`, { mode: 0o600 });
  const result = await looked(room, (text) =>
    text.replace(samba.serviceDn, samba.adminDn).replace('secrets/directory', 'secrets/administrator'),
  );
  assert.is(result.code, 0);
  says(result, /The service account is in Domain Admins/);
  assert.ok(await house.opens(anna, anna.password), 'after all that');
});

test.run();
