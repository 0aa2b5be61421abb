/** Nothing half-right is a setting, and what an older version stored falls back to the default. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { defaultPolicy, policyFrom, type SettingKey, settings } from './policy.ts';

const read = (key: SettingKey, value: unknown) => settings[key].read(value);

test('every default is a value of its own setting', () => {
  for (const [key, setting] of Object.entries(settings)) assert.equal(setting.read(setting.default), setting.default, key);
});

test('nothing of another kind is taken', () => {
  for (const key of Object.keys(settings) as SettingKey[])
    for (const value of [
      null,
      undefined,
      Number.NaN,
      1.5,
      -1,
      1e9,
      {},
      [1.5],
      ['no such word', ''],
      '\u0000',

      ['x'.repeat(401)],
    ])
      assert.is(read(key, value), null, `${key} ${JSON.stringify(value)}`);
});

test('of a list of choices each counts once', () => {
  assert.is(read('methods', ['email', 'email']), null);
  assert.equal(read('methods', ['totp', 'email']), ['totp', 'email']);
  assert.equal(read('methods', []), []);
});

test('numbers stay within their limits', () => {
  assert.equal([read('gates', 1), read('gates', 2), read('gates', 3), read('gates', '1')], [1, 2, null, null]);
  assert.equal([read('password_minimum', 7), read('password_minimum', 8), read('password_minimum', 65)], [null, 8, null]);
  assert.equal([read('reconfirm_days', 0), read('reconfirm_days', 730), read('reconfirm_days', 731)], [0, 730, null]);
});

test('a line has no breaks: it comes into the heads of mails', () => {
  assert.is(read('office_name', 'Example\r\nBcc: everybody@example.org'), null);
  assert.is(read('office_name', ''), null);
  assert.is(read('office_name', 'Müller & Söhne'), 'Müller & Söhne');
});

test('a link leads to a page, a mailbox or a telephone', () => {
  for (const good of ['', 'https://help.example.com/?a=b', 'mailto:help@example.com', 'tel:+4912345'])
    assert.is(read('helpdesk_link', good), good);
  for (const bad of [
    'http://help.example.com',
    ' https://x',
    'https://',
    'data:text/html,x',
    'javascript:alert(1)',
    'https://x y',
    'x\nhttps://y',
  ])
    assert.is(read('helpdesk_link', bad), null, bad);
});

test('what is stored stands over the defaults; what is none of its setting counts as the default, and unknown keys as nothing', () => {
  const policy = policyFrom({ gates: 2, snooze_days: 'many', methods: ['totp'], no_such_setting: 1 });
  assert.equal([policy.gates, policy.snooze_days, policy.methods], [2, 3, ['totp']]);
  assert.equal(Object.keys(policy), Object.keys(settings));
  assert.ok(Object.isFrozen(policy) && Object.isFrozen(defaultPolicy));
});

test('false and 0 are decisions, not absences', () => {
  assert.equal(
    [policyFrom({ registration_required: false }).registration_required, policyFrom({ snooze_times: 0 }).snooze_times],
    [false, 0],
  );
});

test.run();
