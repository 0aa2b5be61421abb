// needs: 389ds
/** The doctor at a real 389 Directory Server: what is taken from the service account is named, what is printed cures, and nothing is changed. */

import { execFile } from 'node:child_process';
import { isDeepStrictEqual } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Dirsrv, startDirsrv } from '../../testing/389ds.ts';
import { eventually } from '../../testing/eventually.ts';
import { configOf, dnOf, noLog, personLdif, realClock } from '../../testing/slapd-bench.ts';
import type { DirectoryFinding } from '../../world.ts';
import { openDirectory } from '../directory.ts';
import { dirsrvGrants } from './389ds.ts';

const person = { login: 'anna', name: 'Anna', password: 'Initial words of anna 1' };
const test = suite<{ dirsrv: Dirsrv }>('the doctor, at 389 Directory Server');

test.before(async (room) => {
  room.dirsrv = await startDirsrv();
  await room.dirsrv.modify(personLdif(room.dirsrv, person));
});
test.after(({ dirsrv }) => dirsrv.close());

/** All of it, and nothing of the person may have changed. */
async function examined(dirsrv: Dirsrv, more: { bindDn?: string; bindPassword?: string } = {}): Promise<readonly DirectoryFinding[]> {
  const dn = dnOf(dirsrv, person.name);
  const before = await dirsrv.read(dn);
  const directory = openDirectory(configOf(dirsrv, more), { clock: realClock, log: noLog });
  const found = await directory.examine(person.login);
  await directory.close();
  assert.equal(await dirsrv.read(dn), before);
  return found;
}
const amiss = (found: readonly DirectoryFinding[]): string[] => found.filter(({ verdict }) => verdict !== 'well').map(({ key }) => key);

/** The server takes in who may do what some time after its answer, so this looks until just that is amiss. */
async function comesTo(dirsrv: Dirsrv, keys: readonly string[]): Promise<readonly DirectoryFinding[]> {
  let found: readonly DirectoryFinding[] = [];
  await eventually(
    () => `${keys.join()} should be amiss, and is ${amiss(found).join()}`,
    async () => {
      found = await examined(dirsrv);
      return isDeepStrictEqual(amiss(found), keys);
    },
  );
  return found;
}

/** Takes a line of the manual away. */
const without = (dirsrv: Dirsrv, dn: string, aci: string) => dirsrv.modify(`dn: ${dn}\nchangetype: modify\ndelete: aci\n${aci}\n\n`);
/** What is printed, as an administrator types it, with the address and without being asked for the password. */
async function cure(dirsrv: Dirsrv, found: readonly DirectoryFinding[]): Promise<void> {
  const lines = found.flatMap((finding) => finding.cure ?? []).join('\n');
  const typed = lines.replaceAll(' -W ', ` -w 'Adm1n-Passw0rd!' -H ${dirsrv.ldap} `);
  await new Promise<void>((resolve, reject) => execFile('sh', ['-e', '-c', typed], (error) => (error ? reject(error) : resolve())));
}

test('is content with the rights of the manual, and reads its clock', async ({ dirsrv }) => {
  const found = await examined(dirsrv);
  assert.equal(amiss(found), []);
  assert.ok(found.some(({ key }) => key === 'clock.good'));
});

test('names the right that is missing, and prints the line that grants it', async ({ dirsrv }) => {
  for (const [right, keys] of [
    ['reset', ['rights.no-reset']],
    ['unlock', ['rights.no-unlock', 'rights.no-must-change']],
  ] as const) {
    await without(dirsrv, dirsrv.people, dirsrvGrants[right](dirsrv.serviceDn));
    const found = await comesTo(dirsrv, keys);
    await cure(
      dirsrv,
      found.filter(({ key }) => key === keys[0]),
    );
    await comesTo(dirsrv, []);
  }
});

test('says that the policy cannot be read, and prints the line that lets it be', async ({ dirsrv }) => {
  await without(dirsrv, 'cn=config', dirsrvGrants.policy(dirsrv.serviceDn));
  await cure(dirsrv, await comesTo(dirsrv, ['policy.unreadable']));
  await comesTo(dirsrv, []);
});

test('warns about the root of the directory as service account', async ({ dirsrv }) => {
  assert.equal(amiss(await examined(dirsrv, { bindDn: 'cn=Directory Manager', bindPassword: 'Adm1n-Passw0rd!' })), ['power.root']);
});

test.run();
