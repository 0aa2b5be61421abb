/** The demo office as a person starts it: a process of its own on free ports, known only by what it prints and serves. */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Secret, TOTP } from 'otpauth';
import { eventually } from './eventually.ts';

/** One of the people in /dev/cast.json. */
export interface DemoCastMember {
  readonly login: string;
  readonly password: string;
  readonly mail: string;
  readonly role: string;
  readonly totp_secret: string | null;
  readonly recovery_codes: readonly string[];
}

/** One of the messages in /dev/outbox.json, newest first. */
export interface DemoMessage {
  readonly to: string;
  readonly kind: string;
  readonly subject: string;
  readonly text: string;
  readonly at: string;
}

export interface DemoProcess {
  readonly site: string;
  readonly ldapUrl: string;
  readonly greeting: string;
  /** Milliseconds from the start of the process to its greeting. */
  readonly startedIn: number;
  person(login: string): DemoCastMember;
  outbox(): Promise<readonly DemoMessage[]>;
  /** The newest message of this kind to this person (or address), awaited: messages go out after the reply. */
  message(login: string, kind: string, more?: { after?: number }): Promise<DemoMessage>;
  /** Six digits of the person's app that nobody has used yet: of the step before or of this one, or after a wait of the next, for each counts once. */
  appCode(login: string, more?: { secret?: string }): Promise<string>;
  /** Whether the directory lets this person in with this password, asked by OpenLDAP's own tool. */
  binds(login: string, password: string): Promise<boolean>;
  /** SIGTERM; what came of it. */
  stop(): Promise<{ code: number | null; signal: string | null; millis: number }>;
}

const root = new URL('../..', import.meta.url).pathname;
const patienceMillis = 300_000;
const stepMillis = 30_000;
const stepAt = (millis: number): number => Math.floor(millis / stepMillis);
/** The last step used of each app, over a restart too. */
const lastSteps = new Map<string, number>();
const pause = (millis: number): Promise<void> => new Promise((resume) => setTimeout(resume, millis));
const run = promisify(execFile);

/** The same `data` folder again is a restart. */
export async function startDemoProcess({ data }: { data: string }): Promise<DemoProcess> {
  const begun = performance.now();
  const child = spawn(process.execPath, ['src/main.ts', 'demo', '--port', '0', '--ldap-port', '0', '--data', data], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const greeting = await greetingOf(child);
  const startedIn = performance.now() - begun;
  const site = found(greeting, /open at (http:\/\/\S+)/);
  const ldapUrl = found(greeting, /directory is at (ldap:\/\/\S+)/);
  const cast = await read<readonly DemoCastMember[]>(`${site}/dev/cast.json`);
  const outbox = () => read<readonly DemoMessage[]>(`${site}/dev/outbox.json`);
  // Their apps were registered with a code of the last half minute.
  for (const { totp_secret } of cast) if (totp_secret && !lastSteps.has(totp_secret)) lastSteps.set(totp_secret, stepAt(Date.now()) - 1);

  const person = (login: string): DemoCastMember => {
    const member = cast.find((one) => one.login === login);
    if (!member) throw new Error(`${login} is not of the cast`);
    return member;
  };

  return {
    site,
    ldapUrl,
    greeting,
    startedIn,
    person,
    outbox,
    async message(login, kind, { after = 0 } = {}) {
      const mail = login.includes('@') ? login : person(login).mail;
      return eventually(
        async () => `no ${kind} for ${login}: ${JSON.stringify((await outbox()).map((one) => [one.to, one.kind]))}`,
        async () => {
          const sent = (await outbox()).filter((one) => one.kind === kind && one.to === mail);
          return sent.length > after && sent[0];
        },
      );
    },
    async appCode(login, { secret = person(login).totp_secret ?? '' } = {}) {
      for (;;) {
        const now = Date.now();
        const isAboutToEnd = stepMillis - (now % stepMillis) < 12_000;
        const step = Math.max(stepAt(now) - (isAboutToEnd ? 0 : 1), (lastSteps.get(secret) ?? 0) + 1);
        if (step <= stepAt(now)) {
          lastSteps.set(secret, step);
          return new TOTP({ secret: Secret.fromBase32(secret.replaceAll(' ', '')) }).generate({ timestamp: step * stepMillis });
        }
        await pause(stepMillis - (now % stepMillis) + 20);
      }
    },
    async binds(login, password) {
      const args = ['-x', '-H', ldapUrl, '-D', `uid=${login},ou=people,dc=latchkey,dc=example`];
      return whoAmI(args, password);
    },
    stop: () => stop(child),
  };
}

async function read<T>(address: string): Promise<T> {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address} answered ${answer.status}`);
  return (await answer.json()) as T;
}

const found = (text: string, pattern: RegExp): string => {
  const [, value] = pattern.exec(text) ?? [];
  if (value === undefined) throw new Error(`the greeting does not say ${pattern}:\n${text}`);
  return value;
};

/** Everything printed until the last line of the greeting. What it complains of is shown when it ends before. */
async function greetingOf(child: ChildProcess): Promise<string> {
  let [printed, complaints] = ['', ''];
  child.stderr?.on('data', (piece) => {
    complaints += String(piece);
  });
  child.stdout?.on('data', (piece) => {
    printed += String(piece);
  });
  for (const end = performance.now() + patienceMillis; !/Ctrl-C/.test(printed); await pause(10)) {
    if (child.exitCode !== null) throw new Error(`the demo ended with ${child.exitCode}:\n${complaints}`);
    if (performance.now() > end) {
      child.kill('SIGKILL');
      throw new Error(`the demo did not greet within ${patienceMillis} ms:\n${printed}${complaints}`);
    }
  }
  return printed;
}

/** 0 is in, 49 is a wrong password; anything else is no answer to the question. The password goes in by a file of its own, never as an argument. */
async function whoAmI(args: readonly string[], password: string): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-whoami-'));
  const file = join(folder, 'password');
  writeFileSync(file, password, { mode: 0o600 });
  try {
    await run('ldapwhoami', [...args, '-y', file], { timeout: 60_000 });
    return true;
  } catch (problem) {
    if ((problem as { code?: unknown }).code === 49) return false;
    throw problem;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function stop(child: ChildProcess): Promise<{ code: number | null; signal: string | null; millis: number }> {
  const begun = performance.now();
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, 'exit');
    const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
    child.kill('SIGTERM');
    await ended;
    clearTimeout(late);
  }
  return { code: child.exitCode, signal: child.signalCode, millis: performance.now() - begun };
}
