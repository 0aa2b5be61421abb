/** A real OpenLDAP for tests: slapd with the ppolicy overlay, its own authority and a service account with least rights, on loopback and in a temporary folder. */

import { randomBytes } from 'node:crypto';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CertificateAuthority, certificateAuthority, type ServerCertificate } from '../directory/certificate.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import { freeze } from './freeze.ts';
import { manual } from './manual.ts';

const binary = '/usr/sbin/slapd';
const modules = '/usr/lib/ldap';

/** What is missing here for a slapd to run. Test files say `// needs: slapd ldap-utils`, and are not run without. */
const missing = (): string[] => [binary, '/usr/bin/ldapadd', `${modules}/ppolicy.la`].filter((file) => !existsSync(file));

export interface SlapdOptions {
  /** Fields of the default policy over `slapdPolicy`, as ppolicy names them. */
  readonly policy?: Readonly<Record<string, string | number>>;
  /** Entries loaded before the start by slapadd, which runs no overlay: no pwdChangedTime, no memberOf. */
  readonly ldif?: string;
  /** Leaves the service account with slapd's limit of 500 entries. */
  readonly isLimited?: boolean;
  /**
   * The service account's right on people's userPassword: `=w`; `=xw`, with which slapd compares an old password for it; or `manage`, with
   * which no policy binds it and what it sets is temporary.
   */
  readonly passwordRight?: '=w' | '=xw' | 'manage';
  /** Access rules before all others, as slapd.access(5) writes them: what the service account shall not see. */
  readonly access?: readonly string[];
  /** Gives its entries to consumers (slapo-syncprov(5)). */
  readonly isProvider?: boolean;
  /** Keeps a copy of a provider's entries (syncrepl, RFC 4533), and none of its own; takes no writes, and refers them to `refersTo`, if anywhere. */
  readonly copyOf?: { readonly port: number; readonly refersTo?: string };
}

export interface Slapd {
  readonly base: string;
  readonly people: string;
  readonly groups: string;
  /** `ldaps://127.0.0.1:port`, and `ldap://127.0.0.1:port` for StartTLS. */
  readonly ldaps: string;
  readonly ldap: string;
  readonly ldapsPort: number;
  readonly ldapPort: number;
  /** PEM of its authority; the certificate is for 127.0.0.1 and ldap.latchkey.test, not for localhost. */
  readonly ca: string;
  readonly certificate: ServerCertificate;
  readonly authority: CertificateAuthority;
  readonly serviceDn: string;
  readonly servicePassword: string;
  /** The database's root: no policy binds it, nor any access rule. */
  readonly adminDn: string;
  readonly adminPassword: string;
  readonly policyDn: string;
  /** Bound as the directory's root, whom no policy binds. Rejects with the tool's own words. */
  add(ldif: string): Promise<void>;
  modify(ldif: string): Promise<void>;
  /** As an administrator with the relax control: may write operational attributes. */
  force(ldif: string): Promise<void>;
  setPolicy(fields: Readonly<Record<string, string | number>>): Promise<void>;
  /** A further policy, with the default one's fields but for these, and which entry it is. It binds whose `pwdPolicySubentry` says so. */
  addPolicy(name: string, fields: Readonly<Record<string, string | number>>): Promise<string>;
  /** Lines for a shell on the server, as root: `ldapi:///` is its socket, where whoever runs it may configure it (SASL EXTERNAL). */
  asRoot(lines: string): Promise<void>;
  /** Attribute lines of one entry, operational ones included, as root sees them. */
  read(dn: string): Promise<ReadonlyMap<string, readonly string[]>>;
  /** Whether a simple bind succeeds, by ldapwhoami. A wrong password counts as a failure. */
  opens(dn: string, password: string): Promise<boolean>;
  /** SIGSTOP: it accepts connections, by its kernel, and says nothing. */
  freeze(): void;
  thaw(): void;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** On the same ports and data, after `kill`. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** The default policy of a test's people. */
export const slapdPolicy: Readonly<Record<string, string | number>> = {
  pwdMinLength: 12,
  pwdInHistory: 5,
  pwdMaxAge: 7_776_000,
  pwdExpireWarning: 604_800,
  pwdMinAge: 0,
  pwdLockout: 'TRUE',
  pwdMaxFailure: 3,
  pwdLockoutDuration: 1800,
  pwdFailureCountInterval: 1800,
  pwdMustChange: 'TRUE',
  pwdAllowUserChange: 'TRUE',
  pwdSafeModify: 'FALSE',
  pwdCheckQuality: 2,
  pwdGraceAuthNLimit: 0,
};

const base = 'dc=latchkey,dc=test';
const adminDn = `cn=admin,${base}`;
const serviceDn = `cn=latchkey,ou=services,${base}`;
const policyDn = `cn=default,ou=policies,${base}`;
const adminPassword = 'Adm1n-Passw0rd!';
const servicePassword = 'Service-Passw0rd!';

/** An authority of real time and chance. */
export const testAuthority = () => certificateAuthority({ clock: { now: () => Date.now() }, random: { bytes: randomBytes } });

export async function startSlapd(options: SlapdOptions = {}): Promise<Slapd> {
  if (missing().length > 0) throw new Error(`${missing().join(', ')} not found: apt-get install -y slapd ldap-utils`);
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-slapd-'));
  for (const name of ['config', 'db', 'tls']) mkdirSync(join(folder, name));
  const authority = await testAuthority();
  const certificate = await authority.issue({
    names: [
      { type: 'ip', value: '127.0.0.1' },
      { type: 'dns', value: 'ldap.latchkey.test' },
    ],
  });
  writeFileSync(join(folder, 'tls', 'ca.pem'), authority.ca);
  writeFileSync(join(folder, 'tls', 'ldap.pem'), certificate.cert);
  writeFileSync(join(folder, 'tls', 'ldap.key'), certificate.key, { mode: 0o600 });
  const program = join(folder, 'slapd');
  // An AppArmor profile, as Ubuntu has, knows the program by its path and would keep it out of our folder.
  if (existsSync('/sys/kernel/security/apparmor')) copyFileSync(binary, program);
  const secret = join(folder, 'admin');
  writeFileSync(secret, adminPassword, { mode: 0o600 });
  const load = async (database: number, ldif: string) => {
    writeFileSync(join(folder, 'load.ldif'), ldif);
    await run('slapadd', ['-q', `-n${database}`, '-F', join(folder, 'config'), '-l', join(folder, 'load.ldif')]);
  };
  await load(0, configuration(folder, options));
  for (const [nth, ldif] of rightsOf(options).entries()) {
    writeFileSync(join(folder, `rights-${nth}.ldif`), ldif);
    await run('slapmodify', ['-n0', '-F', join(folder, 'config'), '-l', join(folder, `rights-${nth}.ldif`)]);
  }
  if (!options.copyOf) await load(1, `${entries({ ...slapdPolicy, ...options.policy })}\n${options.ldif ?? ''}`);

  const [ldapPort, ldapsPort] = await freePorts();
  const ldap = `ldap://127.0.0.1:${ldapPort}`;
  const ldaps = `ldaps://127.0.0.1:${ldapsPort}`;
  const ldapi = `ldapi://${encodeURIComponent(join(folder, 'ldapi'))}`;
  let server: ChildProcess | null = null;

  async function start(): Promise<void> {
    const child = spawn(
      existsSync(program) ? program : binary,
      ['-d', 'none', '-F', join(folder, 'config'), '-h', `${ldap}/ ${ldaps}/ ${ldapi}`],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    server = child;
    const end = () => child.kill('SIGKILL');
    process.once('exit', end);
    child.once('exit', () => process.off('exit', end));
    let said = '';
    child.stderr?.on('data', (data) => {
      said += data;
    });
    await eventually(
      () => `slapd does not answer: ${said}`,
      () => {
        if (child.exitCode !== null) throw new Error(`slapd ended: ${said}`);
        return answers(ldapsPort);
      },
    );
  }

  async function kill(): Promise<void> {
    const child = server;
    server = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  const tool = (name: string, args: readonly string[], input = '') =>
    run(name, ['-x', '-H', ldap, '-D', adminDn, '-y', secret, ...args], input);

  await start();
  return {
    base,
    people: `ou=people,${base}`,
    groups: `ou=groups,${base}`,
    ldap,
    ldaps,
    ldapPort,
    ldapsPort,
    ca: authority.ca,
    certificate,
    authority,
    serviceDn,
    servicePassword,
    adminDn,
    adminPassword,
    policyDn,
    add: async (ldif) => void (await tool('ldapadd', [], ldif)),
    modify: async (ldif) => void (await tool('ldapmodify', [], ldif)),
    force: async (ldif) => void (await tool('ldapmodify', ['-e', '!relax'], ldif)),
    async setPolicy(fields) {
      const lines = Object.entries(fields).map(([name, value]) => `replace: ${name}\n${name}: ${value}\n-\n`);
      await tool('ldapmodify', [], `dn: ${policyDn}\nchangetype: modify\n${lines.join('')}\n`);
    },
    async addPolicy(name, fields) {
      const dn = `cn=${name},ou=policies,${base}`;
      await tool('ldapadd', [], policyEntry(dn, { ...slapdPolicy, ...options.policy, ...fields }));
      return dn;
    },
    asRoot: async (lines) => void (await run('sh', ['-e', '-c', lines.replaceAll('ldapi:///', ldapi)])),
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
        if (/Invalid credentials \(49\)/.test(String(error))) return false;
        throw error;
      } finally {
        rmSync(file);
      }
    },
    freeze: () => freeze(server),
    thaw: () => void server?.kill('SIGCONT'),
    kill,
    start,
    async close() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** LDIF of one attribute, in base64 wherever RFC 2849 asks for it. */
export const ldifLine = (name: string, value: string): string =>
  /^[!-9;=-~][ -~]*[!-~]$|^[!-9;=-~]$/.test(value) ? `${name}: ${value}` : `${name}:: ${Buffer.from(value, 'utf8').toString('base64')}`;

export function attributesOf(ldif: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const line of ldif.split('\n')) {
    const [, name = '', colons = '', value = ''] = /^([^:]+)(::?) (.*)$/.exec(line) ?? [];
    if (name === '') continue;
    found.set(name, [...(found.get(name) ?? []), colons === '::' ? Buffer.from(value, 'base64').toString('utf8') : value]);
  }
  return found;
}

export function run(program: string, args: readonly string[], input = ''): Promise<string> {
  const path = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/usr/bin` };
  return new Promise((resolve, reject) => {
    const child = execFile(program, [...args], { env: path, timeout: 120_000, maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${program}: ${stderr || error.message}`));
      else resolve(stdout);
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

export const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const say = (isThere: boolean) => {
      socket.destroy();
      resolve(isThere);
    };
    socket.on('connect', () => say(true));
    socket.on('error', () => say(false));
  });

export const freePorts = async (): Promise<[number, number]> => [await freePort(), await freePort()];

/** What the manual says that the service account needs, and before it the test's own rules. */
function rightsOf({ isLimited = false, passwordRight = '=w', access = [] }: SlapdOptions): string[] {
  const [, rights = ''] = manual('OpenLDAP', { base });
  const given = rights.replace(/(attrs=userPassword .*) =w /, `$1 ${passwordRight} `);
  const before = access.map((rule, nth) => `olcAccess: {${nth}}${rule}\n`).join('');
  return [
    isLimited ? given.slice(0, given.indexOf('-\nadd: olcLimits')) : given,
    ...(before === '' ? [] : [`dn: olcDatabase={1}mdb,cn=config\nchangetype: modify\nadd: olcAccess\n${before}`]),
  ];
}

/** The rules of an office before Latchkey came: people see themselves and change their password, and nobody else sees anything. */
const configuration = (folder: string, { isProvider = false, copyOf }: SlapdOptions): string => `dn: cn=config
objectClass: olcGlobal
cn: config
olcTLSCACertificateFile: ${folder}/tls/ca.pem
olcTLSCertificateFile: ${folder}/tls/ldap.pem
olcTLSCertificateKeyFile: ${folder}/tls/ldap.key
olcTLSVerifyClient: never

dn: cn=module{0},cn=config
objectClass: olcModuleList
cn: module{0}
olcModulePath: ${modules}
olcModuleLoad: back_mdb
olcModuleLoad: ppolicy
olcModuleLoad: syncprov

dn: cn=schema,cn=config
objectClass: olcSchemaConfig
cn: schema

include: file:///etc/ldap/schema/core.ldif
include: file:///etc/ldap/schema/cosine.ldif
include: file:///etc/ldap/schema/nis.ldif
include: file:///etc/ldap/schema/inetorgperson.ldif

dn: olcDatabase={-1}frontend,cn=config
objectClass: olcDatabaseConfig
objectClass: olcFrontendConfig
olcDatabase: {-1}frontend
olcAccess: {0}to dn.base="" by * read
olcAccess: {1}to dn.base="cn=subschema" by * read

dn: olcDatabase={0}config,cn=config
objectClass: olcDatabaseConfig
olcDatabase: {0}config
olcAccess: {0}to * by dn.exact=gidNumber=${process.getgid?.()}+uidNumber=${process.getuid?.()},cn=peercred,cn=external,cn=auth manage by * none

dn: olcDatabase={1}mdb,cn=config
objectClass: olcDatabaseConfig
objectClass: olcMdbConfig
olcDatabase: {1}mdb
olcSuffix: ${base}
olcDbDirectory: ${folder}/db
olcDbMaxSize: 1073741824
olcDbNoSync: TRUE
olcRootDN: ${adminDn}
olcRootPW: ${adminPassword}
olcDbIndex: objectClass,entryUUID,entryCSN,uid,mail,member,uniqueMember,memberUid eq
olcAccess: to attrs=userPassword by self =xw by anonymous =x by * none
olcAccess: to attrs=pwdHistory by * none
olcAccess: to * by self =rscd by * none
${copyOf ? consumption(copyOf) : ''}
dn: olcOverlay={0}ppolicy,olcDatabase={1}mdb,cn=config
objectClass: olcOverlayConfig
objectClass: olcPPolicyConfig
olcOverlay: {0}ppolicy
olcPPolicyDefault: ${policyDn}
olcPPolicyUseLockout: TRUE
${isProvider ? '\ndn: olcOverlay={1}syncprov,olcDatabase={1}mdb,cn=config\nobjectClass: olcOverlayConfig\nobjectClass: olcSyncProvConfig\nolcOverlay: {1}syncprov\n' : ''}`;

const consumption = ({ port, refersTo }: NonNullable<SlapdOptions['copyOf']>): string =>
  `olcSyncrepl: {0}rid=001 provider=ldap://127.0.0.1:${port} bindmethod=simple binddn="${adminDn}" credentials="${adminPassword}" ` +
  `searchbase="${base}" type=refreshAndPersist retry="1 +"\n${refersTo === undefined ? '' : `olcUpdateRef: ${refersTo}\n`}`;

/** The service account is the manual's. */
const entries = (policy: Readonly<Record<string, string | number>>): string => `dn: ${base}
objectClass: organization
objectClass: dcObject
o: Latchkey
dc: latchkey

${['people', 'services', 'groups', 'policies'].map((name) => `dn: ou=${name},${base}\nobjectClass: organizationalUnit\nou: ${name}\n`).join('\n')}
${policyEntry(policyDn, policy)}
${manual('OpenLDAP', { base, servicePassword })[0]}`;

const policyEntry = (dn: string, policy: Readonly<Record<string, string | number>>): string =>
  [
    `dn: ${dn}`,
    ...['objectClass: applicationProcess', 'objectClass: pwdPolicy', 'pwdAttribute: userPassword'],
    ...[`cn: ${/^cn=([^,]+)/.exec(dn)?.[1]}`, ...Object.entries(policy).map(([name, value]) => `${name}: ${value}`)],
    '',
  ].join('\n');
