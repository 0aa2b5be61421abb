// needs: samba
/** What a hardened Active Directory hides, shown on a real Samba: nothing hidden is taken for nothing, and the manual's line shows it again. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Account } from '../rules/account.ts';
import { isRefusal, type Refusal } from '../rules/refusal.ts';
import { allSambaRights, type Samba, startSamba } from '../testing/samba.ts';
import { sambaAccountOf, sambaConfigOf } from '../testing/samba-bench.ts';
import { noLog, realClock } from '../testing/slapd-bench.ts';
import type { Directory, PasswordStatus } from '../world.ts';
import { openDirectory } from './directory.ts';

const test = suite('a hardened domain');
const [first, second] = ['First-Passw0rd-of-all', 'Second-Passw0rd-of-all'];
const quietly = () => undefined;
let samba: Samba;
let directory: Directory;
let account: Account;
let dn: string;

test.before(async () => {
  samba = await startSamba();
  dn = await samba.addPerson({ login: 'anna', name: 'Anna', password: first });
  account = await sambaAccountOf(samba, dn);
});
test.before.each(() => {
  directory = openDirectory(sambaConfigOf(samba), { clock: realClock, log: noLog });
});
test.after.each(() => directory?.close());
test.after(() => samba?.close());

async function statusOf(): Promise<PasswordStatus> {
  const status = await directory.passwords(account).status();
  if (isRefusal(status)) throw new Error(`${status.key}: ${status.raw}`);
  return status;
}
const found = async () => (await directory.examine('anna')).filter(({ verdict }) => verdict !== 'well');

test('with Pre-Windows 2000 Compatible Access emptied, the manual’s line shows what is needed, and the doctor prints it', async () => {
  await samba.lock(dn);
  await samba.replace(`CN=Pre-Windows 2000 Compatible Access,CN=Builtin,${samba.base}`, { member: [] });
  assert.is(
    ((await directory.passwords(account).status()) as Refusal).key,
    'directory.no-permission',
    'not even whether it is switched off',
  );

  await samba.grant(samba.people, samba.serviceDn, [
    '(OA;CIIO;RP;4c164200-20c0-11d0-a768-00aa006e0529;bf967aba-0de6-11d0-a285-00aa003049e2;{sid})',
    '(OA;CIIO;RP;9a7ad941-ca53-11d1-bbd0-0080c76670c0;bf967aba-0de6-11d0-a285-00aa003049e2;{sid})',
  ]);
  const warned = (await found()).find(({ key }) => key === 'rights.hidden');
  assert.is(warned?.params.attributes, 'badPwdCount, badPasswordTime, lockoutTime');
  const line = warned?.cure?.split('\n').find((one) => one.startsWith('samba-tool')) ?? '';

  await samba.setRights(allSambaRights);
  await samba.asRoot(line);
  const { lock, failuresLeft } = await statusOf();
  assert.equal([lock, failuresLeft], ['lockout', 0]);
  assert.equal(await found(), []);
  const set = await directory.passwords(account).set(second, quietly);
  assert.ok(set.kind === 'done' && set.isProved, JSON.stringify(set));
  assert.is((await statusOf()).failuresLeft, 3);
  await samba.replace(dn, { adminCount: 1 });
  assert.ok((await statusOf()).isProtected);
});

test.run();
