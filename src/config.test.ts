/** Every way in which a configuration can be wrong, and that the manual tells the truth. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { everyKey, type Key, type Tree } from './config/keys.ts';
import { type Config, ConfigMistakes, loadConfig } from './config.ts';
import { dialectNamed } from './directory/dialects.ts';

const directory = `
[[directory]]
id = "head-office"
urls = ["ldaps://one.example.org", "ldaps://two.example.org:6360"]
bind_dn = "cn=latchkey,dc=example,dc=org"
bind_password = "bind-canary"
base_dn = "dc=example,dc=org"
`;
const least = `public_url = "https://password.example.org"\n${directory}`;

interface Room {
  folder: string;
  load: (toml: string, env?: NodeJS.ProcessEnv) => Config | ConfigMistakes;
}
const test = suite<Room>('config');
test.before.each((room) => {
  room.folder = mkdtempSync(join(tmpdir(), 'latchkey config '));
  room.load = (toml, env = {}) => {
    writeFileSync(join(room.folder, 'config.toml'), toml);
    return loadConfig({ file: join(room.folder, 'config.toml'), env });
  };
});
test.after.each(({ folder }) => rmSync(folder, { recursive: true }));

const good = (loaded: Config | ConfigMistakes): Config => {
  if (loaded instanceof ConfigMistakes) throw new Error(`unexpected mistakes:\n${loaded}`);
  return loaded;
};
const mistakes = (loaded: Config | ConfigMistakes): string[] => {
  if (!(loaded instanceof ConfigMistakes)) throw new Error('no mistake was found');
  return loaded.toString().split('\n');
};

test('the least that works is filled with the defaults', ({ load }) => {
  const config = good(load(least));
  assert.is(config.publicUrl, 'https://password.example.org');
  assert.equal(config.listen, { address: '127.0.0.1', port: 8080, tls: null, trustedProxies: [] });
  assert.is(config.data.folder, '/data');
  assert.equal(config.sync, { schedule: '*/15 * * * *', timezone: 'UTC', maxDisablePercent: 10 });
  assert.is(config.mail, null);
  assert.is(config.directories[0]?.id, 'head-office');
  assert.is(config.directories[0]?.bindPassword, 'bind-canary');
  assert.is(config.directories[0]?.timeoutMillis, 5000);
});

test('nothing of it can be changed afterwards', ({ load }) => {
  const config = good(load(least)) as { -readonly [K in keyof Config]: Config[K] };
  assert.throws(() => (config.publicUrl = 'https://evil.example'));
  assert.throws(() => (config.listen.trustedProxies as string[]).push('0.0.0.0/0'));
  assert.throws(() => (config.directories as unknown[]).pop());
});

test('every mistake is told at once, with its path and a reason', ({ load }) => {
  const told = mistakes(
    load(`
public_url = "http://password.example.org"
colour = "red"
[listen]
port = 70000
adress = "::"
trusted_proxies = ["10.0.0.0/33", "proxy"]
tls_cert_file = "missing.pem"
[data]
folder = "/data/../etc"
[[directory]]
id = "Office"
urls = ["ldaps://one.example.org", "ldap://two.example.org", "https://three.example.org"]
start_tls = "no"
bind_dn = ""
base_dn = "dc=example"
ca_file = "config.toml"
account_filter = "objectClass=person"
attributes = { mail = "mail address" }
[sync]
schedule = "every now and then"
timezone = "Berlin"
max_disable_percent = 0
[mail]
url = "smtps://desk:mail-canary@mail.example.org"
from = "desk"
[roles]
administrators = "carol"
[log]
level = "loud"
[metrics]
token_file = "x"
`),
  );
  const expected = [
    'public_url must begin with https://',
    'colour is not a key',
    'listen.port must be at most 65535',
    'listen.adress is not a key of Latchkey, did you mean "address"?',
    'listen.trusted_proxies[0] must be an IP address or a network',
    'listen.trusted_proxies[1] must be an IP address or a network',
    'listen.tls_cert_file cannot be read: there is no such file',
    'listen.tls_key_file is missing',
    'data.folder must not contain ".."',
    'directory[0].id must be 1 to 32',
    'directory[0].urls[1] would send passwords in clear',
    'directory[0].urls[2] must be ldaps://host or ldap://host',
    'directory[0].start_tls must be true or false',
    'directory[0].bind_dn must not be empty',
    'directory[0].bind_password is missing',
    'directory[0].ca_file is not a certificate in PEM',
    'directory[0].account_filter must be an LDAP filter',
    'directory[0].attributes.mail must be the name of an attribute',
    'sync.schedule must be a cron expression',
    'sync.timezone must be a time zone',
    'sync.max_disable_percent must be at least 1',
    'mail.url must be smtps://host or smtp://host',
    'mail.from must be an address',
    'roles.administrators must be a list',
    'log.level must be one of "debug"',
    'metrics is not a key of Latchkey',
  ];
  for (const start of expected)
    assert.ok(
      told.some((line) => line.startsWith(start)),
      `${start}\n- in -\n${told.join('\n')}`,
    );
  assert.is(told.length, expected.length, told.join('\n'));
});

test('a file that is no TOML is told by line, without showing the line', ({ load }) => {
  const [told = '', ...more] = mistakes(load('public_url = "https://a.example"\nbind_password = "line-canary" x\n'));
  assert.match(told, /^line 2, column \d+ is not TOML: /);
  assert.is(more.length, 0);
  assert.not.match(told, 'canary');
});

test('a missing file is a mistake, not a crash', ({ folder }) => {
  const told = mistakes(loadConfig({ file: join(folder, 'none.toml'), env: {} }));
  assert.match(told[0] ?? '', 'none.toml cannot be read: there is no such file');
});

test('no secret is in any message', ({ load }) => {
  const told = mistakes(
    load(
      `public_url = "https://user:url-canary@a.example"\n${directory.replace('"bind-canary"', '["bind-canary"]')}[mail]\nurl = "smtp://a:mail-canary@b.example/?x=query-canary"\nfrom = "a"\npassword = "\\u0001pass-canary"`,
      { LATCHKEY_LISTEN__PORT: 'port-canary', LATCHKEY_MAIL__PASWORD: 'typo-canary' },
    ),
  );
  assert.ok(told.length >= 5, told.join('\n'));
  assert.not.match(told.join('\n'), 'canary');
});

test('a secret may lie in a file, whose last newline is not part of it', ({ load, folder }) => {
  writeFileSync(join(folder, 'bind secret'), ' with spaces \n');
  const config = good(load(least.replace('bind_password = "bind-canary"', 'bind_password_file = "bind secret"')));
  assert.is(config.directories[0]?.bindPassword, ' with spaces ');
});

test('a secret file that cannot serve is told by its own key', ({ load, folder }) => {
  writeFileSync(join(folder, 'empty'), '\n');
  mkdirSync(join(folder, 'room'));
  const withFile = (line: string) => mistakes(load(least.replace('bind_password = "bind-canary"', line)));
  assert.equal(withFile('bind_password_file = "none"'), ['directory[0].bind_password_file cannot be read: there is no such file']);
  assert.equal(withFile('bind_password_file = "room"'), ['directory[0].bind_password_file cannot be read: it is a folder']);
  assert.equal(withFile('bind_password_file = "empty"'), ['directory[0].bind_password_file is an empty file']);
  assert.equal(withFile('bind_password_file = 7'), ['directory[0].bind_password_file must be the name of a file']);
  assert.equal(withFile('bind_password = "a"\nbind_password_file = "empty"'), [
    'directory[0].bind_password_file is given beside bind_password: give one of them',
  ]);
});

test('the environment wins, in texts, numbers, lists and secrets', ({ load, folder }) => {
  writeFileSync(join(folder, 'secret'), 'from a file\n');
  const config = good(
    load(`${least}[mail]\nurl = "smtp://desk@localhost"\nfrom = "desk@example.org"\npassword_file = "none"\n`, {
      LATCHKEY_PUBLIC_URL: 'http://localhost:9000/',
      LATCHKEY_LISTEN__PORT: '0',
      LATCHKEY_LISTEN__TRUSTED_PROXIES: '["10.0.0.0/8", "::1"]',
      LATCHKEY_DIRECTORY__HEAD_OFFICE__BIND_PASSWORD_FILE: 'secret',
      LATCHKEY_DIRECTORY__HEAD_OFFICE__START_TLS: 'true',
      LATCHKEY_DIRECTORY__HEAD_OFFICE__URLS: '["ldap://three.example.org"]',
      LATCHKEY_DIRECTORY__HEAD_OFFICE__ATTRIBUTES__MAIL: 'otherMailbox',
      LATCHKEY_MAIL__PASSWORD: '12345678',
      LATCHKEY_ROLES__ADMINISTRATORS: '["carol"]',
      LATCHKEY_PORT: 'tcp://10.0.0.1:80',
      LATCHKEY_SERVICE_HOST: '10.0.0.1',
    }),
  );
  assert.is(config.publicUrl, 'http://localhost:9000');
  assert.is(config.listen.port, 0);
  assert.equal(config.listen.trustedProxies, ['10.0.0.0/8', '::1']);
  const [office] = config.directories;
  assert.is(office?.bindPassword, 'from a file');
  assert.is(office?.startTls, true);
  assert.equal(office?.urls, ['ldap://three.example.org']);
  assert.equal(office?.attributes, { mail: 'otherMailbox' });
  assert.equal(
    [config.mail?.password, config.mail?.requireStartTls, config.mail?.port, config.mail?.user],
    ['12345678', false, 587, 'desk'],
  );
  assert.equal(config.roles.administrators, ['carol']);
});

test('a variable that names nothing is a mistake', ({ load }) => {
  const told = mistakes(
    load(least, {
      LATCHKEY_LISTEN__PROT: '1',
      LATCHKEY_LISTENS__PORT: '1',
      LATCHKEY_LISTEN__TRUSTED_PROXIES: '10.0.0.0/8',
      LATCHKEY_DIRECTORY__BRANCH__ID: 'x',
      LATCHKEY_DIRECTORY__HEAD_OFFICE: 'x',
      LATCHKEY_SYNC__SCHEDULE__NOW: 'x',
    }),
  );
  assert.equal(told, [
    'LATCHKEY_LISTEN__PROT names no key, did you mean "PORT"?',
    'LATCHKEY_LISTENS__PORT names no key, did you mean "LISTEN"?',
    'LATCHKEY_LISTEN__TRUSTED_PROXIES is not a TOML value',
    'LATCHKEY_DIRECTORY__BRANCH__ID no [[directory]] has this id',
    'LATCHKEY_DIRECTORY__HEAD_OFFICE names a table, not a key',
    'LATCHKEY_SYNC__SCHEDULE__NOW names no key',
  ]);
});

test('without a file the environment alone can configure local accounts', () => {
  const config = good(loadConfig({ file: null, env: { LATCHKEY_PUBLIC_URL: 'https://a.example' } }));
  assert.equal(config.directories, []);
});

test('clear connections are refused, on both sides of the wire', ({ load }) => {
  const clear = mistakes(load(least.replace('"ldaps://one', '"LDAP://one')));
  assert.match(clear[0] ?? '', /^directory\[0\]\.urls\[0\] would send passwords in clear/);
  const twice = mistakes(load(`${least}start_tls = true`));
  assert.is(twice.length, 2);
  assert.ok(good(load(`${least.replaceAll('ldaps://', 'ldap://')}start_tls = true`)));
  assert.is(good(load(`${least}[mail]\nurl = "smtp://mail.example.org"\nfrom = "d@e.org"`)).mail?.requireStartTls, true);
  for (const host of ['localhost', '127.0.0.1', '[::1]'])
    assert.ok(good(load(least.replace('https://password.example.org', `http://${host}:8080`))));
  for (const url of [
    'http://localhost.evil.example',
    'https://a.example/path',
    'https://a.example?x',
    'https://u@a.example',
    'ftp://a.example',
    'a.example',
  ])
    assert.ok(mistakes(load(least.replace('https://password.example.org', url))).length === 1, url);
});

test('every kind that may be said is spoken, and no other may be said', ({ load }) => {
  for (const kind of ['active-directory', 'samba', 'openldap', '389ds'] as const) {
    assert.is(good(load(`${least}kind = "${kind}"\n`)).directories[0]?.kind, kind);
    assert.is(dialectNamed(kind)?.kind, kind);
  }
  assert.match(mistakes(load(`${least}kind = "lotus-notes"\n`))[0] ?? '', /^directory\[0\]\.kind /);
});

test('two directories with one id are refused', ({ load }) => {
  assert.equal(mistakes(load(least + directory)), ['directory[1].id is given twice']);
});

test('no directory has the name that local accounts go by', ({ load }) => {
  assert.match(mistakes(load(least.replace('"head-office"', '"local"'))).join(), /^directory\[0\]\.id is the name of Latchkey’s own/);
});

const example = readFileSync(new URL('../config.example.toml', import.meta.url), 'utf8');
const uncommented = example.replaceAll(/^# ([a-z_]+ = |\[[a-z]+\]$)/gm, '$1');

test('the office’s own mail domains are the sender’s, where none are given', ({ load }) => {
  const own = (more: string) => good(load(`${least}[mail]\nurl = "smtps://mail.example.org"\n${more}`)).mail?.ownDomains;
  assert.equal(own('from = "Password desk <desk@Example.org>"'), ['example.org']);
  assert.equal(own('from = "desk@example.org"'), ['example.org']);
  assert.equal(own('from = "desk@example.org"\nown_domains = []'), [], 'said to be none');
  assert.equal(own('from = "desk@example.org"\nown_domains = ["Office.example"]'), ['office.example']);
});

test('the manual parses as it stands', ({ load, folder }) => {
  mkdirSync(join(folder, 'secrets'));
  for (const name of ['directory', 'mail']) writeFileSync(join(folder, 'secrets', name), 'secret\n');
  assert.is(good(load(example)).mail?.password, 'secret');
});

test('the manual names every key, and no other', () => {
  const named = (tree: Tree, keys: readonly Key[], path: string): void => {
    for (const { name, isSecret, kind, keys: below } of keys) {
      const value = tree[name] ?? (isSecret ? tree[`${name}_file`] : undefined);
      assert.ok(value !== undefined, `config.example.toml does not name ${path}${name}`);
      if (kind === 'table') named(value as Tree, below, `${path}${name}.`);
      if (kind === 'tables') named((value as Tree[])[0] as Tree, below, `${path}${name}[].`);
    }
  };
  named(parse(uncommented), everyKey, '');
});

test('the defaults that the manual shows are the real ones', () => {
  const shown = (tree: Tree, keys: readonly Key[], path: string): void => {
    for (const { name, kind, fallback, keys: below } of keys) {
      if (kind === 'table') shown(tree[name] as Tree, below, `${path}${name}.`);
      else if (kind === 'tables') shown((tree[name] as Tree[])[0] as Tree, below, `${path}${name}[].`);
      else if (fallback !== undefined) assert.is(JSON.stringify(tree[name]), JSON.stringify(fallback), `${path}${name}`);
    }
  };
  shown(parse(uncommented), everyKey, '');
});

test.run();
