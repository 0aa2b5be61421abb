/** `[sms]`: presets fill in what is not said, contradictions are told by their path, and no secret is quoted. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigMistakes, loadConfig } from '../config.ts';

const test = suite('the gateway in config.toml');
const folder = mkdtempSync(join(tmpdir(), 'latchkey-sms-'));
test.after(() => rmSync(folder, { recursive: true }));

function load(table: string) {
  const file = join(folder, 'config.toml');
  writeFileSync(file, `public_url = "https://desk.example.com"\n[sms]\n${table}\n`);
  return loadConfig({ file, env: {} });
}
function sms(table: string) {
  const config = load(table);
  if (config instanceof ConfigMistakes) throw new Error(String(config));
  return config.sms;
}
const mistakes = (table: string): string => String(load(table));

test('the twilio preset is a form, to the account’s own address', () => {
  assert.equal(sms('preset = "twilio"\nuser = "AC/1"\npassword = "s"\nfrom = "+15005550006"\ndefault_country = "DE"'), {
    kind: 'gateway',
    defaultCountry: 'DE',
    gateway: {
      url: 'https://api.twilio.com/2010-04-01/Accounts/AC%2F1/Messages.json',
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: 'To={to}&From={from}&Body={text}',
      user: 'AC/1',
      password: 's',
      from: '+15005550006',
      ca: null,
    },
  });
});

test('the json preset, a token, and what is said overrides the preset', () => {
  const made = sms('preset = "json"\nurl = "https://sms.example.com/x"\ntoken = "t"\nmethod = "PUT"\nbody = \'{"n":"{to}","t":"{text}"}\'');
  assert.ok(made?.kind === 'gateway');
  const { gateway } = made;
  assert.equal([gateway.method, gateway.body], ['PUT', '{"n":"{to}","t":"{text}"}']);
  assert.equal(gateway.headers, { 'Content-Type': 'application/json', Authorization: 'Bearer t' });
});

test('a gateway that takes mail', () => {
  assert.equal(sms('preset = "mail"\naddress = "{to}@sms.example.com"'), {
    kind: 'mail',
    defaultCountry: 'US',
    address: '{to}@sms.example.com',
  });
});

test('what cannot be meant is told by its path', () => {
  const wrong: Record<string, RegExp> = {
    '': /^sms\.url is missing/,
    'preset = "twilio"': /^sms\.user is missing/,
    'preset = "mail"': /^sms\.address is missing/,
    'preset = "json"': /^sms\.url is missing/,
    'url = "https://sms.example.com"\nbody = "{to}"': /^sms\.body must hold \{text\}/,
    'url = "https://sms.example.com/?to={to}&text={text}"\naddress = "{to}@x.example"': /^sms\.address goes with/,
    'url = "http://sms.example.com/{to}{text}"': /^sms\.url must be an https/,
    'url = "https://user:secret-word@sms.example.com/{to}{text}"': /^sms\.url must be an https/,
    'preset = "mail"\naddress = "desk@sms.example.com"': /^sms\.address must be an address with \{to\}/,
    'preset = "twilio"\nuser = "u"\ndefault_country = "Germany"': /^sms\.default_country must be two/,
    'preset = "twilo"\nuser = "u"': /^sms\.preset /,
    'preset = "twilio"\nuser = "u"\nheders = {}': /^sms\.heders .*headers/,
  };
  for (const [table, reason] of Object.entries(wrong)) {
    const said = mistakes(table);
    assert.match(said, reason, table);
    assert.not.match(said, /secret-word/);
  }
});

test.run();
