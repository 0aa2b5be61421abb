/**
 * A real Active Directory for tests: Samba's domain controller with LDAP alone, its own authority and a service account with least rights, on a
 * loopback address of its own and in a temporary folder. Needs root, for the ports of LDAP cannot be chosen.
 */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CertificateAuthority, ServerCertificate } from '../directory/certificate.ts';
import { escapeValue } from '../directory/dn.ts';
import { eventually } from './eventually.ts';
import { freeze } from './freeze.ts';
import { keptFile } from './kept.ts';
import { type Administrator, administratorScript, openAdministrator, provisionScript } from './samba-administrator.ts';
import { manual } from './manual.ts';
import { testAuthority } from './slapd.ts';

/** What the service account may do: reset passwords, write lockoutTime, write pwdLastSet, read the fine-grained policies. */
export type SambaRight = 'reset' | 'unlock' | 'expire' | 'policies';

export interface SambaOptions {
  /** A folder with a whole system in it, whose Samba runs by chroot; without it this machine's. */
  readonly tree?: string;
  /** Further lines of smb.conf(5), e.g. `{ 'ldap server require strong auth': 'no' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** So many in `people`, `p0` and so on, switched off and without passwords, and in teams. */
  readonly crowd?: number;
}

export interface Samba extends Administrator {
  readonly version: string;
  readonly base: string;
  readonly people: string;
  readonly groups: string;
  /** The container of the fine-grained policies. */
  readonly policies: string;
  /** `ldaps://127.0.0.1:port`, and `ldap://127.0.0.1:port` for StartTLS: forwarded to its own address. */
  readonly ldaps: string;
  readonly ldap: string;
  readonly ldapsPort: number;
  readonly ldapPort: number;
  /** PEM of its authority; the certificate is for 127.0.0.1, its own address and dc1.ad.latchkey.test. */
  readonly ca: string;
  readonly certificate: ServerCertificate;
  readonly authority: CertificateAuthority;
  readonly serviceDn: string;
  readonly servicePassword: string;
  readonly adminDn: string;
  readonly adminPassword: string;
  /** A person in `people`, or in another place, named in the DN by `name`. Resolves to the DN. */
  addPerson(person: SambaPerson): Promise<string>;
  addGroup(name: string, members: readonly string[]): Promise<string>;
  /** A fine-grained policy over `sambaPolicy` for these people and groups. Resolves to its DN. */
  addPolicy(name: string, fields: Attributes, appliesTo: readonly string[]): Promise<string>;
  /** Attributes of the domain as it names them: intervals in negative tenths of microseconds. */
  setPolicy(fields: Attributes): Promise<void>;
  setRights(rights: readonly SambaRight[]): Promise<void>;
  /** A line of samba-tool(8), as an administrator types it on the domain controller. */
  asRoot(line: string): Promise<void>;
  /** What a simple bind says, by ldapsearch: 'in', or the code of AcceptSecurityContext, e.g. `52e`. A wrong password counts. */
  bindSays(dn: string, password: string): Promise<string>;
  opens(dn: string, password: string): Promise<boolean>;
  isLocked(dn: string): Promise<boolean>;
  /** By as many wrong passwords as it takes. */
  lock(dn: string): Promise<void>;
  /** SIGSTOP: it accepts connections, by its kernel, and says nothing. */
  freeze(): void;
  thaw(): void;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** On the same ports and data, after `kill`. */
  start(): Promise<void>;
  close(): Promise<void>;
}

export interface SambaPerson {
  readonly login: string;
  readonly name: string;
  readonly password: string;
  readonly mail?: string;
  readonly mobile?: string;
  readonly under?: string;
}

type Attributes = Parameters<Administrator['replace']>[1];

const domain = 'ad.latchkey.test';
const base = 'DC=ad,DC=latchkey,DC=test';
const [people, groups, services] = [`OU=People,${base}`, `OU=Groups,${base}`, `OU=Services,${base}`];
const policies = `CN=Password Settings Container,CN=System,${base}`;
const [serviceDn, adminDn] = [`CN=latchkey,${services}`, `CN=Administrator,CN=Users,${base}`];
const [servicePassword, adminPassword] = ['Service-Passw0rd!', 'Adm1n-Passw0rd!'];

/** MS-ADTS: a span of time is a negative number of tenths of microseconds. */
export const interval = (milliseconds: number): string => String(-10_000n * BigInt(milliseconds));
/** Tenths of microseconds since 1601 (MS-DTYP FILETIME). */
export const fileTime = (at: number): string => String((BigInt(Math.round(at)) + 11_644_473_600_000n) * 10_000n);

const day = 86_400_000;
export const sambaPolicy: Attributes = {
  minPwdLength: 12,
  pwdHistoryLength: 5,
  minPwdAge: 0,
  maxPwdAge: interval(90 * day),
  pwdProperties: 1,
  lockoutThreshold: 3,
  lockoutDuration: interval(1_800_000),
  lockOutObservationWindow: interval(1_800_000),
};

/** The manual's lines, in its order. */
const [resetAce = '', unlockAce = '', expireAce = '', policiesAce = ''] = manual('Samba', { base, sid: '{sid}' }).flatMap((lines) =>
  [...lines.matchAll(/--sddl="(.+)"/g)].map(([, sddl = '']) => sddl),
);
const aces: Readonly<Record<SambaRight, string>> = { reset: resetAce, unlock: unlockAce, expire: expireAce, policies: policiesAce };
export const allSambaRights = Object.keys(aces) as SambaRight[];

const neverExpires = 0x10000;
const [normalAccount, disabled] = [0x200, 0x2];

export async function startSamba({ tree, settings = {}, crowd = 0 }: SambaOptions = {}): Promise<Samba> {
  const system = systemIn(tree ?? '/');
  const version = await system.version();
  const folder = system.temporaryFolder();
  process.once('exit', () => rmSync(folder.outside, { recursive: true, force: true }));
  const place = folder.inside;
  const address = await freeAddress();
  const authority = await testAuthority();
  const certificate = await authority.issue({
    names: [
      { type: 'ip', value: '127.0.0.1' },
      { type: 'ip', value: address },
      { type: 'dns', value: `dc1.${domain}` },
    ],
  });
  await lay(folder, { system, version, crowd });
  writeFileSync(join(folder.outside, 'ca.pem'), authority.ca);
  writeFileSync(join(folder.outside, 'tls.pem'), certificate.cert);
  writeFileSync(join(folder.outside, 'tls.key'), certificate.key, { mode: 0o600 });
  writeFileSync(join(folder.outside, 'smb.conf'), configuration(place, { address, settings }));

  let server: ChildProcess | null = null;

  async function start(): Promise<void> {
    const [program, ...words] = system.command('samba', '-s', `${place}/smb.conf`, '-i', '-M', 'standard', '--no-process-group');
    // A group of its own, so that the processes of its connections can be stopped with it; it ends with its standard input, so with us.
    const child = spawn(program, words, { stdio: ['pipe', 'ignore', 'pipe'], detached: true, env: system.environment });
    server = child;
    let said = '';
    child.stderr?.on('data', (data) => {
      said += data;
    });
    await eventually(
      () => `samba does not answer: ${said}`,
      () => {
        if (child.exitCode !== null) throw new Error(`samba ended: ${said}`);
        return answers(636, address);
      },
    );
  }

  const signal = (name: NodeJS.Signals) => {
    if (server?.pid !== undefined && server.exitCode === null && server.signalCode === null) process.kill(-server.pid, name);
  };

  async function kill(): Promise<void> {
    const child = server;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    signal('SIGKILL');
    server = null;
    await ended;
  }

  const [administrator] = await Promise.all([openAdministrator(system.administrator(`${place}/smb.conf`, place)), start()]);
  const [plain, encrypted] = [await forward(address, 389), await forward(address, 636)];
  const ldaps = `ldaps://127.0.0.1:${encrypted.port}`;

  async function bindSays(dn: string, password: string): Promise<string> {
    const file = join(folder.outside, `try-${process.hrtime.bigint()}`);
    writeFileSync(file, password, { mode: 0o600 });
    try {
      const env = { ...process.env, LDAPTLS_CACERT: join(folder.outside, 'ca.pem') };
      await run(['ldapsearch', '-x', '-H', ldaps, '-D', dn, '-y', file, '-s', 'base', '-b', '', '1.1'], { env });
      return 'in';
    } catch (error) {
      const [, data] = /Invalid credentials \(49\).*, data ([0-9a-f]+),/s.exec(String(error)) ?? [];
      if (data === undefined) throw error;
      return data;
    } finally {
      rmSync(file);
    }
  }

  return {
    ...administrator,
    ...{ version, base, people, groups, policies, serviceDn, servicePassword, adminDn, adminPassword, certificate, authority, ldaps },
    ca: authority.ca,
    ldap: `ldap://127.0.0.1:${plain.port}`,
    ldapPort: plain.port,
    ldapsPort: encrypted.port,
    async addPerson({ login, name, password, mail, mobile, under = people }) {
      const dn = `CN=${escapeValue(name)},${under}`;
      await administrator.add(dn, {
        objectClass: 'user',
        sAMAccountName: login,
        userPrincipalName: `${login}@${domain}`,
        displayName: name,
        unicodePwd: quoted(password),
        userAccountControl: normalAccount,
        ...(mail === undefined ? {} : { mail }),
        ...(mobile === undefined ? {} : { mobile }),
      });
      return dn;
    },
    async addGroup(name, members) {
      const dn = `CN=${escapeValue(name)},${groups}`;
      await administrator.add(dn, {
        objectClass: 'group',
        // Some signs are forbidden in it.
        sAMAccountName: `group-${randomBytes(6).toString('hex')}`,
        ...(members.length === 0 ? {} : { member: members }),
      });
      return dn;
    },
    async addPolicy(name, fields, appliesTo) {
      const dn = `CN=${escapeValue(name)},${policies}`;
      await administrator.add(dn, { ...fineGrained, ...fields, objectClass: 'msDS-PasswordSettings', 'msDS-PSOAppliesTo': appliesTo });
      return dn;
    },
    setPolicy: (fields) => administrator.replace(base, fields),
    setRights: (rights) => giveRights(administrator, rights),
    async asRoot(line) {
      const words = system.command('sh', '-c', `${line} -s ${place}/smb.conf -H ${place}/private/sam.ldb`);
      await run(words, { env: system.environment });
    },
    bindSays,
    opens: async (dn, password) => (await bindSays(dn, password)) === 'in',
    isLocked: (dn) => isLocked(administrator, dn),
    async lock(dn) {
      // The attempt that reaches the threshold is still called wrong.
      for (let tries = 0; tries < 20; tries++) {
        await bindSays(dn, 'a wrong password');
        if (await isLocked(administrator, dn)) return;
      }
      throw new Error(`not locked: ${dn}`);
    },
    freeze: () => freeze(server, { withGroup: true }),
    thaw: () => signal('SIGCONT'),
    kill,
    start,
    async close() {
      await administrator.close();
      await kill();
      await Promise.all([plain.close(), encrypted.close()]);
      rmSync(folder.outside, { recursive: true, force: true });
    },
  };
}

/** MS-ADTS 3.1.1.3.1.5.1: the password in quotation marks, as UTF-16. */
const quoted = (password: string): Buffer => Buffer.from(`"${password}"`, 'utf16le');

const computedFlags = 'msDS-User-Account-Control-Computed';
const locked = 0x10;
const isLocked = async (administrator: Administrator, dn: string): Promise<boolean> =>
  (Number((await administrator.read(dn, [computedFlags])).get(computedFlags)?.[0]) & locked) !== 0;

const fineGrained: Attributes = {
  'msDS-PasswordSettingsPrecedence': 10,
  'msDS-MinimumPasswordLength': 12,
  'msDS-PasswordHistoryLength': 5,
  'msDS-PasswordComplexityEnabled': 'TRUE',
  'msDS-PasswordReversibleEncryptionEnabled': 'FALSE',
  'msDS-MinimumPasswordAge': 0,
  'msDS-MaximumPasswordAge': interval(90 * day),
  'msDS-LockoutThreshold': 3,
  'msDS-LockoutDuration': interval(1_800_000),
  'msDS-LockoutObservationWindow': interval(1_800_000),
};

async function giveRights(administrator: Administrator, rights: readonly SambaRight[]): Promise<void> {
  const onPeople = rights.filter((right) => right !== 'policies');
  await administrator.grant(
    people,
    serviceDn,
    onPeople.map((right) => aces[right]),
  );
  await administrator.grant(policies, serviceDn, rights.includes('policies') ? [aces.policies] : []);
}

/** What every domain begins with. */
async function furnish(administrator: Administrator): Promise<void> {
  await administrator.replace(base, sambaPolicy);
  await administrator.replace(adminDn, { userAccountControl: normalAccount | neverExpires });
  for (const dn of [people, groups, services]) await administrator.add(dn, { objectClass: 'organizationalUnit' });
  await administrator.add(serviceDn, {
    objectClass: 'user',
    sAMAccountName: 'latchkey',
    userPrincipalName: `latchkey@${domain}`,
    unicodePwd: quoted(servicePassword),
    userAccountControl: normalAccount | neverExpires,
  });
  await giveRights(administrator, allSambaRights);
}

type System = ReturnType<typeof systemIn>;
type Folder = ReturnType<System['temporaryFolder']>;

/** This machine, or one that lies in a folder: a path has a name inside, and another outside. */
function systemIn(tree: string) {
  const isOwn = tree === '/';
  const environment = { ...process.env, PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
  const command = (program: string, ...words: readonly string[]): [string, ...string[]] =>
    isOwn ? [program, ...words] : ['chroot', tree, program, ...words];
  const python = (script: string, ...words: readonly string[]) => command('/usr/bin/python3', '-c', script, ...words);
  return {
    environment,
    command,
    provision: (...words: readonly string[]) => python(provisionScript, ...words),
    administrator: (settings: string, place: string) => python(administratorScript, settings, `${place}/private/sam.ldb`),
    async version() {
      if (!existsSync(join(tree, 'usr/sbin/samba'))) throw new Error(`no Samba in ${tree}: apt-get install -y samba samba-ad-provision`);
      return /^Version (\S+)/.exec(await run(command('samba', '--version'), { env: environment }))?.[1] ?? 'unknown';
    },
    temporaryFolder() {
      const outside = mkdtempSync(join(isOwn ? tmpdir() : join(tree, 'tmp'), 'latchkey-samba-'));
      return { outside, inside: isOwn ? outside : outside.slice(tree.replace(/\/$/, '').length) };
    },
  };
}

interface Laying {
  readonly system: System;
  readonly version: string;
  readonly crowd: number;
}

/** Fills the folder with a furnished domain. Making one takes seconds, and a crowd minutes, so each is made once for each version, and kept. */
async function lay(folder: Folder, laying: Laying): Promise<void> {
  const kept = keptDomain(laying);
  mkdirSync(join(folder.outside, 'run'), { recursive: true });
  if (existsSync(kept)) return void (await run(['tar', '-C', folder.outside, '-xf', kept]));
  const { system, crowd } = laying;
  if (crowd === 0) {
    await provision(folder, system);
    await tend(folder, { system, work: (administrator) => administrator.atOnce(() => furnish(administrator)) });
  } else {
    await lay(folder, { ...laying, crowd: 0 });
    await tend(folder, { system, work: (administrator) => addCrowd(administrator, crowd) });
  }
  // Two test files may make it at once: each its own, and the last one stays.
  const mine = `${kept}-${process.pid}`;
  await run(['tar', '-C', folder.outside, '-Scf', mine, 'private', 'state']);
  renameSync(mine, kept);
}

async function provision({ inside }: Folder, system: System): Promise<void> {
  const names = [`--realm=${domain.toUpperCase()}`, '--domain=LATCHKEY', '--host-name=dc1', '--host-ip=127.0.0.1'];
  const words = [`--targetdir=${inside}`, ...names, '--server-role=dc', '--dns-backend=NONE'];
  await run(system.provision(...words), { env: system.environment, input: `${adminPassword}\n` });
}

/** Before any server runs on it. */
async function tend(
  { outside, inside }: Folder,
  { system, work }: { system: System; work: (administrator: Administrator) => Promise<void> },
): Promise<void> {
  writeFileSync(join(outside, 'smb.conf'), configuration(inside, { address: '127.0.0.1', settings: {} }));
  const administrator = await openAdministrator(system.administrator(`${inside}/smb.conf`, inside));
  try {
    await work(administrator);
  } finally {
    await administrator.close();
  }
}

const crowdAtOnce = 2000;
/** So many of a crowd are in one team. */
export const crowdTeam = 50;

/** Each in one team, and each team in one department. */
async function addCrowd(administrator: Administrator, crowd: number): Promise<void> {
  const addGroup = (name: string, member: readonly string[]): Promise<void> =>
    administrator.add(`CN=${name},${groups}`, { objectClass: 'group', sAMAccountName: name, groupType: -2147483646, member });
  const dns = (count: number, nameOf: (number: number) => string): string[] => Array.from({ length: count }, (_, number) => nameOf(number));
  for (let from = 0; from < crowd; from += crowdAtOnce)
    await administrator.atOnce(async () => {
      for (let number = from; number < Math.min(crowd, from + crowdAtOnce); number++)
        await administrator.add(`CN=p${number},${people}`, {
          ...{ objectClass: 'user', sAMAccountName: `p${number}`, displayName: `Person Number ${number}` },
          ...{ mail: `p${number}@office.example.net`, mobile: `+44 7700 ${number}`, userAccountControl: normalAccount | disabled },
        });
    });
  const teams = Math.ceil(crowd / crowdTeam);
  await administrator.atOnce(async () => {
    for (let team = 0; team < teams; team++)
      await addGroup(
        `team ${team}`,
        dns(Math.min(crowdTeam, crowd - team * crowdTeam), (number) => `CN=p${team * crowdTeam + number},${people}`),
      );
    await addGroup(
      'department',
      dns(teams, (number) => `CN=team ${number},${groups}`),
    );
  });
}

function keptDomain({ version, crowd }: Laying): string {
  const recipe = [
    version,
    provisionScript,
    furnish,
    giveRights,
    domain,
    servicePassword,
    adminPassword,
    JSON.stringify([sambaPolicy, aces]),
  ];
  return keptFile('samba', [...recipe, ...(crowd === 0 ? [] : [addCrowd, crowd, crowdTeam])].map(String));
}

/** `interfaces` without a mask finds none; the services of a whole domain are left out, and so is the hour in which a previous password still opens. */
const configuration = (
  place: string,
  { address, settings }: { address: string; settings: Readonly<Record<string, string>> },
): string => `[global]
netbios name = DC1
realm = ${domain.toUpperCase()}
workgroup = LATCHKEY
server role = active directory domain controller
server services = ldap
dcerpc endpoint servers =
interfaces = ${address}/8
bind interfaces only = yes
private dir = ${place}/private
state directory = ${place}/state
cache directory = ${place}/run
lock directory = ${place}/run
pid directory = ${place}/run
ncalrpc dir = ${place}/run/ncalrpc
winbindd socket directory = ${place}/run/winbindd
ntp signd socket directory = ${place}/run/ntp_signd
binddns dir = ${place}/run
log file = ${place}/run/log
log level = 1
tls enabled = yes
tls keyfile = ${place}/tls.key
tls certfile = ${place}/tls.pem
tls cafile = ${place}/ca.pem
old password allowed period = 0
${Object.entries(settings)
  .map(([name, value]) => `${name} = ${value}`)
  .join('\n')}
`;

function run([program = '', ...words]: readonly string[], { env = process.env, input = '' } = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, words, { env, timeout: 600_000, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${program}: ${stderr || error.message}`));
      else resolve(stdout);
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

const answers = (port: number, host: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, host);
    const say = (isThere: boolean) => {
      socket.destroy();
      resolve(isThere);
    };
    socket.on('connect', () => say(true));
    socket.on('error', () => say(false));
  });

/** Samba's four LDAP ports cannot be chosen; its address can. */
async function freeAddress(): Promise<string> {
  for (let tries = 0; tries < 50; tries++) {
    const address = `127.${randomInt(64, 127)}.${randomInt(0, 256)}.${randomInt(1, 255)}`;
    if (!(await answers(389, address)) && !(await answers(636, address))) return address;
  }
  throw new Error('no free loopback address');
}

/** Passes a free port of 127.0.0.1 on to a port of another address. */
async function forward(host: string, to: number): Promise<{ port: number; close(): Promise<void> }> {
  const open = new Set<Socket>();
  const keep = (socket: Socket, other: Socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      open.delete(socket);
      other.destroy();
    });
  };
  const server: Server = createServer((client) => {
    const upstream = connect(to, host);
    keep(client, upstream);
    keep(upstream, client);
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { port: number }).port,
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
