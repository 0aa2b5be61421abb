/** A running web server over whatever routes a test brings, with a few accounts and sessions in memory: for the toolkit's own tests, which need no store. */

import { createHmac } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Account } from '../rules/account.ts';
import { defaultPolicy } from '../rules/policy.ts';
import { hour, minute } from '../rules/time.ts';
import { createTexts } from '../text/texts.ts';
import { createServer, type ServerNeeds } from '../web/server.ts';
import type { Route } from '../web/visit.ts';
import type { Session } from '../world.ts';
import { freePort } from './free-port.ts';

export const publicUrl = 'https://desk.example';

const person = (id: number, login: string, role: Account['role']): Account => ({
  id,
  login,
  home: null,
  remoteId: null,
  dn: null,
  name: login.replace(/^./, (first) => first.toUpperCase()),
  mail: null,
  mobile: null,
  role,
  groups: [],
  isProtected: false,
  isDisabled: false,
  suspendedAt: null,
  language: null,
});
export const people = {
  alice: person(1, 'alice', 'person'),
  carol: person(2, 'carol', 'administrator'),
  heidi: person(3, 'heidi', 'helpdesk'),
  oscar: person(4, 'oscar', 'auditor'),
};

export interface FrontDesk {
  readonly url: string;
  readonly port: number;
  /** Every line that was logged, as text. */
  readonly lines: string[];
  /** A session of this account; the cookie's value. */
  signIn(account: Account, standing?: Session['standing']): string;
  forward(milliseconds: number): void;
  disable(account: Account): void;
  close(): Promise<void>;
}

const folders: string[] = [];
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** The product's own views, and the test's beside them, in a folder that goes with the process. */
export function viewsWith(views: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'views-'));
  folders.push(folder);
  cpSync(new URL('../../views/', import.meta.url).pathname, folder, { recursive: true });
  for (const [name, template] of Object.entries(views)) writeFileSync(join(folder, `${name}.eta`), template);
  return folder;
}

/** An address for a real browser, whose Origin must be the public one: "http://localhost:PORT" with a port that is free now. */
export async function localUrl(): Promise<string> {
  return `http://localhost:${await freePort()}`;
}
const portOf = (url = ''): number => (url.startsWith('http://localhost:') ? Number(new URL(url).port) : 0);

export interface DeskOptions extends Partial<ServerNeeds> {
  /** Templates of the test by their names. */
  readonly views?: Readonly<Record<string, string>>;
  readonly tls?: { readonly cert: string; readonly key: string };
}

export async function openFrontDesk(routes: readonly Route[], { views = {}, tls, ...more }: DeskOptions = {}): Promise<FrontDesk> {
  const viewsDir = viewsWith(views);
  let now = 1_800_000_000_000;
  let drawn = 0;
  const sessions = new Map<string, Session>();
  const accounts = new Map(Object.values(people).map((account) => [account.id, account]));
  const lines: string[] = [];
  const note = (level: string) => (facts: object, words: string) => void lines.push(`${level} ${words} ${JSON.stringify(facts)}`);

  const server = createServer({
    routes,
    accounts: { byId: (id) => accounts.get(id) ?? null },
    sessions: {
      byToken(token, at) {
        const session = sessions.get(token);
        const isOver = session === undefined || at >= session.usedAt + 15 * minute || at >= session.createdAt + 8 * hour;
        return isOver ? null : session;
      },
    },
    settings: { policy: () => defaultPolicy },
    throttle: { count: () => 0, hit: () => undefined },
    vault: { digest: (purpose, value) => createHmac('sha256', 'key of the tests').update(`${purpose}\0${value}`).digest('base64url') },
    random: { token: () => createHmac('sha256', 'chance').update(String(drawn++)).digest('base64url'), below: (limit) => drawn++ % limit },
    clock: { now: () => now, sleep: async () => {} },
    log: { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') },
    publicUrl,
    trustedProxies: [],
    texts: createTexts(),
    viewsDir,
    publicDir: new URL('../../public', import.meta.url).pathname,
    ...more,
  });
  const { port } = await server.listen({ address: '127.0.0.1', port: portOf(more.publicUrl), ...(tls ? { tls } : {}) });

  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    port,
    lines,
    signIn(account, standing = 'full') {
      const token = `token-of-${account.login}-${sessions.size}`;
      sessions.set(token, {
        id: sessions.size,
        account: account.id,
        createdAt: now,
        usedAt: now,
        provedAt: now,
        standing,
        address: '',
        device: '',
      });
      return token;
    },
    forward(milliseconds) {
      now += milliseconds;
    },
    disable: (account) => void accounts.set(account.id, { ...account, isDisabled: true }),
    close: () => server.close(),
  };
}
