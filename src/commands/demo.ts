/** A complete office to look at: its own directory, the cast, messages that stay here. Never a part of a production configuration. */

import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Secret, TOTP } from 'otpauth';
import { type App, type House, startApp } from '../app.ts';
import { type Given, Mistake } from './given.ts';
import type { Config } from '../config.ts';
import { createOfficeOutbox, type OfficeMessage } from '../delivery/office-outbox.ts';
import { certificateAuthority } from '../directory/certificate.ts';
import { type DemoDirectory, startDemoDirectory } from '../directory/demo/demo.ts';
import { type DemoOffice, demoOffice } from '../directory/demo/office.ts';
import { standardLore } from '../lore/lore.ts';
import { isRefusal } from '../rules/refusal.ts';
import { second } from '../rules/time.ts';
import type { MethodName } from '../rules/vocabulary.ts';
import { systemClock, systemRandom } from '../system.ts';
import { file, page, type Route } from '../web/visit.ts';
import { untilStopped } from './serve.ts';

/** As first issued: what /dev/cast.json serves. */
interface CastMember {
  readonly login: string;
  readonly password: string;
  readonly mail: string;
  readonly role: string;
  totp_secret: string | null;
  recovery_codes: readonly string[];
}

/** What each of the cast has registered on the first day; the others have registered nothing. */
const registered: Readonly<Record<string, readonly MethodName[]>> = {
  alice: ['email', 'totp'],
  carol: ['email', 'totp', 'recovery-code'],
  heidi: ['email', 'totp'],
  oscar: ['email', 'totp'],
  mallory: ['email', 'recovery-code'],
  peggy: ['email'],
  trent: ['email', 'totp'],
};
const cast = ['alice', 'bob', 'carol', 'dave', 'heidi', 'oscar', 'mallory', 'peggy', 'trent'];
const roleOf: Readonly<Record<string, string>> = { carol: 'administrator', heidi: 'helpdesk', oscar: 'auditor' };

export async function demo({ options }: Given): Promise<number> {
  const stop = untilStopped();
  const running = await startDemo({
    port: portFrom(options.port, 8080),
    ldapPort: portFrom(options['ldap-port'], 3890),
    folder: typeof options.data === 'string' ? resolve(options.data) : mkdtempSync(join(tmpdir(), 'latchkey-demo-')),
  });
  process.stdout.write(running.greeting);
  await stop;
  await running.close();
  return 0;
}

export async function startDemo({
  port,
  ldapPort,
  folder,
}: {
  port: number;
  ldapPort: number;
  folder: string;
}): Promise<{ app: App; greeting: string; close(): Promise<void> }> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const office = demoOffice(systemRandom);
  const authority = await certificateAuthority({ clock: systemClock, random: systemRandom });
  const directory = await startDemoDirectory({
    ldapPort,
    ...office,
    stateFile: join(folder, 'directory.json'),
    clock: systemClock,
    random: systemRandom,
    authority,
  });
  const outbox = createOfficeOutbox({ clock: systemClock });
  const people: CastMember[] = [];
  try {
    const config = demoConfig({ folder, port: port === 0 ? await freePort() : port, directory });
    const prepare = async (house: House): Promise<void> => {
      people.push(...(await settleIn(house, { office, directory, folder })));
    };
    const app = await startApp(config, { transport: outbox, prepare, routes: devRoutes({ messages: outbox.messages, people }) });
    return {
      app,
      greeting: greetingOf({ config, directory, people }),
      async close() {
        await app.close();
        await directory.close();
      },
    };
  } catch (problem) {
    await directory.close();
    throw problem;
  }
}

function demoConfig({ folder, port, directory }: { folder: string; port: number; directory: DemoDirectory }): Config {
  return {
    publicUrl: `http://localhost:${port}`,
    listen: { address: process.env.LATCHKEY_LISTEN__ADDRESS ?? '127.0.0.1', port, tls: null, trustedProxies: [] },
    data: { folder },
    directories: [
      {
        id: 'office',
        kind: 'openldap',
        urls: [directory.secureUrl],
        startTls: false,
        ca: directory.ca,
        bindDn: directory.serviceDn,
        bindPassword: directory.servicePassword,
        baseDn: directory.baseDn,
        accountFilter: null,
        loginAttributes: ['uid', 'mail'],
        attributes: {},
        protectedGroups: [directory.groupDn('protected')],
        timeoutMillis: 5 * second,
      },
    ],
    sync: { schedule: '*/15 * * * *', timezone: 'UTC', maxDisablePercent: 10 },
    mail: null,
    sms: null,
    passwords: standardLore,
    roles: {
      administrators: [directory.groupDn('administrators')],
      helpdesk: [directory.groupDn('helpdesk')],
      auditors: [directory.groupDn('auditors')],
    },
    log: { level: 'warn', format: 'text' },
  };
}

/** The first day: the accounts are read, the cast registers, the administrator decides. A later start on the same folder finds it all. */
async function settleIn(
  house: House,
  { office, directory, folder }: { office: DemoOffice; directory: DemoDirectory; folder: string },
): Promise<CastMember[]> {
  const castFile = join(folder, 'cast.json');
  await house.syncAll();
  if (!directory.isNew('alice')) return JSON.parse(readFileSync(castFile, 'utf8')) as CastMember[];
  const { settings } = house.world;
  settings.set('office_name', 'The demo office');
  settings.set('scope_exclusions', ['contractors']);
  settings.set('second_gate_when_stronger', false);
  settings.set('helpdesk_address', 'helpdesk@mail.example');
  const people = cast.map((login): CastMember => {
    const person = office.people.find((one) => one.login === login);
    return {
      login,
      password: person?.password ?? '',
      mail: person?.mail ?? '',
      role: roleOf[login] ?? 'person',
      totp_secret: null,
      recovery_codes: [],
    };
  });
  for (const person of people) await register(house, person);
  writeFileSync(castFile, JSON.stringify(people), { mode: 0o600 });
  return people;
}

async function register({ world, methods }: House, person: CastMember): Promise<void> {
  const [account] = world.accounts.byLogin(person.login);
  if (!account) throw new Error(`${person.login} is not in the demo directory`);
  for (const name of registered[person.login] ?? []) {
    const at = world.clock.now();
    if (name === 'email') {
      world.enrolments.add({ account: account.id, method: 'email', label: person.mail, secret: '', at });
      continue;
    }
    const enrolling = { account, session: 0, held: [], language: 'en', at };
    const start = await methods.get(name)?.enrolment?.begin({ ...enrolling, form: {} });
    if (start === undefined || isRefusal(start)) throw new Error(`${person.login} cannot register ${name}`);
    if (name === 'recovery-code') person.recovery_codes = start.codes as readonly string[];
    else {
      person.totp_secret = String(start.seed).replaceAll(' ', '');
      // With the code of half a minute ago, so that the present one is still good for signing in.
      const answer = new TOTP({ secret: Secret.fromBase32(person.totp_secret) }).generate({ timestamp: at - 30 * second });
      const finished = await methods.get(name)?.enrolment?.finish({ ...enrolling, form: { answer, label: 'Phone' } });
      if (finished === undefined || isRefusal(finished)) throw new Error(`${person.login} cannot register ${name}`);
    }
  }
}

const devRoutes = ({ messages, people }: { messages: () => readonly OfficeMessage[]; people: readonly CastMember[] }): Route[] => [
  { method: 'GET', path: '/dev/outbox', who: 'anyone', page: () => page('dev/outbox', { messages: messages() }) },
  {
    method: 'GET',
    path: '/dev/outbox.json',
    who: 'anyone',
    isBare: true,
    page: () => file('application/json; charset=utf-8', JSON.stringify(messages())),
  },
  {
    method: 'GET',
    path: '/dev/cast.json',
    who: 'anyone',
    isBare: true,
    page: () => file('application/json; charset=utf-8', JSON.stringify(people)),
  },
];

function greetingOf({ config, directory, people }: { config: Config; directory: DemoDirectory; people: readonly CastMember[] }): string {
  const lines = people.map(
    ({ login, password, role, totp_secret }) => `  ${login.padEnd(9)}${password.padEnd(28)}${role.padEnd(15)}${totp_secret ?? ''}`,
  );
  return `
The demo office is open at ${config.publicUrl}
Messages are at ${config.publicUrl}/dev/outbox

  login    first password              role           authenticator key
${lines.join('\n')}

Its directory is at ${directory.plainUrl} (to look at by hand) and at ${directory.secureUrl} (which Latchkey uses).
Which password is in force:
  ldapwhoami -x -H ${directory.plainUrl} -D ${directory.personDn('alice')} -w 'THE PASSWORD'

State is kept in ${config.data.folder}. Stop with Ctrl-C.
`;
}

const portFrom = (given: string | boolean | undefined, standard: number): number => {
  const port = given === undefined ? standard : Number(given);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Mistake(`${String(given)} is not a port: it is a whole number up to 65535.`);
  return port;
};

/** Every link holds the port, so it must be known before anything listens. */
const freePort = (): Promise<number> =>
  new Promise((found, failed) => {
    const probe = createServer().once('error', failed);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => found(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
