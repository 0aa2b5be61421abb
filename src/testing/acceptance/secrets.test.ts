// needs: slapd ldap-utils
/** No secret is anywhere but where it belongs: canaries go through every journey of a served Latchkey, and then everything it wrote is searched. */

import { appendFileSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Secret, TOTP } from 'otpauth';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { databaseFile, openDatabase } from '../../store/database.ts';
import { type Answered, Browser } from '../browser.ts';
import { eventually } from '../eventually.ts';
import { openRealHouse, type Person, type RealHouse, type Served } from '../house.ts';

const person = (login: string): Person => ({
  login,
  name: `${login} Plover`,
  password: `Canary-Old-${login} quill 4711`,
  address: `${login}@home.example.net`,
});
const [alice, bella, mike] = [person('alice'), person('bella'), person('mike')];
const mailPassword = 'Canary-Mail-Pa55word zephyr';
const adminPassword = 'Canary-Admin vault of orchids 88';
/** Every value by what it is. */
const canaries = new Map<string, string>();
const plant = (name: string, value: string): string => {
  assert.ok(value.length >= 6, `${name} is empty`);
  canaries.set(`${name}${canaries.has(name) ? ` ${canaries.size}` : ''}`, value);
  return value;
};
/** Pages that were answered with a mistake, and those of the administrator. */
const pages: { path: string; status: number; html: string; headers: string }[] = [];

/** Keeps every cookie and form token that it was ever given. */
class Witness extends Browser {
  override async send(...request: Parameters<Browser['send']>): Promise<Answered> {
    const answer = await super.send(...request);
    for (const cookie of answer.headers['set-cookie'] ?? []) {
      const [, name, value] = /^([\w-]+)=([\w.~-]{20,})/.exec(cookie) ?? [];
      if (name && value && ![...canaries.values()].includes(value)) plant(`cookie ${name}`, value);
    }
    for (const [, value = ''] of answer.html.matchAll(/name="csrf" value="([^"]+)"/g)) canaries.set(`csrf ${value.slice(0, 12)}`, value);
    pages.push({ path: request[1], status: answer.status, html: answer.html, headers: JSON.stringify(answer.headers) });
    return answer;
  }
}

let house: RealHouse;
let served: Served;
let visits = 0;
const visitor = (): Witness => {
  visits += 1;
  return new Witness(house.url.replace('localhost', '127.0.0.1'), { headers: { 'X-Forwarded-For': `10.40.0.${visits}` } });
};
const fresh = (name: string): string => plant(name, `Canary-New ${name} lantern ${1000 + canaries.size}`);
const usedSteps = new Map<string, number>();

/** Each step of an app counts once. */
async function appCode(seed: string): Promise<string> {
  const app = new TOTP({ secret: Secret.fromBase32(seed) });
  for (let at = Date.now(); ; at = Date.now()) {
    const step = Math.floor(at / 30_000);
    if (usedSteps.get(seed) !== step) {
      usedSteps.set(seed, step);
      return app.generate({ timestamp: at });
    }
    await new Promise((resume) => setTimeout(resume, 30_020 - (at % 30_000)));
  }
}

test.before(async () => {
  house = await openRealHouse({
    mailPassword: plant('SMTP password', mailPassword),
    policy: { second_gate_when_stronger: false, helpdesk_address: 'helpdesk@home.example.net' },
  });
  appendFileSync(house.configFile, '\n[log]\nlevel = "debug"\n');
  await house.admit([alice, bella, mike]);
  for (const { login, password } of [alice, bella, mike]) plant(`first password of ${login}`, password);
  plant('bind password', house.slapd.servicePassword);
  plant('key', readFileSync(join(house.data, 'latchkey.key'), 'utf8').trim());
  plant('administrator', adminPassword);
  const made = await house.command(['admin', 'create', 'root'], `${adminPassword}\n`);
  assert.is(made.code, 0, made.stderr);
  served = await house.serve();
});
test.after(async () => {
  await house.close();
});

async function signIn(login: string, password: string): Promise<Witness> {
  const browser = visitor();
  await browser.open('/sign-in');
  await browser.submit({ login, password });
  return browser;
}

async function askFor(
  { login, address }: Person,
  door: '/reset' | '/unlock' = '/reset',
): Promise<{ browser: Witness; code: string; link: string }> {
  const browser = visitor();
  await browser.open(door);
  await browser.submit({ login });
  await browser.submit({ method: 'email' });
  const code = plant('mailed code', await house.code(address));
  const link = plant(
    'mailed link',
    /\/reset\/code\/([\w-]+)/.exec(house.mailsTo(address).find((mail) => mail.includes(code)) ?? '')?.[1] ?? '',
  );
  return { browser, code, link };
}

async function choose(browser: Witness, password: string): Promise<void> {
  await browser.submit({ password, password_again: password });
  assert.is(browser.status, 200, browser.text());
}

/** Registers an app and printed codes; leaves the seed and the codes as canaries. */
async function registerWays(browser: Witness, { address, password }: Person): Promise<{ seed: string; codes: string[] }> {
  await browser.open('/registration/totp');
  if (browser.path.startsWith('/registration/confirm')) {
    await browser.submit({}, { at: '/registration/confirm/code' });
    await browser.submit({ password, answer: plant('proof code', await house.code(address)) }, { at: '/registration/confirm' });
  }
  await browser.submit({}, { at: '/registration/totp' });
  const seed = plant('seed', (/id="seed"[^>]*>([^<]+)</.exec(browser.html)?.[1] ?? '').replaceAll(' ', ''));
  await browser.submit({ answer: await appCode(seed), label: 'Phone' });
  assert.match(browser.path, /^\/registration/);
  await browser.open('/registration/recovery-code');
  await browser.submit({}, { at: '/registration/recovery-code' });
  const codes = [...browser.html.matchAll(/<li><code>([^<]+)<\/code>/g)].map(([, code = '']) => plant('recovery code', code));
  assert.ok(codes.length > 5, browser.text());
  return { seed, codes };
}

test('every journey is gone', async () => {
  const wrong = plant('wrong password', 'Canary-Wrong pendulum 9090');
  await signIn('alice', wrong);
  const browser = await signIn('alice', alice.password);
  assert.not.match(browser.path, /sign-in/, browser.text());
  const { seed, codes } = await registerWays(browser, alice);
  await browser.open('/registration/email');
  await browser.submit({ address: 'second@home.example.net' });
  await browser.submit({ answer: plant('contact code', await house.code('second@home.example.net')) });

  await browser.open('/change');
  const changed = fresh('changed password');
  await browser.submit({ current_password: alice.password, password: changed, password_again: changed });
  assert.match(browser.path, /change\/done/, browser.text());
  const stranger = visitor();
  await stranger.open('/change');
  await stranger.submit({
    login: 'bella',
    current_password: plant('wrong current', 'Canary-Nope tundra 12345'),
    password: changed,
    password_again: changed,
  });

  const byCode = await askFor(bella);
  await byCode.browser.submit({ answer: '00000000' });
  await byCode.browser.submit({ answer: byCode.code });
  await choose(byCode.browser, fresh('by mailed code'));
  const byLink = await askFor(bella);
  const other = visitor();
  await other.open(`/reset/code/${byLink.link}`);
  await other.submit();
  await other.submit({ password: fresh('refused password').slice(0, 9), password_again: 'x' });
  await choose(other, fresh('by mailed link'));

  const byApp = visitor();
  await byApp.open('/reset');
  await byApp.submit({ login: 'alice' });
  await byApp.submit({ method: 'totp' });
  await byApp.submit({ answer: await appCode(seed) });
  await choose(byApp, fresh('by app'));
  const byPaper = visitor();
  await byPaper.open('/reset');
  await byPaper.submit({ login: 'alice' });
  await byPaper.submit({ method: 'recovery-code' });
  await byPaper.submit({ answer: codes[0] ?? '' });
  await choose(byPaper, fresh('by printed code'));

  for (let tries = 0; tries < 3; tries += 1) await house.slapd.opens(house.dn(mike), 'not it');
  const unlocking = await askFor(mike, '/unlock');
  await unlocking.browser.submit({ answer: unlocking.code });
  await unlocking.browser.submit({}, { at: '/reset/unlock' });
  assert.is(unlocking.browser.status, 200, unlocking.browser.text());

  await eventually('no notice came', () => house.mailsTo(bella.address).some((text) => text.includes('/not-me/')));
  const notMe = plant(
    'not-me link',
    /\/not-me\/([\w-]+)/.exec(house.mailsTo(bella.address).find((text) => text.includes('/not-me/')) ?? '')?.[1] ?? '',
  );
  const reporting = visitor();
  await reporting.open(`/not-me/${notMe}`);
  await reporting.submit();

  const helpless = visitor();
  await helpless.open('/reset/help');
  await helpless.submit({ name: 'Mike', contact: '12345', words: 'I am locked out' });
});

test('the administrator has been everywhere', async () => {
  const browser = await signIn('root', adminPassword);
  await registerWays(browser, { ...alice, password: adminPassword });
  await browser.open('/admin');
  assert.is(browser.status, 200, browser.text());
  await browser.open('/account');
  await browser.submit({}, { at: '/sign-out' });
});

/** Behind the running server's back, which then misses a table. */
function rename(sql: string): void {
  const { $client } = openDatabase(databaseFile(house.data));
  $client.exec(sql);
  $client.close();
}

test('what went wrong was told to the log and to nobody else', async () => {
  const secret = plant('password of a failed request', 'Canary-Lost in the fire 5150');
  const browser = visitor();
  await browser.open('/sign-in');
  const { fields } = browser.form({ login: '' });
  const { browser: under, code } = await askFor(mike);
  const answering = under.form({ answer: '' }).fields;
  rename('ALTER TABLE hit RENAME TO hit_away; ALTER TABLE attempt_step RENAME TO step_away');
  try {
    await browser.post('/sign-in', { ...fields, login: 'mike', password: secret });
    assert.is(browser.status, 500, browser.text());
    await under.post('/reset/answer', { ...answering, answer: code });
    assert.is(under.status, 500, under.text());
    for (const page of [browser, under]) assert.not.match(page.html, /no such table|SQL|\.ts:|node_modules|insert into/i);
    await visitor().open(`/reset/code/${'x'.repeat(43)}`);
  } finally {
    rename('ALTER TABLE hit_away RENAME TO hit; ALTER TABLE step_away RENAME TO attempt_step');
  }
  await eventually('the log does not say it', () => /no such table/.test(served.log()));
});

/** How a value may have been written down; short digits are looked for as they are. */
function disguises(value: string): Buffer[] {
  const bytes = Buffer.from(value, 'utf8');
  if (/^\d{6,8}$/.test(value)) return [bytes, Buffer.from(value, 'utf16le')];
  // In base64 a value looks in three ways, by where it begins; the first and last signs also depend on its neighbours.
  const inBase64 = [0, 1, 2].flatMap((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const whole = text.slice(offset === 0 ? 0 : 4, -1);
    return [whole, whole.replaceAll('+', '-').replaceAll('/', '_')];
  });
  const hex = bytes.toString('hex');
  const words = [
    ...inBase64,
    hex,
    hex.toUpperCase(),
    encodeURIComponent(value),
    encodeURIComponent(value).replaceAll('%20', '+'),
    JSON.stringify(value).slice(1, -1),
  ];
  return [bytes, Buffer.from(value, 'utf16le'), Buffer.from(value, 'utf16le').swap16(), ...words.map((word) => Buffer.from(word))];
}

const holds = (haystack: Buffer, value: string): boolean => disguises(value).some((needle) => haystack.includes(needle));

function foundIn(text: string | Buffer, except: (name: string) => boolean = () => false): string[] {
  const haystack = Buffer.isBuffer(text) ? text : Buffer.from(text);
  return [...canaries].filter(([name, value]) => !except(name) && holds(haystack, value)).map(([name]) => name);
}

test('the search finds what it is to find', () => {
  for (const [name, value] of canaries) {
    for (const disguise of disguises(value))
      assert.ok(foundIn(Buffer.concat([Buffer.from('{"a":"'), disguise, Buffer.from('"}')])).includes(name));
  }
  const inside = Buffer.from(`x${mailPassword}yz`).toString('base64');
  assert.ok(foundIn(inside).includes('SMTP password'));
  assert.ok(canaries.size > 60, `${canaries.size} canaries`);
  for (const kind of [
    'cookie session',
    'cookie attempt',
    'cookie visitor',
    'csrf',
    'seed',
    'recovery code',
    'mailed code',
    'mailed link',
    'not-me link',
    'contact code',
  ])
    assert.ok(
      [...canaries.keys()].some((name) => name.startsWith(kind)),
      kind,
    );
});

test('the log holds none', () => {
  assert.match(served.log(), /"level":30.*request|request/);
  assert.equal(foundIn(served.log()), []);
});

test('arguments and environment hold none, of the server and of its children', () => {
  const children = readFileSync(`/proc/${served.pid}/task/${served.pid}/children`, 'utf8').trim().split(/\s+/).filter(Boolean);
  for (const pid of [String(served.pid), ...children])
    for (const file of ['cmdline', 'environ']) assert.equal(foundIn(readFileSync(`/proc/${pid}/${file}`)), [], `${pid} ${file}`);
});

test('no page but the one that they are for shows any', () => {
  const forms = (name: string): boolean => name.startsWith('csrf');
  for (const { path, status, html, headers } of pages) {
    const where = `${status} ${path}`;
    const ownLink = /\/(reset\/code|not-me)\/([\w-]+)/.exec(path)?.[2];
    const isShown = (name: string): boolean =>
      forms(name) ||
      (ownLink !== undefined && canaries.get(name) === ownLink) || // the button's own address
      (path === '/registration/totp' && name.startsWith('seed')) ||
      (path === '/registration/totp/prove' && name.startsWith('seed')) ||
      (path === '/registration/recovery-code' && name.startsWith('recovery code'));
    assert.equal(foundIn(html, isShown), [], where);
    assert.equal(
      foundIn(headers, (name) => name.startsWith('cookie')),
      [],
      `headers of ${where}`,
    );
  }
  assert.ok(pages.some(({ status }) => status === 500));
  assert.ok(pages.some(({ path, status }) => path === '/admin' && status === 200));
});

test('mails hold only what they are to bring', () => {
  assert.ok(house.smtp.received.length > 10);
  const seen = new Map<string, number>();
  for (const { raw, mail } of house.smtp.received) {
    const text = `${raw}\n${mail.subject}\n${mail.text}\n${mail.html ?? ''}`;
    const found = foundIn(text);
    const brought = found.filter((name) => /^(mailed code|mailed link|contact code|proof code|not-me link)/.test(name));
    assert.equal(
      found.filter((name) => !brought.includes(name)),
      [],
      mail.subject ?? '',
    );
    assert.ok(brought.length <= 2, `${mail.subject}: ${brought}`);
    for (const name of brought) seen.set(name, (seen.get(name) ?? 0) + 1);
  }
  for (const [name, count] of seen) assert.is(count, 1, `${name} is in one mail alone`);
});

test('the database holds none, in no table, in its log, or in pages that were freed', async () => {
  const isKey = (file: string): boolean => file.endsWith('latchkey.key');
  const files = globSync(`${house.data}/**`, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  assert.ok(files.some((file) => file.endsWith('latchkey.db-wal')));
  for (const file of files.filter((one) => !isKey(one))) assert.equal(foundIn(readFileSync(file)), [], file);
  await house.inside(({ db }) => {
    const tables = db.$client.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all() as string[];
    assert.ok(tables.length > 12);
    for (const table of tables) {
      const rows = db.$client.prepare(`SELECT * FROM "${table}"`).all();
      assert.equal(foundIn(JSON.stringify(rows)), [], table);
    }
  });
});

test('the commands tell none', async () => {
  for (const words of [
    ['journal', 'export'],
    ['journal', 'verify'],
    ['check', '--json'],
    ['check', '--account', 'alice'],
    ['sync', '--dry-run', '--json'],
  ]) {
    const { stdout, stderr } = await house.command(words);
    assert.ok(stdout.length > 20, `${words.join(' ')}: ${stderr}`);
    assert.equal(foundIn(`${stdout}\n${stderr}`), [], words.join(' '));
  }
});

test('the end leaves none behind either', async () => {
  await served.end('SIGTERM');
  assert.equal(foundIn(served.log()), []);
  for (const name of ['latchkey.db', 'latchkey.db-wal']) {
    const file = globSync(join(house.data, name))[0];
    if (file) assert.equal(foundIn(readFileSync(file)), [], name);
  }
});

test.run();
