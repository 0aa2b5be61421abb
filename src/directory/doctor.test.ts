// needs: slapd ldap-utils
/** The doctor at a real slapd, where one process is enough: limits, servers one by one, and what befalls a service account. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Slapd, type SlapdOptions, startSlapd } from '../testing/slapd.ts';
import { configOf, noLog, personLdif, realClock } from '../testing/slapd-bench.ts';
import type { DirectoryFinding } from '../world.ts';
import type { DirectoryConfig } from './config.ts';
import { openDirectory } from './directory.ts';

const test = suite('the doctor');
const open: Slapd[] = [];
test.after(async () => {
  await Promise.all(open.map((slapd) => slapd.close()));
});

async function office(options: SlapdOptions = {}, people = 1): Promise<Slapd> {
  const person = (nth: number) => ({ login: `p${nth}`, name: `Person ${nth}`, password: 'Initial words of one' });
  // Loaded before the start: a thousand of them in no time.
  const ldif = (slapd: Pick<Slapd, 'people'>) => Array.from({ length: people }, (_, nth) => personLdif(slapd, person(nth))).join('');
  const slapd = await startSlapd({ ...options, ldif: ldif({ people: 'ou=people,dc=latchkey,dc=test' }) });
  open.push(slapd);
  return slapd;
}

async function examined(
  slapd: Slapd,
  more: Partial<DirectoryConfig> = {},
  login: string | null = null,
): Promise<readonly DirectoryFinding[]> {
  const directory = openDirectory(configOf(slapd, more), { clock: realClock, log: noLog });
  const found = await directory.examine(login);
  await directory.close();
  return found;
}
const amiss = (found: readonly DirectoryFinding[]): string[] => found.filter(({ verdict }) => verdict !== 'well').map(({ key }) => key);

test('a size limit that ends paged searches is found, tries the rights all the same, and its cure cures', async () => {
  const slapd = await office({ isLimited: true }, 600);
  for (const pageSize of [100, 1000]) {
    const found = await examined(slapd, { pageSize });
    assert.equal(amiss(found), ['reading.size-limit'], `pages of ${pageSize}`);
    assert.ok(found.some(({ key }) => key === 'rights.reset'));
  }
  const [limit] = (await examined(slapd)).filter(({ key }) => key === 'reading.size-limit');
  await slapd.asRoot(limit?.cure ?? '');
  const cured = await examined(slapd);
  assert.ok(cured.some(({ key, params }) => key === 'reading.good' && params.count === 600));
});

test('each server is looked at for itself, in the configured order', async () => {
  const slapd = await office();
  const found = await examined(slapd, { urls: ['ldaps://127.0.0.1:1', slapd.ldaps] });
  assert.equal([...new Set(found.map(({ server }) => server))], ['ldaps://127.0.0.1:1', slapd.ldaps]);
  assert.equal(amiss(found.filter(({ server }) => server !== slapd.ldaps)), ['connection.refused']);
  assert.ok(found.some(({ server, key }) => server === slapd.ldaps && key === 'rights.reset'));
  slapd.freeze();
  assert.equal(amiss(await examined(slapd, { timeoutMillis: 500 })), ['tls.none']);
  slapd.thaw();
});

test('a service account that is locked, must change, or has no such name', async () => {
  const slapd = await office();
  const mark = (lines: string) => slapd.force(`dn: ${slapd.serviceDn}\nchangetype: modify\n${lines}\n\n`);
  await mark('replace: pwdPolicySubentry\npwdPolicySubentry: cn=default,ou=policies,dc=latchkey,dc=test');
  await mark('replace: pwdReset\npwdReset: TRUE');
  assert.equal(amiss(await examined(slapd)), ['bind.must-change']);
  await mark('replace: pwdReset\n-\nreplace: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z');
  assert.equal(amiss(await examined(slapd)), ['bind.locked']);
  await mark('replace: pwdAccountLockedTime\n-\nreplace: pwdChangedTime\npwdChangedTime: 20200101000000Z');
  assert.equal(amiss(await examined(slapd)), ['bind.expired']);
  assert.equal(amiss(await examined(slapd, { bindDn: 'latchkey' })), ['bind.wrong-name']);
});

test('a base, a kind and a filter that do not fit', async () => {
  const slapd = await office();
  const [base] = (await examined(slapd, { baseDn: 'dc=elsewhere' })).filter(({ verdict }) => verdict === 'fault');
  assert.is(base?.key, 'base.missing');
  assert.is(base?.cure, 'base_dn = "dc=latchkey,dc=test"');
  assert.ok(amiss(await examined(slapd, { accountFilter: '(uid=nobody)' })).includes('reading.nobody'));
  const other = await examined(slapd, { kind: '389ds' });
  assert.is(other.find(({ key }) => key === 'root.other-kind')?.cure, 'kind = "openldap"');
  assert.ok(amiss(await examined(slapd, {}, 'nobody')).includes('account.unknown'));
});

test.run();
