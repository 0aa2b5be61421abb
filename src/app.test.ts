/** The house as a whole: one directory's trouble is not another's, and closing leaves no sync behind. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openHouse, prepareFolder } from './app.ts';
import { type Config, ConfigMistakes, loadConfig } from './config.ts';
import { isRefusal } from './rules/refusal.ts';
import type { Directory, Reading } from './world.ts';

const test = suite<{ folder: string; config: Config }>('house');

/** Nothing listens at the addresses: the tests replace the reading. */
const row = (id: string) => [
  '[[directory]]',
  `id = "${id}"`,
  'urls = ["ldaps://127.0.0.1:1"]',
  'bind_dn = "cn=x"',
  'bind_password = "x"',
  'base_dn = "dc=x"',
];

test.before.each((room) => {
  room.folder = mkdtempSync(join(tmpdir(), 'latchkey-app-'));
  const file = join(room.folder, 'config.toml');
  const text = ['public_url = "http://localhost:1"', '[data]', 'folder = "data"', '[log]', 'level = "error"', ...row('one'), ...row('two')];
  writeFileSync(file, text.join('\n'));
  const config = loadConfig({ file, env: {} });
  if (config instanceof ConfigMistakes) throw new Error(String(config));
  room.config = config;
  prepareFolder(config.data.folder).release();
});
test.after.each(({ folder }) => rmSync(folder, { recursive: true, force: true }));

function readBy(directory: Directory | undefined, people: Reading['people']): void {
  const reading = async () => ({ bookmark: null, people, ids: async function* () {}, close: () => undefined });
  Object.assign(directory as Directory, { reading });
}

test('a directory that fails does not keep the next one from being read', async ({ config }) => {
  const house = await openHouse(config);
  let reads = 0;
  const [one, two] = house.world.directories.all;
  readBy(one, () => {
    throw new TypeError('a mishap');
  });
  readBy(two, async function* () {
    reads += 1;
    yield [];
  });
  const problem = await house.syncAll().catch((error: unknown) => error);
  assert.ok(problem instanceof AggregateError && problem.errors.length === 1 && /a mishap/.test(String(problem.errors[0])));
  assert.is(reads, 1);
  await house.close();
});

test('closing ends a sync that is under way, and the next start may read at once', async ({ config }) => {
  const house = await openHouse(config);
  const [one] = house.world.directories.all;
  let pages = 0;
  readBy(one, async function* () {
    for (; pages < 1000; pages += 1) {
      await house.world.clock.sleep(10);
      yield [];
    }
  });
  const reading = house.sync(one as Directory).catch((error: unknown) => error);
  await house.world.clock.sleep(50);
  await house.close();
  assert.match(String(await reading), 'Latchkey was closed');
  assert.ok(pages < 1000);
  const next = await openHouse(config);
  const [again] = next.world.directories.all;
  readBy(again, async function* () {
    yield [];
  });
  assert.not.ok(isRefusal(await next.sync(again as Directory)));
  await next.close();
});

test.run();
