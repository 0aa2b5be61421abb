/** What was decided is in force at once, here and in every other process; what is no value is never stored. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { defaultPolicy, type SettingKey } from '../rules/policy.ts';
import { bringUpToDate, openDatabase } from './database.ts';
import { settingsIn } from './settings.ts';
import { atomicallyOn } from './database.ts';

const folder = mkdtempSync(join(tmpdir(), 'latchkey-settings-'));
const file = join(folder, 'settings.db');
const test = suite('settings');
test.after(() => rmSync(folder, { recursive: true }));
function opened(at = ':memory:') {
  const db = openDatabase(at);
  bringUpToDate(db, at);
  return { db, settings: settingsIn(db) };
}

test('nothing decided is the default', () => {
  assert.equal(opened().settings.policy(), defaultPolicy);
});

test('what was decided is in force at once and after a restart', () => {
  const { db, settings } = opened(file);
  settings.policy();
  settings.set('gates', 2);
  settings.set('methods', ['totp']);
  assert.equal([settings.policy().gates, settings.policy().methods], [2, ['totp']]);
  db.$client.close();
  const again = opened(file);
  assert.is(again.settings.policy().gates, 2);
  again.db.$client.close();
});

test('no bad value is stored, and none that was stored by hand is obeyed', () => {
  const { db, settings } = opened();
  for (const [key, value] of [
    ['gates', 0],
    ['gates', '2'],
    ['methods', ['guess']],
    ['scope', 'all'],
    ['office_name', ''],
  ] as [SettingKey, unknown][])
    assert.throws(() => settings.set(key, value), RangeError, `${key} ${value}`);
  assert.throws(() => settings.set('no_such_setting' as SettingKey, true));
  assert.equal(settings.policy(), defaultPolicy);
  db.$client.prepare("INSERT INTO setting (key, value) VALUES ('gates', '0'), ('gone', 'true')").run();
  assert.equal(opened().settings.policy(), defaultPolicy);
});

test('another process’s decision is seen', () => {
  const [one, other] = [opened(file), opened(file)];
  const before = one.settings.policy().snooze_days;
  other.settings.set('snooze_days', before + 1);
  assert.is(one.settings.policy().snooze_days, before + 1);
  one.settings.set('snooze_days', before + 2);
  assert.is(other.settings.policy().snooze_days, before + 2);
  one.db.$client.close();
  other.db.$client.close();
});

test('a decision that was undone was never in force, though it was read on the way', () => {
  const { db, settings } = opened();
  assert.throws(() =>
    atomicallyOn(db)(() => {
      settings.set('gates', 2);
      assert.is(settings.policy().gates, 2);
      throw new Error('no');
    }),
  );
  assert.is(settings.policy().gates, 1);
});

test('the policy is read once, and then kept', () => {
  const { settings } = opened();
  assert.is(settings.policy(), settings.policy());
});

test('notes are kept and replaced', () => {
  const { settings } = opened();
  assert.is(settings.note('sync'), null);
  settings.setNote('sync', 'one');
  settings.setNote('sync', 'two');
  assert.is(settings.note('sync'), 'two');
});

test.run();
