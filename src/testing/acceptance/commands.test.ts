// needs: slapd ldap-utils
/** Every command as an operator types it: in a process of its own, on a real slapd, beside a serving Latchkey or without one. */

import { appendFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Secret, TOTP } from 'otpauth';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { accountKey, limits } from '../../rules/throttle.ts';
import { eventually } from '../eventually.ts';
import { type CommandResult, openRealHouse, type Person, type RealHouse, runCommand } from '../house.ts';
import { quickest } from '../quickest.ts';
import { choosePassword, comeBack } from '../way-back.ts';

const person = (login: string): Person => ({
  login,
  name: `${login} of the office`,
  password: `first words of ${login.length} years`,
  address: `${login}@home.example.net`,
});
const [anna, ben] = [person('anna'), person('ben')];
const bossPassword = 'a sentence for the chief of it all';

const test = suite<{ house: RealHouse; scratch: string }>('commands');

test.before(async (room) => {
  room.house = await openRealHouse();
  room.scratch = mkdtempSync(join(tmpdir(), 'latchkey-commands-'));
});
test.after(async ({ house, scratch }) => {
  await house.close();
  rmSync(scratch, { recursive: true, force: true });
});

const linesOf = ({ stdout }: CommandResult): string[] => stdout.split('\n').filter((line) => line !== '');
function isWell(result: CommandResult, says: RegExp): void {
  assert.is(result.code, 0, `${result.stdout}${result.stderr}`);
  assert.match(result.stdout, says);
}
function isRefused(result: CommandResult, says: RegExp, code = 2): void {
  assert.is(result.code, code, `${result.stdout}${result.stderr}`);
  assert.match(`${result.stdout}${result.stderr}`, says);
  assert.not.match(result.stderr, /\n {4}at /, 'no stack for an operator');
}

/** A data folder like the house's, with something of it changed, and its own configuration. */
function copyOf(house: RealHouse, scratch: string, change: (data: string) => void): string[] {
  const folder = mkdtempSync(join(scratch, 'copy-'));
  cpSync(house.folder, folder, { recursive: true });
  rmSync(join(folder, 'data/latchkey.lock'), { force: true });
  change(join(folder, 'data'));
  return ['--config', join(folder, 'config.toml')];
}
function sql(data: string, statement: string): void {
  const db = new DatabaseSync(join(data, 'latchkey.db'));
  db.exec(statement);
  db.close();
}

const names = [
  'serve',
  'demo',
  'check',
  'sync',
  'journal verify',
  'journal export',
  'backup',
  'restore',
  'admin create',
  'admin recover',
  'admin lift',
  'admin ask-again',
  'migrate',
];

test('help: of all, and of each', async () => {
  isWell(await runCommand(['--help']), /latchkey serve[\s\S]*latchkey migrate/);
  const helps = await Promise.all(names.map((name) => runCommand([...name.split(' '), '--help'])));
  for (const [at, name] of names.entries()) isWell(helps[at] as CommandResult, new RegExp(`^latchkey ${name}`));
});

test('an unknown command, a missing word and an unknown option are told, with the usage', async ({ house }) => {
  isRefused(await runCommand(['sevre']), /There is no command "sevre"[\s\S]*latchkey serve/);
  isRefused(await house.command(['backup']), /latchkey backup FILE/);
  isRefused(await house.command(['sync', '--fast']), /--fast[\s\S]*latchkey sync/);
});

test('mistakes in the configuration are all told, each with its path, and no secret', async ({ scratch, house }) => {
  const file = join(scratch, 'bad.toml');
  const bad = readFileSync(house.configFile, 'utf8').replace(/^public_url.*$/m, 'public_url = "http://desk.example.com"\ncolour = "red"');
  writeFileSync(file, `${bad}\n[log]\nlevel = "loud"\n`.replace('bind_password_file = "secrets/directory"', 'bind_password_file = "gone"'));
  const result = await runCommand(['serve', '--config', file]);
  isRefused(result, /cannot be used/);
  for (const path of ['public_url', 'colour', 'log.level', 'directory[0].bind_password_file'])
    assert.ok(result.stderr.includes(`${path} `), `${path} in ${result.stderr}`);
  isRefused(await runCommand(['check', '--config', join(scratch, 'nowhere.toml')]), /nowhere\.toml/);
  isRefused(await runCommand(['demo', '--port', 'abc']), /^abc is not a port/);
});

test('before the first migration every command says what to do', async ({ house }) => {
  isRefused(await house.command(['sync']), /latchkey migrate/);
});

test('migrate makes the database, and finds it up to date then', async ({ house }) => {
  isWell(await house.command(['migrate']), /up to date/);
  isWell(await house.command(['migrate']), /^The database is up to date\.$/m);
  for (const name of ['latchkey.db', 'latchkey.key']) {
    assert.ok(existsSync(join(house.data, name)), name);
    assert.is(statSync(join(house.data, name)).mode & 0o077, 0, name);
  }
});

test('sync: a dry run writes nothing, then all are read, in words and as JSON', async ({ house }) => {
  const ldif = [anna, ben].map(
    ({ login, name, password }) =>
      `dn: ${house.dn({ name })}\nobjectClass: inetOrgPerson\ncn: ${name}\nsn: x\nuid: ${login}\nuserPassword: ${password}\n`,
  );
  await house.slapd.add(ldif.join('\n'));
  isWell(await house.command(['sync', '--dry-run']), /2 read, 2 added.*dry run/);
  isWell(await house.command(['sync', '--dry-run', '--json']), /"added":2/);
  const result = await house.command(['sync', '--json']);
  isWell(result, /"added":2/);
  assert.is(JSON.parse(result.stdout).read, 2);
  isWell(await house.command(['sync']), /2 read, 0 added, 0 changed, 0 disabled, 2 unchanged/);
});

test('check: the house, one person, and a directory that is away', async ({ house }) => {
  isWell(await house.command(['check']), /ok {4}directory office: openldap at ldaps:/);
  isRefused(await house.command(['check', '--account', 'anna']), /FAIL {2}anna: methods: no/, 1);
  await house.register([anna, ben]);
  isWell(await house.command(['check', '--account', 'anna']), /ok {4}anna: methods: yes/);
  isRefused(await house.command(['check', '--account', 'nobody']), /is not known/, 1);
  await house.inside(({ world }) => {
    const [found] = world.accounts.byLogin('ben');
    for (const { id } of world.enrolments.of(found?.id ?? 0)) world.enrolments.remove(id);
    world.settings.set('directory_mail_is_proof', true);
  });
  isRefused(await house.command(['check', '--account', 'ben']), /FAIL {2}ben: methods: no/, 1);
  const mail = `dn: ${house.dn(ben)}\nchangetype: modify\nreplace: mail\nmail: ben@elsewhere.example.net\n\n`;
  await house.slapd.force(mail);
  isWell(await house.command(['sync']), /1 changed/);
  const told = await house.command(['check', '--account', 'ben']);
  isWell(told, /ok {4}ben: methods: yes/);
  assert.match(told.stdout, /WARN {2}mail: most people.*elsewhere\.example\.net[\s\S]*own_domains = \["office\.example\.com","elsewhere/);
  isWell(await house.command(['check', '--account', 'ben@elsewhere.example.net']), /methods: yes/);
  await house.inside(({ world }) => world.settings.set('directory_mail_is_proof', false));
  await house.register([ben]);
  const json = await house.command(['check', '--json']);
  assert.is(JSON.parse(json.stdout).isWell, true);
  await house.slapd.kill();
  const away = await house.command(['check', '--account', 'anna']);
  isRefused(away, /FAIL {2}directory office: .*ECONNREFUSED/, 1);
  isRefused(await house.command(['sync']), /does not answer/, 1);
  await house.slapd.start();
});

test('while serving: a second one is refused, the commands beside it work, and SIGTERM ends it', async ({ house, scratch }) => {
  const served = await house.serve();
  isRefused(await house.command(['serve']), /Another Latchkey is running/);
  isRefused(await house.command(['migrate']), /Another Latchkey is running/);
  assert.is((await choosePassword(await comeBack(house, anna), 'a wholly new sentence')).heading(), 'Your new password is set');
  isWell(await house.command(['journal', 'verify']), /whole: \d+ rows/);

  const backup = join(scratch, 'backup.db');
  const key = join(scratch, 'backup.key');
  isWell(await house.command(['backup', backup, '--with-key', key]), /holds the database[\s\S]*holds the key/);
  for (const file of [backup, key]) assert.is(statSync(file).mode & 0o077, 0, file);
  isRefused(await house.command(['backup', backup]), /never overwrites/);
  isRefused(await house.command(['restore', backup]), /Another Latchkey is running/);

  const argv = readFileSync(`/proc/${served.pid}/cmdline`, 'utf8');
  for (const secret of [house.slapd.servicePassword, 'Mail-Passw0rd!', 'a wholly new sentence']) {
    assert.not.ok(argv.includes(secret));
    assert.not.ok(served.log().includes(secret));
  }
  let running = served;
  const took = await quickest(2000, async () => {
    const { code, milliseconds } = await running.end('SIGTERM');
    assert.is(code, 0, running.log());
    if (milliseconds >= 2000) running = await house.serve();
    return milliseconds;
  });
  assert.ok(took < 2000, `${took} ms`);
});

test('journal: every line is JSON in order; a changed or a missing row is found', async ({ house, scratch }) => {
  const result = await house.command(['journal', 'export']);
  assert.is(result.code, 0);
  const rows = linesOf(result).map((line) => JSON.parse(line) as { seq: number; event: string; time: string; result: string });
  assert.equal(
    rows.map(({ seq }) => seq),
    rows.map((_row, at) => at + 1),
  );
  assert.ok(rows.some(({ event, result: how }) => event === 'reset' && how === 'succeeded'));
  assert.not.match(result.stdout, /a wholly new sentence/);
  const altered = copyOf(house, scratch, (data) =>
    sql(data, "DROP TRIGGER journal_is_append_only; UPDATE journal SET result = 'failed' WHERE seq = 2"),
  );
  isRefused(await runCommand(['journal', 'verify', ...altered]), /broken at row 2; 1 rows before it/, 1);
  isRefused(await runCommand(['check', ...altered]), /FAIL {2}journal: broken at row 2/, 1);
  const shortened = copyOf(house, scratch, (data) =>
    sql(data, 'PRAGMA foreign_keys = OFF; DELETE FROM journal WHERE seq = (SELECT max(seq) FROM journal)'),
  );
  isRefused(await runCommand(['journal', 'verify', ...shortened]), /broken at row/, 1);
});

test('restore: a good one goes back, a damaged or a foreign one does not', async ({ house, scratch }) => {
  const backup = join(scratch, 'backup.db');
  const damaged = join(scratch, 'damaged.db');
  writeFileSync(damaged, readFileSync(backup).subarray(0, 5000));
  isRefused(await house.command(['restore', damaged]), /damaged/);
  isRefused(await house.command(['restore', join(scratch, 'none.db')]), /There is no file/);
  const keyless = copyOf(house, scratch, (data) => rmSync(join(data, 'latchkey.key')));
  isRefused(await runCommand(['restore', backup, ...keyless]), /Put the key file of the backup at/);
  const foreign = copyOf(house, scratch, (data) =>
    writeFileSync(join(data, 'latchkey.key'), `${Buffer.alloc(32, 3).toString('base64')}\n`, { mode: 0o600 }),
  );
  isRefused(await runCommand(['restore', backup, ...foreign]), /was made under key/);
  const rowsNow = linesOf(await house.command(['journal', 'export'])).length;
  isWell(await house.command(['restore', backup]), /is the database now\. What was there is kept as/);
  const restored = await house.command(['journal', 'verify']);
  isWell(restored, /whole/);
  assert.match((await house.command(['journal', 'export'])).stdout.trimEnd().split('\n').at(-1) ?? '', /"event":"restore"/);
  assert.ok(linesOf(await house.command(['journal', 'export'])).length < rowsNow, 'the state of then');
  assert.is(
    (await choosePassword(await served(house, () => comeBack(house, ben)), 'another new sentence')).heading(),
    'Your new password is set',
  );
});

/** A Latchkey for as long as the test goes on. */
async function served<T>(house: RealHouse, work: () => Promise<T>): Promise<T> {
  await house.serve();
  return work();
}

test('another key file, and a newer schema, are refused before anything is served', async ({ house, scratch }) => {
  const otherKey = copyOf(house, scratch, (data) => rmSync(join(data, 'latchkey.key')));
  isRefused(await runCommand(['serve', ...otherKey]), /The key file is not the one of this database/);
  const newer = copyOf(house, scratch, (data) =>
    sql(data, "INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('of the future', 9999999999999)"),
  );
  for (const command of ['serve', 'migrate', 'sync']) isRefused(await runCommand([command, ...newer]), /newer Latchkey|another version/);
});

test('a first administrator: made on the console, leads to an app, then to /admin; recovered when lost', async ({ house }) => {
  isRefused(await house.command(['admin', 'create', 'boss'], 'too short\n'), /too short/, 1);
  const made = await house.command(['admin', 'create', 'boss'], `${bossPassword}\n`);
  isWell(made, /boss is an administrator/);
  assert.not.match(`${made.stdout}${made.stderr}`, bossPassword);
  isRefused(await house.command(['admin', 'create', ' boss '], `${bossPassword}\n`), /There is a local account boss already/, 1);
  isRefused(await house.command(['admin', 'create', 'anna'], `${bossPassword}\n`), /in the directory office/, 1);
  isRefused(await house.command(['admin', 'create', ' '], `${bossPassword}\n`), /cannot be a login/, 1);

  const browser = house.visitor();
  await browser.open('/sign-in');
  await browser.submit({ login: 'boss', password: bossPassword });
  assert.match(browser.path, /^\/registration/);
  await browser.open('/admin');
  assert.match(browser.path, /^\/registration/, 'nothing else before the app');
  await browser.open('/registration/totp');
  await browser.submit({}, { at: /code to scan/ });
  const seed = /\b([A-Z2-7]{4}( [A-Z2-7]{4}){3,})\b/.exec(browser.text())?.[1]?.replaceAll(' ', '') ?? '';
  await browser.submit({ answer: new TOTP({ secret: Secret.fromBase32(seed) }).generate() });
  await browser.open('/admin');
  assert.is(browser.path, '/admin', browser.text());
  assert.is(browser.status, 200);

  isRefused(await house.command(['admin', 'recover', 'anna'], `${bossPassword}\n`), /not an administrator/, 1);
  isRefused(await house.command(['admin', 'recover', 'boss'], 'too short\n'), /too short/, 1);
  const recovered = `${bossPassword} again`;
  const mailbox = 'boss@home.example.net';
  await house.inside(({ world }) => {
    const [account] = world.accounts.byLogin('boss');
    world.enrolments.add({ account: account?.id ?? 0, method: 'email', label: mailbox, secret: '', at: world.clock.now() });
  });
  isWell(await house.command(['admin', 'recover', 'boss'], `${recovered}\n`), /password alone for the next 24 hours/);
  await house.inside(({ world }) => world.deliver.flush());
  await eventually('nothing was told where the way was that is removed', () =>
    house.mailsTo(mailbox).find((letter) => /let in again from the console/.test(letter)),
  );
  await browser.open('/admin');
  assert.match(browser.path, /^\/sign-in/, 'the session has ended');
  await browser.submit({ login: 'boss', password: bossPassword });
  assert.is(browser.status, 422, 'the old password is over');
  await browser.submit({ login: 'boss', password: recovered });
  assert.match(browser.path, /^\/registration/);
});

test('ask-again: one person or everybody, who meet it at their next sign-in; and neither is a mistake', async ({ house }) => {
  const password = 'a sentence for this very evening';
  await choosePassword(await comeBack(house, anna), password);
  const signIn = async () => (await house.visitor().open('/sign-in')).submit({ login: 'anna', password });
  assert.is((await signIn()).path, '/account');
  isWell(await house.command(['admin', 'ask-again', 'anna']), /^anna@office is asked again/);
  const visitor = await signIn();
  assert.match(visitor.text(), /Are these still right\?/);
  await visitor.submit({}, { at: 'These are still right' });
  assert.is((await signIn()).path, '/account');
  isWell(await house.command(['admin', 'ask-again', '--all']), /^Everybody is asked again.*: 3 enabled accounts/);
  assert.match((await signIn()).path, /^\/registration\/remind/);
  const mistakes = [['nobody'], [], ['anna', '--all'], ['anna', 'ben']];
  const told = await Promise.all(mistakes.map((words) => house.command(['admin', 'ask-again', ...words])));
  const says = [/is not known/, /either a LOGIN, or --all/, /either a LOGIN, or --all/, /latchkey admin ask-again LOGIN \| --all/];
  for (const [nth, result] of told.entries()) isRefused(result, says[nth] as RegExp);
});

test('lift: whom “this was not me” has suspended is let in again, and told', async ({ house }) => {
  const suspended = () => house.inside(({ world }) => world.accounts.suspended(10).map(({ login }) => login));
  await house.inside(({ world }) => {
    const [account] = world.accounts.byLogin('anna');
    world.accounts.suspend(account?.id ?? 0, world.clock.now());
    world.throttle.hit(limits.failedAttemptsAnywhere, accountKey(account?.id ?? 0, ''), world.clock.now());
  });
  assert.equal(await suspended(), ['anna']);
  isRefused(await house.command(['admin', 'lift', 'nobody']), /is not known/);
  isWell(await house.command(['admin', 'lift', 'anna']), /^Nothing is counted against anna@office any more, and self-service is open/);
  assert.equal(await suspended(), []);
  isWell(await house.command(['admin', 'lift', 'anna']), /^Nothing is counted against anna@office any more\.$/m);
  const rows = await house.inside(({ world }) => world.journal.latest(20));
  const lifted = rows.find(({ event }) => event === 'not me');
  assert.equal([lifted?.result, lifted?.detail, lifted?.actor], ['cancelled', 'lifted', 'console']);
});

test('a backup that cannot be written says so, and leaves nothing', async ({ house, scratch }) => {
  appendFileSync(join(scratch, 'file'), '');
  for (const folder of ['file', 'nowhere']) {
    const target = join(scratch, folder, 'backup.db');
    isRefused(await house.command(['backup', target]), /There is no folder/);
    assert.not.ok(existsSync(target));
  }
});

test.run();
