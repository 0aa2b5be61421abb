/** Latchkey in this process over the demo directory and a real SMTP listener, believing a proxy on this machine: for tests that look inside. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret, TOTP } from 'otpauth';
import { type App, type House, startApp } from '../../app.ts';
import type { Config } from '../../config.ts';
import { certificateAuthority } from '../../directory/certificate.ts';
import { type DemoDirectory, startDemoDirectory } from '../../directory/demo/demo.ts';
import { type DemoOffice, demoOffice } from '../../directory/demo/office.ts';
import { standardLore } from '../../lore/lore.ts';
import type { Account } from '../../rules/account.ts';
import { isRefusal } from '../../rules/refusal.ts';
import { second } from '../../rules/time.ts';
import { type Cost, systemClock, systemRandom } from '../../system.ts';
import { Browser } from '../browser.ts';
import { localUrl } from '../front-desk.ts';
import type { Gateway } from '../gateway.ts';
import { type SmtpListener, startSmtp } from '../smtp.ts';

export interface OfficeWish {
  /** Over the demo's staff: who works here, and by which password policy. */
  readonly arrange?: (office: DemoOffice) => DemoOffice;
  readonly trustedProxies?: readonly string[];
  /** Of slow hashes, where it is to be another than the standard. */
  readonly hashCost?: Cost;
  readonly smtp?: SmtpListener;
  /** Where texts go; without one there are none. */
  readonly gateway?: Gateway;
}

export interface Office {
  readonly config: Config;
  readonly app: App;
  readonly house: House;
  readonly directory: DemoDirectory;
  readonly smtp: SmtpListener;
  /** Where it listens. */
  readonly site: string;
  /** A browser behind the proxy at this address. */
  browserAt(address: string): Browser;
  account(login: string): Account;
  password(login: string): string;
  /** Registers these ways: mail to the directory's own address, an app whose seed is returned. */
  register(login: string, ...ways: readonly ('email' | 'totp')[]): Promise<string>;
  /** The code and the link of the newest message to this person that has them. */
  mailed(login: string): { code: string; link: string; notMe: string };
  close(): Promise<void>;
}

export const addressOf = (login: string): string => `${login}@mail.example`;

/** scrypt at N=16, for offices in which many people come at once and no hash is to be strong. */
export const quickHashes: Cost = { logN: 4, r: 8, p: 1 };

/** As config.toml would say it for a demo directory; the child processes of the tests are started with the same. */
export const officeConfig = (given: {
  folder: string;
  port: number;
  directory: DemoDirectory;
  smtp: SmtpListener;
  trustedProxies: readonly string[];
}): Config => ({
  publicUrl: `http://localhost:${given.port}`,
  listen: { address: '127.0.0.1', port: given.port, tls: null, trustedProxies: given.trustedProxies },
  data: { folder: given.folder },
  directories: [
    {
      id: 'office',
      kind: 'openldap',
      urls: [given.directory.secureUrl],
      startTls: false,
      ca: given.directory.ca,
      bindDn: given.directory.serviceDn,
      bindPassword: given.directory.servicePassword,
      baseDn: given.directory.baseDn,
      accountFilter: null,
      loginAttributes: ['uid', 'mail'],
      attributes: {},
      protectedGroups: [given.directory.groupDn('protected')],
      timeoutMillis: 5 * second,
    },
  ],
  sync: { schedule: '0 0 1 1 *', timezone: 'UTC', maxDisablePercent: 10 },
  sms: null,
  passwords: standardLore,
  mail: {
    host: '127.0.0.1',
    port: given.smtp.port,
    implicitTls: false,
    requireStartTls: false,
    user: null,
    password: null,
    from: 'Desk <desk@mail.example>',
    ownDomains: [],
  },
  roles: { administrators: [given.directory.groupDn('administrators')], helpdesk: [], auditors: [] },
  log: { level: 'error', format: 'json' },
});

/** As `preset = "json"` would have it. */
const smsBy = ({ url }: Gateway): Config['sms'] => ({
  kind: 'gateway',
  defaultCountry: 'GB',
  gateway: {
    ...{ url, method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"to":"{to}","from":"{from}","text":"{text}"}' },
    ...{ user: null, password: null, from: 'Latchkey', ca: null },
  },
});

export async function startDirectory(office: DemoOffice): Promise<DemoDirectory> {
  const authority = await certificateAuthority({ clock: systemClock, random: systemRandom });
  return startDemoDirectory({ ldapPort: 0, ...office, clock: systemClock, random: systemRandom, authority });
}

export async function startOffice({
  arrange = (office) => office,
  trustedProxies = ['127.0.0.1'],
  smtp,
  gateway,
  hashCost,
}: OfficeWish = {}): Promise<Office> {
  const staff = arrange(demoOffice(systemRandom));
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-office-'));
  const directory = await startDirectory(staff);
  const post = smtp ?? (await startSmtp());
  const port = Number(new URL(await localUrl()).port);
  const config = { ...officeConfig({ folder, port, directory, smtp: post, trustedProxies }), sms: gateway ? smsBy(gateway) : null };
  const app = await startApp(config, { prepare: (house) => settleIn(house), ...(hashCost ? { hashCost } : {}) });
  const { house } = app;
  const site = `http://127.0.0.1:${port}`;

  function account(login: string): Account {
    const [found] = house.world.accounts.byLogin(login);
    if (!found) throw new Error(`${login} has no account`);
    return found;
  }

  async function register(login: string, ...ways: readonly ('email' | 'totp')[]): Promise<string> {
    const person = account(login);
    const at = systemClock.now();
    if (ways.includes('email'))
      house.world.enrolments.add({ account: person.id, method: 'email', label: addressOf(login), secret: '', at });
    return ways.includes('totp') ? registerApp(house, person, at) : '';
  }

  return {
    config,
    app,
    house,
    directory,
    smtp: post,
    site,
    browserAt: (address) => new Browser(site, { headers: { 'X-Forwarded-For': address } }),
    account,
    password: (login) => staff.people.find((person) => person.login === login)?.password ?? '',
    register,
    mailed(login) {
      const texts = post.received.filter(({ to }) => to.includes(addressOf(login))).map(({ mail }) => mail.text ?? '');
      const newest = (pattern: RegExp): string =>
        texts.map((text) => pattern.exec(text)?.[1] ?? '').findLast((found) => found !== '') ?? '';
      return {
        code: newest(/^\s*(\d{4}[ ]?\d{4})\s*$/m).replace(/\s/g, ''),
        link: newest(/(\/reset\/code\/[\w-]+)/),
        notMe: newest(/(\/not-me\/[\w-]+)/),
      };
    },
    async close() {
      await app.close();
      await directory.close();
      if (!smtp) await post.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** One gate is enough, contractors are not served, and help is mailed to somebody. */
async function settleIn(house: House): Promise<void> {
  await house.syncAll();
  const { settings } = house.world;
  settings.set('scope_exclusions', ['contractors']);
  settings.set('second_gate_when_stronger', false);
  settings.set('helpdesk_address', 'helpdesk@mail.example');
}

/** With the code of half a minute ago, so that the present one is still good. */
async function registerApp({ methods }: House, account: Account, at: number): Promise<string> {
  const method = methods.get('totp');
  const enrolling = { account, session: 0, held: [], language: 'en', at };
  const start = await method?.enrolment?.begin({ ...enrolling, form: {} });
  if (start === undefined || isRefusal(start)) throw new Error(`${account.login} cannot begin with an app`);
  const seed = String(start.seed).replaceAll(' ', '');
  const answer = new TOTP({ secret: Secret.fromBase32(seed) }).generate({ timestamp: at - 30 * second });
  const finished = await method?.enrolment?.finish({ ...enrolling, form: { answer, label: 'Phone' } });
  if (finished === undefined || isRefusal(finished)) throw new Error(`${account.login} cannot register an app`);
  return seed;
}
