/** A real Latchkey for tests: before a real directory, mostly a slapd, and a real SMTP listener, in this process or as a child. */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type App, type House, openHouse, prepareFolder, startApp } from '../app.ts';
import { type Config, ConfigMistakes, loadConfig } from '../config.ts';
import type { SettingKey } from '../rules/policy.ts';
import { isRefusal } from '../rules/refusal.ts';
import { Browser } from './browser.ts';
import { eventually } from './eventually.ts';
import { localUrl } from './front-desk.ts';
import { type LdapProxy, startProxy } from './proxy.ts';
import { type Slapd, type SlapdOptions, startSlapd } from './slapd.ts';
import { dnOf, personLdif } from './slapd-bench.ts';
import { type SmtpListener, startSmtp } from './smtp.ts';

export interface Person {
  readonly login: string;
  readonly name: string;
  readonly password: string;
  /** Where codes go: registered, and not in the directory. */
  readonly address: string;
}

/** The directory that a house stands before. */
export interface OfficeDirectory {
  readonly url: string;
  readonly startTls: boolean;
  readonly ca: string;
  readonly serviceDn: string;
  readonly servicePassword: string;
  readonly baseDn: string;
  add(people: readonly Person[]): Promise<void>;
  /** Asked of the directory itself. */
  opens(person: Pick<Person, 'name'>, password: string): Promise<boolean>;
  close(): Promise<void>;
}

interface HouseWish {
  readonly timeoutSeconds?: number;
  readonly policy?: Readonly<Partial<Record<SettingKey, unknown>>>;
  readonly mailPassword?: string;
}

export interface HouseOptions extends HouseWish {
  readonly slapd?: SlapdOptions;
  /** `ldaps` is Latchkey's way to slapd by default; StartTLS over `ldap`; or through a proxy that can spoil what is said. */
  readonly way?: 'ldaps' | 'starttls' | 'proxy';
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly milliseconds: number;
}

/** `node src/main.ts serve` in a process of its own. */
export interface Served {
  readonly pid: number;
  /** All that it wrote until now. */
  log(): string;
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<Ended>;
}

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface HouseBefore {
  readonly smtp: SmtpListener;
  readonly folder: string;
  readonly data: string;
  readonly configFile: string;
  /** What people type: "http://localhost:PORT". */
  readonly url: string;
  readonly config: Config;
  /** Adds these people to the directory, reads them into Latchkey, and lets each have registered the address. */
  admit(people: readonly Person[]): Promise<void>;
  register(people: readonly Person[]): Promise<void>;
  /** With the house that is running here, or else with one opened for the purpose beside whatever runs. */
  inside<T>(work: (house: House) => T | Promise<T>): Promise<T>;
  start(): Promise<App>;
  serve(): Promise<Served>;
  command(words: readonly string[], input?: string): Promise<CommandResult>;
  /** Time passes for what runs in this process. */
  forward(milliseconds: number): void;
  /** A plain client with a network address of its own. */
  visitor(headers?: Readonly<Record<string, string>>): Browser;
  /** The next code that comes to this address. */
  code(address: string): Promise<string>;
  mailsTo(address: string): string[];
  opens(person: Pick<Person, 'name'>, password: string): Promise<boolean>;
  close(): Promise<void>;
}

export interface RealHouse extends HouseBefore {
  readonly slapd: Slapd;
  proxy(): LdapProxy;
  dn(person: Pick<Person, 'name'>): string;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const main = join(root, 'src/main.ts');

export async function openRealHouse({ way = 'ldaps', ...options }: HouseOptions = {}): Promise<RealHouse> {
  const slapd = await startSlapd(options.slapd);
  const proxy = way === 'proxy' ? await startProxy(slapd.ldapPort, slapd.certificate) : null;
  const { ca, serviceDn, servicePassword, base: baseDn } = slapd;
  const house = await openHouseBefore(
    {
      ...{ ca, serviceDn, servicePassword, baseDn },
      url: proxy ? proxy.url : way === 'starttls' ? slapd.ldap : slapd.ldaps,
      startTls: way === 'starttls',
      add: (people) => slapd.add(people.map((person) => personLdif(slapd, person)).join('')),
      opens: ({ name }, password) => slapd.opens(dnOf(slapd, name), password),
      async close() {
        await proxy?.close();
        await slapd.close();
      },
    },
    options,
  );
  return {
    ...house,
    slapd,
    proxy() {
      if (!proxy) throw new Error('this house has no proxy');
      return proxy;
    },
    dn: ({ name }) => dnOf(slapd, name),
    close() {
      slapd.thaw();
      return house.close();
    },
  };
}

export async function openHouseBefore(directory: OfficeDirectory, options: HouseWish = {}): Promise<HouseBefore> {
  const { timeoutSeconds = 5, mailPassword = 'Mail-Passw0rd!' } = options;
  const smtp = await startSmtp({ user: { name: 'desk', password: mailPassword } });
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-house-'));
  const url = await localUrl();
  const configFile = join(folder, 'config.toml');
  mkdirSync(join(folder, 'secrets'), { mode: 0o700 });
  writeFileSync(join(folder, 'secrets/directory'), `${directory.servicePassword}\n`, { mode: 0o600 });
  writeFileSync(join(folder, 'secrets/mail'), `${mailPassword}\n`, { mode: 0o600 });
  writeFileSync(join(folder, 'ca.pem'), directory.ca);
  writeFileSync(configFile, configText({ url, timeoutSeconds, directory, smtp }));
  const config = configFrom(configFile);

  let app: App | null = null;
  let shift = 0;
  const clock = {
    now: () => Date.now() + shift,
    sleep: (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds)),
  };
  const children = new Set<ChildProcess>();
  const read = new Map<string, number>();
  let visitors = 0;

  async function inside<T>(work: (house: House) => T | Promise<T>): Promise<T> {
    if (app) return work(app.house);
    if (!existsSync(join(config.data.folder, 'latchkey.db'))) prepareFolder(config.data.folder).release();
    const house = await openHouse({ ...config, log: { ...config.log, level: 'error' } });
    try {
      return await work(house);
    } finally {
      await house.close();
    }
  }

  /** A house that has just started may be reading already. */
  async function readPeople({ world, sync }: House): Promise<void> {
    await eventually('a sync does not end', async () => {
      const reports = await Promise.all(world.directories.all.map((directory) => sync(directory)));
      const [refusal] = reports.filter(isRefusal);
      if (refusal && refusal.key !== 'sync.running') throw new Error(`${refusal.key} ${refusal.raw}`);
      return !refusal;
    });
  }

  const register = (people: readonly Person[]): Promise<void> =>
    inside(async (house) => {
      const { world } = house;
      await readPeople(house);
      world.atomically(() => {
        for (const [key, value] of Object.entries(options.policy ?? {})) world.settings.set(key as SettingKey, value);
        const known = new Map(world.accounts.all('office').map((account) => [account.name, account]));
        for (const { name, address } of people) {
          const account = known.get(name);
          if (!account) throw new Error(`${name} was not read from the directory`);
          world.enrolments.add({ account: account.id, method: 'email', label: address, secret: '', at: world.clock.now() });
        }
      });
    });

  async function code(address: string): Promise<string> {
    const next = () => {
      for (let at = read.get(address) ?? 0; at < smtp.received.length; at += 1) {
        read.set(address, at + 1);
        const letter = smtp.received[at];
        const found = letter?.to.includes(address) ? /^(\d{8})$/m.exec(letter.mail.text ?? '')?.[1] : undefined;
        if (found) return found;
      }
      return null;
    };
    return eventually(`no code came to ${address}`, next);
  }

  return {
    smtp,
    folder,
    data: config.data.folder,
    configFile,
    url,
    config,
    async admit(people) {
      await directory.add(people);
      await register(people);
    },
    register,
    inside,
    async start() {
      app = await startApp({ ...config, log: { ...config.log, level: 'error' } }, { clock });
      return app;
    },
    serve: () => serve(configFile, children),
    command: (words, input = '') => runCommand([...words, '--config', configFile], input),
    forward(milliseconds) {
      shift += milliseconds;
    },
    visitor(headers = {}) {
      visitors += 1;
      const forwarded = `10.${(visitors >> 16) & 255}.${(visitors >> 8) & 255}.${visitors & 255}`;
      return new Browser(url.replace('localhost', '127.0.0.1'), { headers: { 'X-Forwarded-For': forwarded, ...headers } });
    },
    code,
    mailsTo: (address) => smtp.received.filter(({ to }) => to.includes(address)).map(({ mail }) => `${mail.subject}\n${mail.text}`),
    opens: directory.opens,
    async close() {
      await app?.close();
      for (const child of children) child.kill('SIGKILL');
      await Promise.all([directory.close(), smtp.kill()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Written {
  readonly url: string;
  readonly timeoutSeconds: number;
  readonly directory: OfficeDirectory;
  readonly smtp: SmtpListener;
}

/** No sync by itself: a test says when people are read. */
const configText = ({ url, timeoutSeconds, directory, smtp }: Written): string => `public_url = "${url}"

[listen]
port = ${new URL(url).port}
trusted_proxies = ["127.0.0.1"]

[data]
folder = "data"

[[directory]]
id = "office"
urls = ["${directory.url}"]
start_tls = ${directory.startTls}
ca_file = "ca.pem"
bind_dn = "${directory.serviceDn}"
bind_password_file = "secrets/directory"
base_dn = "${directory.baseDn}"
timeout_seconds = ${timeoutSeconds}

[sync]
schedule = "0 0 1 1 *"

[mail]
url = "${smtp.url}"
password_file = "secrets/mail"
from = "Password desk <desk@office.example.com>"
`;

function configFrom(file: string): Config {
  const config = loadConfig({ file, env: {} });
  if (config instanceof ConfigMistakes) throw new Error(String(config));
  return config;
}

async function serve(configFile: string, children: Set<ChildProcess>): Promise<Served> {
  const child = spawn(process.execPath, [main, 'serve', '--config', configFile], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  let written = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (written += text));
  const ended = new Promise<Omit<Ended, 'milliseconds'>>((resolve) =>
    child.once('exit', (code, signal) => {
      children.delete(child);
      resolve({ code, signal });
    }),
  );
  await eventually(
    () => `Latchkey does not start: ${written}`,
    () => {
      if (child.exitCode !== null) throw new Error(`Latchkey ended: ${written}`);
      return written.includes('Latchkey is ready');
    },
  );
  return {
    pid: child.pid ?? 0,
    log: () => written,
    async end(signal) {
      const from = performance.now();
      child.kill(signal);
      return { ...(await ended), milliseconds: performance.now() - from };
    },
  };
}

export function runCommand(words: readonly string[], input = ''): Promise<CommandResult> {
  return new Promise((resolve) => {
    const options = { cwd: root, timeout: 300_000, maxBuffer: 1 << 26 };
    const child = execFile(process.execPath, [main, ...words], options, (error, stdout, stderr) =>
      resolve({ code: error ? (typeof error.code === 'number' ? error.code : -1) : 0, stdout, stderr }),
    );
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}
