/** The journal: every row in the chain, every change found, a person forgotten without breaking it, and two processes writing at once. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type TestWorld, testWorld } from '../testing/world.ts';
import { createVault, keyFrom } from '../vault.ts';
import type { JournalEvent } from '../world.ts';
import { openDatabase } from './database.ts';
import { journalIn } from './journal.ts';

const folder = mkdtempSync(join(tmpdir(), 'latchkey-journal-'));
const test = suite('the journal');
test.after(() => rmSync(folder, { recursive: true }));

const reset: JournalEvent = {
  event: 'reset',
  result: 'succeeded',
  detail: 'proved',
  method: 'email',
  actor: 'alice',
  account: 'alice',
  address: '192.0.2.1',
  supportCode: 'AB12',
  raw: 'Success (0)',
};

async function written(rows = 10, options = {}): Promise<TestWorld> {
  const world = await testWorld(options);
  for (let row = 0; row < rows; row += 1) {
    world.journal.append(row % 2 === 0 ? reset : { event: 'sign-in', result: 'failed', account: 'bob' });
    world.clock.advance(1000);
  }
  return world;
}
/** As somebody with the file, the schema and patience, but without the key. */
const tamper = ({ db }: TestWorld, ...statements: string[]) => {
  db.$client.exec('DROP TRIGGER journal_is_append_only');
  db.$client.pragma('foreign_keys = OFF');
  for (const statement of statements) db.$client.exec(statement);
};

test('what was written is read, newest first, oldest first, and by account', async () => {
  const { journal, clock } = await testWorld();
  const at = clock.now();
  journal.append(reset);
  journal.append({ event: 'server', result: 'succeeded' });
  const [newest, oldest] = journal.latest(5);
  assert.equal({ ...oldest, hash: '' }, { seq: 1, at, ...reset, hash: '' });
  assert.equal(
    { ...newest, hash: '' },
    {
      seq: 2,
      at,
      event: 'server',
      result: 'succeeded',
      detail: '',
      method: null,
      actor: null,
      account: null,
      address: null,
      supportCode: null,
      raw: null,
      hash: '',
    },
  );
  assert.equal(
    [...journal.rows()].map(({ seq }) => seq),
    [1, 2],
  );
  assert.equal([journal.ofAccount('alice', 5).length, journal.ofAccount('bob', 5).length, journal.latest(1).length], [1, 0, 1]);
});

test('an untouched chain is whole, an empty one too', async () => {
  assert.equal((await testWorld()).journal.verify(), { rows: 0 });
  assert.equal((await written(1234)).journal.verify(), { rows: 1234 });
});

test('the same event twice has two hashes, and a personal value is not in its row', async () => {
  const { journal, db } = await written(4);
  assert.is(new Set([...journal.rows()].map(({ hash }) => hash)).size, 4);
  const row = JSON.stringify(db.$client.prepare('SELECT * FROM journal WHERE seq = 1').get());
  assert.not.ok(row.includes('alice') || row.includes('192.0.2.1') || row.includes('Success'));
});

const changes: readonly [string, string, number][] = [
  ['a time', 'UPDATE journal SET at = at + 1 WHERE seq = 4', 4],
  ['an event', "UPDATE journal SET event = 'change' WHERE seq = 5", 5],
  ['a result', "UPDATE journal SET result = 'failed' WHERE seq = 5", 5],
  ['a detail taken away', 'UPDATE journal SET detail = NULL WHERE seq = 5', 5],
  ['a method', "UPDATE journal SET method = 'totp' WHERE seq = 1", 1],
  ['a support code', "UPDATE journal SET support_code = 'XX' WHERE seq = 9", 9],
  ['a hash', 'UPDATE journal SET hash = (SELECT hash FROM journal WHERE seq = 3) WHERE seq = 4', 4],
  ['a digest', 'UPDATE journal SET actor_digest = NULL WHERE seq = 1', 1],
  ['a personal value', "UPDATE journal_personal SET value = 'eve' WHERE seq = 7 AND field = 'actor'", 7],
  ['a salt', "UPDATE journal_personal SET salt = 'x' WHERE seq = 7 AND field = 'address'", 7],
  [
    'the value of another field',
    "UPDATE journal_personal SET value = (SELECT value FROM journal_personal WHERE seq = 1 AND field = 'raw') WHERE seq = 1 AND field = 'actor'",
    1,
  ],
  ['a personal value added', "INSERT INTO journal_personal (seq, field, salt, value) VALUES (2, 'actor', 'x', 'eve')", 2],
  ['a field that is none', "INSERT INTO journal_personal (seq, field, salt, value) VALUES (2, 'note', 'x', 'eve')", 2],
  ['a deleted row', 'DELETE FROM journal WHERE seq = 6', 7],
  ['the first row deleted', 'DELETE FROM journal WHERE seq = 1', 2],
  [
    'two rows exchanged',
    'UPDATE journal SET seq = -1 WHERE seq = 3; UPDATE journal SET seq = 3 WHERE seq = 4; UPDATE journal SET seq = 4 WHERE seq = -1',
    3,
  ],
  [
    'a row added',
    'INSERT INTO journal SELECT 11, at, event, method, result, detail, support_code, actor_digest, account_digest, address_digest, raw_digest, hash FROM journal WHERE seq = 10',
    11,
  ],
  ['the tail cut', 'DELETE FROM journal WHERE seq > 8', 9],
  ['the tail cut and the head moved back', 'DELETE FROM journal WHERE seq > 8; UPDATE journal_head SET seq = 8', 9],
  ['the head taken away', 'DELETE FROM journal_head', 11],
  ['all rows deleted', 'DELETE FROM journal', 1],
];
for (const [name, statement, brokenAt] of changes)
  test(`found: ${name}`, async () => {
    const world = await written();
    tamper(world, statement);
    const found = world.journal.verify();
    assert.is('brokenAt' in found && found.brokenAt, brokenAt);
  });

for (const [name, statement, brokenAt] of changes)
  test(`found for ever, whatever is appended afterwards: ${name}`, async () => {
    const world = await written();
    tamper(world, statement);
    for (let row = 0; row < 5; row += 1) world.journal.append(reset);
    const found = world.journal.verify();
    // Where the end was cut off, the first row after the gap tells.
    assert.ok('brokenAt' in found && found.brokenAt >= brokenAt && found.brokenAt <= 12, JSON.stringify(found));
  });

test('the number of a row that was cut off is not given again', async () => {
  const world = await written();
  tamper(world, 'DELETE FROM journal WHERE seq > 8');
  world.journal.append(reset);
  assert.ok((world.journal.latest(1)[0]?.seq ?? 0) > 10);
});

test('another key does not prove it', async () => {
  const { db, clock, random } = await written();
  const vault = createVault(keyFrom(Buffer.alloc(32, 9).toString('base64')), random);
  assert.equal(journalIn(db, { vault, clock, random }).verify(), { brokenAt: 1, rows: 0 });
});

test('a person is forgotten, value and salt, and the chain is whole', async () => {
  const world = await written();
  world.db.$client.prepare("DELETE FROM journal_personal WHERE value = 'alice'").run();
  world.journal.append(reset);
  assert.equal(world.journal.verify(), { rows: 11 });
  assert.equal(
    [...world.journal.rows()].slice(0, 2).map(({ actor, account, address }) => [actor, account, address]),
    [
      [null, null, '192.0.2.1'],
      [null, 'bob', null],
    ],
  );
});

test('a row that is written stays as it is', async () => {
  const { db } = await written(1);
  assert.throws(() => db.$client.exec("UPDATE journal SET result = 'failed'"), /append only/);
});

test('an event is part of its transaction', async () => {
  const { journal, atomically } = await written(1);
  assert.throws(() =>
    atomically(() => {
      journal.append(reset);
      throw new Error('no');
    }),
  );
  assert.equal(journal.verify(), { rows: 1 });
  atomically(() => {
    journal.append(reset);
    journal.append(reset);
  });
  assert.equal(journal.verify(), { rows: 3 });
});

/** Another process on the same file, which appends and verifies as fast as it can. */
function appender(file: string, rows: number): Promise<string> {
  const script = `import { testWorld } from ${JSON.stringify(join(import.meta.dirname, '../testing/world.ts'))};
    const { journal } = await testWorld({ file: ${JSON.stringify(file)}, seed: String(process.pid) });
    for (let row = 0; row < ${rows}; row += 1) { journal.append({ event: 'sync', result: 'succeeded', account: 'person ' + row }); if ('brokenAt' in journal.verify()) throw new Error('broken at ' + row); }
    console.log('done');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'], timeout: 600_000 });
  let said = '';
  child.stdout.on('data', (data) => {
    said += data;
  });
  return once(child, 'close').then(() => said.trim());
}

test('what another process appends while it is verified breaks nothing', async () => {
  const file = join(folder, 'meanwhile.db');
  const world = await written(3, { file });
  const other = openDatabase(file);
  const { clock, random } = world;
  const elsewhere = journalIn(other, world);
  let isFirst = true;
  const vault = {
    ...world.vault,
    digest(purpose: string, value: string) {
      if (isFirst) elsewhere.append(reset);
      isFirst = false;
      return world.vault.digest(purpose, value);
    },
  };
  assert.equal(journalIn(world.db, { vault, clock, random }).verify(), { rows: 3 });
  assert.equal(world.journal.verify(), { rows: 4 });
  for (const db of [world.db, other]) db.$client.close();
});

test('two processes append and verify at once: one chain, and never seen broken', async () => {
  const file = join(folder, 'shared.db');
  const world = await written(3, { file });
  assert.equal(await Promise.all([appender(file, 60), appender(file, 60)]), ['done', 'done']);
  assert.equal(world.journal.verify(), { rows: 123 });
  world.db.$client.close();
});

test.run();
