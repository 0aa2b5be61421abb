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
const thrown = (reading: Promise<unknown>): Promise<unknown> => reading.catch((error: unknown) => error);
async function readAll(): Promise<void> {
  for await (const page of directory.people()) assert.ok(page.length > 0);
}

test('where the administrators’ groups are hidden nobody’s protection is known: nobody is shown, and the doctor says why', async () => {
  // The right to read objectSid (MS-ADA3 2.43): of the group, and of the domain, from which its groups' are made.
  const hidden = '(OD;;RP;bf9679e8-0de6-11d0-a285-00aa003049e2;;{sid})';
  for (const place of [`CN=Domain Admins,CN=Users,${samba.base}`, samba.base]) {
    await samba.grant(place, samba.serviceDn, [hidden]);
    try {
      const refusals = [
        await directory.passwords(account).status(),
        await thrown(directory.read(account.remoteId ?? '')),
        await thrown(readAll()),
      ];
      for (const refusal of refusals) {
        assert.is(isRefusal(refusal) ? refusal.key : refusal, 'directory.no-permission', place);
        assert.match((refusal as Refusal).raw ?? '', /groups cannot be read: 512$/);
      }
      const amiss = await directory.examine(null);
      assert.match(amiss.find(({ key }) => key === 'reading.incomplete')?.raw ?? '', /groups cannot be read: 512$/);
    } finally {
      await samba.grant(place, samba.serviceDn, []);
    }
  }
  assert.not.ok((await statusOf()).isProtected);
});

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
