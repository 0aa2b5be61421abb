/** The file itself: its schema and how it grows, transactions that keep their word, and one process per folder. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Db } from './database.ts';
import { atomicallyOn, bringUpToDate, databaseFile, lockFolder, openDatabase, StoreProblem, schemaOf, schemaState } from './database.ts';

const root = mkdtempSync(join(tmpdir(), 'latchkey-database-'));
const children: ChildProcess[] = [];
const test = suite('the database');
test.after(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(root, { recursive: true });
});

let made = 0;
function freshFile(): string {
  made += 1;
  return join(root, `${made}.db`);
}
function upToDate(file = ':memory:'): Db {
  const db = openDatabase(file);
  bringUpToDate(db, file);
  return db;
}
const count = (db: Db, table: string): number => db.$client.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number;
const addNote = (db: Db, name: string) => db.$client.prepare('INSERT INTO note (name, value) VALUES (?, ?)').run(name, 'x');
const problem = (pattern: RegExp) => (error: Error) => error instanceof StoreProblem && pattern.test(error.message);

test('an empty file becomes current, without a copy, for its owner alone', () => {
  const file = freshFile();
  const db = openDatabase(file);
  assert.is(schemaState(db), 'empty');
  assert.is(bringUpToDate(db, file), null);
  assert.is(schemaState(db), 'current');
  for (const written of [file, `${file}-wal`, `${file}-shm`]) assert.is(statSync(written).mode & 0o777, 0o600, written);
  assert.is(bringUpToDate(db, file), null, 'nothing is left to do');
  db.$client.close();
});

test('every table is STRICT', () => {
  const tables = upToDate()
    .$client.prepare("SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table'")
    .all() as {
    name: string;
    strict: number;
  }[];
  const ours = tables.filter(({ name }) => !/^(sqlite_|__drizzle)/.test(name));
  assert.ok(ours.length >= 13);
  assert.equal(
    ours.filter(({ strict }) => strict !== 1).map(({ name }) => name),
    [],
  );
});

test('the file is written ahead and through, and foreign keys hold', () => {
  const db = upToDate(freshFile());
  const pragma = (name: string) => db.$client.pragma(name, { simple: true });
  assert.equal([pragma('journal_mode'), pragma('synchronous'), pragma('foreign_keys'), pragma('trusted_schema')], ['wal', 2, 1, 0]);
  assert.throws(
    () => db.$client.prepare("INSERT INTO enrolment (account_id, method, label, secret, added_at) VALUES (99, 'totp', '', '', 0)").run(),
    /FOREIGN KEY/,
  );
  db.$client.close();
});

/** The migrations of this version and one more, as the next version will bring them. */
function nextVersion(sql: string) {
  made += 1;
  const folder = join(root, `migrations-${made}`);
  cpSync(join(import.meta.dirname, '../../migrations'), folder, { recursive: true });
  const index = join(folder, 'meta/_journal.json');
  const journal = JSON.parse(readFileSync(index, 'utf8')) as {
    entries: { idx: number; when: number; tag: string; breakpoints: boolean }[];
  };
  const last = journal.entries.at(-1);
  journal.entries.push({ idx: journal.entries.length, when: (last?.when ?? 0) + 1, tag: 'the_next', breakpoints: true });
  writeFileSync(index, JSON.stringify(journal));
  writeFileSync(join(folder, 'the_next.sql'), sql);
  return schemaOf(folder);
}

/** How the copies are called that are made before the next version's migrations. */
const copied = `before-${readdirSync(join(import.meta.dirname, '../../migrations')).filter((name) => name.endsWith('.sql')).length + 1}`;

/** As SQLite wants a table changed (lang_altertable.html section 7): which would cascade away whatever points at it. */
const rebuilt = [
  'CREATE TABLE new_account AS SELECT * FROM account;',
  'DROP TABLE account;',
  'CREATE TABLE account (id integer PRIMARY KEY AUTOINCREMENT NOT NULL, login text NOT NULL, login_fold text NOT NULL) STRICT;',
  'INSERT INTO account SELECT id, login, login_fold FROM new_account;',
  'DROP TABLE new_account;',
].join('--> statement-breakpoint\n');

function withAlice(file: string): Db {
  const db = upToDate(file);
  db.$client.exec(`INSERT INTO account (id, login, login_fold, name, role, groups, is_protected, is_disabled, created_at) VALUES (1, 'alice', 'alice', 'Alice', 'person', '[]', 0, 0, 0);
    INSERT INTO enrolment (account_id, method, label, secret, added_at) VALUES (1, 'totp', '', '', 0)`);
  return db;
}

test('an older one is copied first, and a rebuilt table takes nothing with it', () => {
  const file = freshFile();
  const db = withAlice(file);
  const next = nextVersion(rebuilt);
  assert.is(next.schemaState(db), 'older');
  const copy = next.bringUpToDate(db, file);
  assert.is(copy, `${file}.${copied}`);
  assert.is(next.schemaState(db), 'current');
  assert.equal([count(db, 'account'), count(db, 'enrolment')], [1, 1]);
  assert.is(db.$client.pragma('foreign_keys', { simple: true }), 1);
  assert.is(statSync(copy as string).mode & 0o777, 0o600);
  const before = openDatabase(copy as string);
  assert.is(schemaState(before), 'current', 'the copy is of the version before');
  assert.is(count(before, 'enrolment'), 1);
  before.$client.close();
  db.$client.close();
});

test('no copy overwrites another', () => {
  const file = freshFile();
  writeFileSync(`${file}.${copied}`, 'precious');
  const db = withAlice(file);
  assert.is(nextVersion(rebuilt).bringUpToDate(db, file), `${file}.${copied}.1`);
  assert.is(readFileSync(`${file}.${copied}`, 'utf8'), 'precious');
  db.$client.close();
});

test('a migration that fails in the middle changes nothing', () => {
  const file = freshFile();
  const db = withAlice(file);
  const next = nextVersion(`${rebuilt}--> statement-breakpoint\nSELECT * FROM no_such_table;`);
  assert.throws(() => next.bringUpToDate(db, file));
  assert.is(next.schemaState(db), 'older');
  assert.equal([count(db, 'account'), count(db, 'enrolment')], [1, 1]);
  db.$client.close();
});

test('a migration that leaves dangling rows is said to have done so, and names the copy', () => {
  const file = freshFile();
  const db = withAlice(file);
  const next = nextVersion('DELETE FROM account;');
  assert.throws(() => next.bringUpToDate(db, file), problem(new RegExp(`dangling.*${copied}`)));
  assert.is(next.schemaState(db), 'altered', 'no start takes it for current');
  db.$client.close();
});

test('what a newer version wrote is refused and left alone', () => {
  const file = freshFile();
  const db = withAlice(file);
  nextVersion('CREATE TABLE later (id integer) STRICT;').bringUpToDate(db, file);
  assert.is(schemaState(db), 'newer');
  assert.throws(() => bringUpToDate(db, file), problem(/newer/));
  db.$client.close();
});

test('what other migrations made is refused', () => {
  const file = freshFile();
  const db = upToDate(file);
  db.$client.prepare("UPDATE __drizzle_migrations SET hash = 'another'").run();
  assert.is(schemaState(db), 'altered');
  assert.throws(() => bringUpToDate(db, file), problem(/other migrations/));
  db.$client.close();
});

test('all of a transaction happens, or nothing', () => {
  const db = upToDate();
  const atomically = atomicallyOn(db);
  assert.is(
    atomically(() => {
      addNote(db, 'one');
      return 'value';
    }),
    'value',
  );
  assert.throws(
    () =>
      atomically(() => {
        addNote(db, 'two');
        throw new Error('no');
      }),
    'no',
  );
  assert.is(count(db, 'note'), 1);
});

test('inside another it fails alone, and with the outer one', () => {
  const db = upToDate();
  const atomically = atomicallyOn(db);
  const failing = () =>
    atomically(() => {
      addNote(db, 'inner');
      throw new Error('inner');
    });
  atomically(() => {
    addNote(db, 'outer');
    assert.throws(failing, 'inner');
    atomically(() => addNote(db, 'second'));
  });
  assert.is(count(db, 'note'), 2);
  assert.throws(() =>
    atomically(() => {
      atomically(() => addNote(db, 'third'));
      throw new Error('outer');
    }),
  );
  assert.is(count(db, 'note'), 2);
});

test('a promise is refused, and what its work did is undone, at any depth', async () => {
  const db = upToDate();
  const atomically = atomicallyOn(db);
  const waiting = async () => {
    addNote(db, 'a promise');
    await Promise.reject(new Error('heard by nobody'));
  };
  // @ts-expect-error the type refuses it too
  assert.throws(() => atomically(waiting), /promise/);
  // biome-ignore lint/suspicious/noThenProperty: a foreign promise is what is tested
  const foreign = { then: (_done: unknown, failed: (error: Error) => void) => failed(new Error('no')) };
  assert.throws(() => atomically(() => foreign as never), /promise/);
  atomically(() => {
    // @ts-expect-error likewise
    assert.throws(() => atomically(waiting), /promise/);
  });
  assert.is(count(db, 'note'), 0);
  assert.equal([atomically(() => null), atomically(() => undefined)], [null, undefined]);
});

test('a transaction takes the right to write at its start: two writers wait for each other instead of failing in the middle', () => {
  const file = freshFile();
  const [one, other] = [upToDate(file), openDatabase(file)];
  other.$client.pragma('busy_timeout = 50');
  atomicallyOn(one)(() => {
    assert.throws(() => atomicallyOn(other)(() => count(other, 'note')), /locked/);
  });
  atomicallyOn(other)(() => addNote(other, 'now'));
  assert.is(count(one, 'note'), 1);
  one.$client.close();
  other.$client.close();
});

test('one instance per folder, in this process and in another', async () => {
  const folder = join(root, 'locked');
  const lock = lockFolder(folder);
  assert.is(statSync(folder).mode & 0o777, 0o700);
  assert.throws(() => lockFolder(folder), problem(/Another Latchkey is running/));
  assert.match(await holder(folder).said, /Another Latchkey is running/);
  lock.release();
  lockFolder(folder).release();
});

test('the lock dies with its holder, kill -9 too', async () => {
  const folder = join(root, 'killed');
  const { child, said } = holder(folder);
  assert.is(await said, 'held');
  assert.throws(() => lockFolder(folder), problem(/Another Latchkey/));
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
  lockFolder(folder).release();
});

/** A process that locks the folder, says so or why not, and then waits to be killed. */
function holder(folder: string): { child: ChildProcess; said: Promise<string> } {
  const script = `import { lockFolder } from ${JSON.stringify(join(import.meta.dirname, 'database.ts'))};
    try { lockFolder(${JSON.stringify(folder)}); console.log('held'); setTimeout(() => {}, 600_000); } catch (error) { console.log(error.message); }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'], timeout: 600_000 });
  children.push(child);
  return { child, said: once(child.stdout, 'data').then(([data]) => String(data).trim()) };
}

test('the database lies in its folder under one name', () => {
  assert.is(databaseFile('/data'), '/data/latchkey.db');
  assert.not.ok(existsSync(databaseFile(join(root, 'locked'))), 'locking makes no database');
});

test.run();
