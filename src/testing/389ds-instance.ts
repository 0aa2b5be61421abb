/**
 * An instance of 389 Directory Server in a folder: made once by dscreate, which takes seconds, then laid out from what was kept. Needs root, to
 * become the user that the package made: dscreate builds in folders of its own for anybody but root. It knows no people.
 */

import { execFile, spawn } from 'node:child_process';
import { chownSync, existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ServerCertificate } from '../directory/certificate.ts';
import { eventually } from './eventually.ts';
import { keptFile } from './kept.ts';
import { answers } from './slapd.ts';

export interface Instance {
  /** Replaces attributes in the server's own entries, by DN, while it does not run. */
  configure(changes: Readonly<Record<string, Readonly<Record<string, string | number>>>>): void;
  encrypt(certificate: ServerCertificate, ca: string): Promise<void>;
  /** Resolves when it answers at that port; what is returned kills it. */
  start(port: number): Promise<() => Promise<void>>;
}

interface Wish {
  readonly folder: string;
  readonly base: string;
  readonly managerPassword: string;
}

const server = '/usr/sbin/ns-slapd';
const name = 'latchkey';
/** Stands for the folder in what is kept. */
const anywhere = '@FOLDER@';
/** Errors alone. With any level it stays in the foreground, and so our child. */
const level = '16384';

export async function layInstance(wish: Wish): Promise<Instance> {
  if (!existsSync(server)) throw new Error(`${server} not found: apt-get install -y 389-ds-base libnss3-tools`);
  const { folder } = wish;
  const user = userOfServer();
  chownSync(folder, user.uid, user.gid);
  // Its tools write below the home and are found in the folder first.
  const env = { ...process.env, HOME: folder, USER: 'dirsrv', PATH: `${folder}/bin:/usr/bin:/usr/sbin:/bin` };
  const asServer = (program: string, ...words: readonly string[]) =>
    promisify(execFile)(program, words, { ...user, env, cwd: folder, timeout: 600_000 });
  const own = join(folder, 'root/etc/dirsrv', `slapd-${name}`);
  const settings = join(own, 'dse.ldif');

  const template = templateOf(wish);
  const kept = keptFile('389ds', [String(statSync(server).mtimeMs), template]);
  if (!existsSync(kept)) await make();
  await asRoot('tar', '-C', folder, '-xf', kept);
  rewrite(settings, (text) => text.replaceAll(anywhere, folder));

  async function make(): Promise<void> {
    writeFileSync(join(folder, 'template.inf'), template);
    await asServer('dscreate', 'ds-root', join(folder, 'root'), join(folder, 'bin'));
    await asServer(join(folder, 'bin/dscreate'), 'from-file', join(folder, 'template.inf'));
    rewrite(settings, (text) => unfolded(text).replaceAll(folder, anywhere));
    // Two test files may make it at once: each its own, and the last one stays.
    const mine = `${kept}-${process.pid}`;
    const needless = ['--exclude=__db.*', '--exclude=root/share', '--exclude=root/sbin', '--exclude=dse.ldif.*'];
    await asRoot('tar', '-C', folder, ...needless, '-Scf', mine, 'root');
    renameSync(mine, kept);
    rmSync(join(folder, 'root'), { recursive: true });
  }

  return {
    configure: (changes) =>
      rewrite(settings, (text) => Object.entries(changes).reduce((sum, [dn, fields]) => withFields(sum, dn, fields), unfolded(text))),
    async encrypt({ cert, key }, ca) {
      const files = { cert, key, ca };
      for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
      const place = (file: string) => join(folder, file);
      const database = ['-d', own, '-k', join(own, 'pwdfile.txt')];
      // The file between the two formats is encrypted with a password that protects nothing.
      const to = ['-name', 'Server-Cert', '-passout', 'pass:x', '-out', place('p12')];
      await asServer('openssl', 'pkcs12', '-export', '-inkey', place('key'), '-in', place('cert'), ...to);
      await asServer('pk12util', '-i', place('p12'), ...database, '-W', 'x');
      await asServer('certutil', '-A', '-n', 'Authority', '-t', 'CT,,', '-a', '-i', place('ca'), '-d', own, '-f', join(own, 'pwdfile.txt'));
      for (const file of ['p12', 'key']) rmSync(place(file));
    },
    start: (port) => start({ own, user, env, pidFile: join(folder, 'pid') }, port),
  };
}

interface User {
  readonly uid: number;
  readonly gid: number;
}

function userOfServer(): User {
  const [, , uid, gid] =
    readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
      .find(([login]) => login === 'dirsrv') ?? [];
  if (uid === undefined || gid === undefined) throw new Error('no user dirsrv: apt-get install -y 389-ds-base');
  return { uid: Number(uid), gid: Number(gid) };
}

const asRoot = (program: string, ...words: readonly string[]) => promisify(execFile)(program, words, { timeout: 300_000 });

/** Beside dscreate's own defaults. Nothing is started: the ports are chosen later. */
const templateOf = ({ base, managerPassword }: Wish): string => `[general]
config_version = 2
full_machine_name = localhost
strict_host_checking = False
start = False
selinux = False
systemd = False
[slapd]
instance_name = ${name}
port = 13901
secure_port = 13902
self_sign_cert = False
root_password = ${managerPassword}
[backend-userroot]
suffix = ${base}
create_suffix_entry = True
`;

const rewrite = (file: string, edit: (text: string) => string) => writeFileSync(file, edit(readFileSync(file, 'utf8')));

/** RFC 2849: a line that begins with a space belongs to the one before. */
const unfolded = (ldif: string): string => ldif.replaceAll('\n ', '');

function withFields(ldif: string, dn: string, fields: Readonly<Record<string, string | number>>): string {
  const replaced = new Set(Object.keys(fields).map((field) => field.toLowerCase()));
  const entries = ldif.split('\n\n').map((entry) => {
    const [first = '', ...lines] = entry.split('\n');
    if (first !== `dn: ${dn}`) return entry;
    const others = lines.filter((line) => !replaced.has(line.split(':')[0]?.toLowerCase() ?? ''));
    return [first, ...others, ...Object.entries(fields).map(([field, value]) => `${field}: ${value}`)].join('\n');
  });
  return entries.join('\n\n');
}

async function start(at: { own: string; user: User; env: NodeJS.ProcessEnv; pidFile: string }, port: number): Promise<() => Promise<void>> {
  const child = spawn(server, ['-D', at.own, '-i', at.pidFile, '-d', level], {
    ...at.user,
    env: at.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  process.once('exit', () => child.kill('SIGKILL'));
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data) => {
      said += data;
    });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
    // Of its statistics, which nobody reads.
    rmSync(`/dev/shm/sem.slapd-${name}.stats`, { force: true });
  };
  try {
    await eventually(
      () => `ns-slapd does not answer: ${said}`,
      () => {
        if (child.exitCode !== null) throw new Error(`ns-slapd ended: ${said}`);
        return answers(port);
      },
    );
    return stop;
  } catch (error) {
    await stop();
    throw error;
  }
}
