/**
 * A real 389 Directory Server for tests: its own authority, and a service account with the rights of docs/directory-setup.md and no more, on
 * loopback and in a temporary folder.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { layInstance } from './389ds-instance.ts';
import { eventually } from './eventually.ts';
import { attributesOf, freePorts, run, testAuthority } from './slapd.ts';

type Fields = Readonly<Record<string, string | number>>;

export interface Dirsrv {
  readonly base: string;
  readonly people: string;
  readonly groups: string;
  readonly ldaps: string;
  readonly ldap: string;
  /** PEM of its authority; the certificate is for 127.0.0.1. */
  readonly ca: string;
  readonly serviceDn: string;
  readonly servicePassword: string;
  /** As Directory Manager, whom no policy binds. LDIF of changes; without `changetype` it adds. Rejects with the tool's own words. */
  modify(ldif: string): Promise<void>;
  /** The policy of all who have none of their own. */
  setPolicy(fields: Fields): Promise<void>;
  /** Attributes of one entry, operational ones included, as Directory Manager sees them. */
  read(dn: string): Promise<ReadonlyMap<string, readonly string[]>>;
  /** Whether a simple bind succeeds, by ldapwhoami. A wrong password counts as a failure. */
  opens(dn: string, password: string): Promise<boolean>;
  close(): Promise<void>;
}

/** The policy of a test's people. One category of characters, so that every password of twelve will do. */
export const dirsrvPolicy: Fields = {
  passwordCheckSyntax: 'on',
  passwordMinLength: 12,
  passwordMinCategories: 1,
  passwordHistory: 'on',
  passwordInHistory: 5,
  passwordMinAge: 0,
  passwordExp: 'on',
  passwordMaxAge: 7_776_000,
  passwordMustChange: 'on',
  passwordLockout: 'on',
  passwordMaxFailure: 3,
  passwordLockoutDuration: 1800,
  passwordResetFailureCount: 1800,
};

const base = 'dc=latchkey,dc=test';
const serviceDn = `cn=latchkey,ou=services,${base}`;
const manager = 'cn=Directory Manager';
const [managerPassword, servicePassword] = ['Adm1n-Passw0rd!', 'Service-Passw0rd!'];

export async function startDirsrv(): Promise<Dirsrv> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-389ds-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const instance = await layInstance({ folder, base, managerPassword });
  const [ldapPort, ldapsPort] = await freePorts();
  const authority = await testAuthority();
  await instance.encrypt(await authority.issue({ names: [{ type: 'ip', value: '127.0.0.1' }] }), authority.ca);
  instance.configure(settings(ldapPort, ldapsPort));

  const ldap = `ldap://127.0.0.1:${ldapPort}`;
  const toolOf = (who: string, password: string) => {
    const secret = join(folder, who.replace(/\W+/g, '-'));
    writeFileSync(secret, password, { mode: 0o600 });
    return (name: string, args: readonly string[], input = '') => run(name, ['-x', '-H', ldap, '-D', who, '-y', secret, ...args], input);
  };
  const tool = toolOf(manager, managerPassword);
  const toolOfService = toolOf(serviceDn, servicePassword);
  const modify = async (ldif: string) => void (await tool('ldapmodify', ['-a'], ldif));
  const setPolicy = (fields: Fields) =>
    modify(
      `dn: cn=config\nchangetype: modify\n${Object.entries(fields)
        .map(([name, value]) => `replace: ${name}\n${name}: ${value}\n-\n`)
        .join('')}\n`,
    );

  const stop = await instance.start(ldapsPort);
  const close = async () => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await modify(`${organisation}\n${documentedSetup()}`);
    await setPolicy(dirsrvPolicy);
    // It takes in who may read what some time after its answer.
    await eventually('the service account does not see the policy', () =>
      toolOfService('ldapsearch', ['-LLL', '-s', 'base', '-b', 'cn=config', 'passwordMinLength']).then(
        (seen) => seen.includes('passwordMinLength'),
        () => false,
      ),
    );
  } catch (problem) {
    // A server left alone would keep this process alive.
    await close();
    throw problem;
  }
  return {
    ...{ base, people: `ou=people,${base}`, groups: `ou=groups,${base}`, ldap, ldaps: `ldaps://127.0.0.1:${ldapsPort}` },
    ...{ ca: authority.ca, serviceDn, servicePassword, modify, setPolicy },
    async read(dn) {
      return attributesOf(await tool('ldapsearch', ['-LLL', '-o', 'ldif-wrap=no', '-s', 'base', '-b', dn, '(objectClass=*)', '*', '+']));
    },
    async opens(dn, password) {
      const file = join(folder, `try-${process.hrtime.bigint()}`);
      writeFileSync(file, password, { mode: 0o600 });
      try {
        await run('ldapwhoami', ['-x', '-H', ldap, '-D', dn, '-y', file]);
        return true;
      } catch (error) {
        // Locked is 19 here, disabled 53: whatever the bind itself is answered, the door stays shut.
        if (/ldap_bind: .* \((19|49|53)\)/.test(String(error))) return false;
        throw error;
      } finally {
        rmSync(file);
      }
    },
    close,
  };
}

/** dscreate's defaults would listen everywhere and take a quarter of the memory. */
const settings = (ldapPort: number, ldapsPort: number): Readonly<Record<string, Fields>> => ({
  'cn=config': {
    'nsslapd-port': ldapPort,
    'nsslapd-securePort': ldapsPort,
    'nsslapd-listenhost': '127.0.0.1',
    'nsslapd-securelistenhost': '127.0.0.1',
    'nsslapd-security': 'on',
    'nsslapd-accesslog-logging-enabled': 'off',
  },
  'cn=config,cn=ldbm database,cn=plugins,cn=config': { 'nsslapd-cache-autosize': 0 },
  'cn=bdb,cn=config,cn=ldbm database,cn=plugins,cn=config': { 'nsslapd-cache-autosize': 0, 'nsslapd-dbcachesize': 2_000_000 },
});

const organisation = ['people', 'services', 'groups']
  .map((name) => `dn: ou=${name},${base}\nobjectClass: organizationalUnit\nou: ${name}\n`)
  .join('\n');

/** The lines of the manual, as an administrator would use them. */
function documentedSetup(): string {
  const manual = readFileSync(new URL('../../docs/directory-setup.md', import.meta.url), 'utf8');
  const section = manual.split(/^## /m).find((text) => text.startsWith('389 Directory Server\n'));
  const lines = section?.split(/^```.*\n/m)[1];
  if (lines === undefined) throw new Error('docs/directory-setup.md has no LDIF for 389 Directory Server');
  return lines.replaceAll('dc=example,dc=com', base).replace('CHOOSE-A-LONG-PASSWORD', servicePassword);
}
