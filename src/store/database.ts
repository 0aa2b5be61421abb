/** Opens the one SQLite file: migrations after a backup copy, transactions that refuse a promise, one instance a data folder. */

import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import type { Atomically } from '../world.ts';
import { type BetterSQLite3Database, drizzle, migrate } from './drizzle.ts';

export type Db = BetterSQLite3Database & { $client: Sqlite.Database };

/** A reason why the data folder cannot be used, in words for the operator. */
export class StoreProblem extends Error {
  override readonly name = 'StoreProblem';
}

export const databaseFile = (folder: string): string => join(folder, 'latchkey.db');

interface Journal {
  entries: { idx: number; when: number; tag: string }[];
}

/** Opens `file` (or ":memory:") as it is; `bringUpToDate` makes it the newest schema. */
export function openDatabase(file: string): Db {
  const client = new Sqlite(file, { timeout: 5000 });
  if (file !== ':memory:') chmodSync(file, 0o600);
  client.pragma('journal_mode = WAL');
  client.pragma('synchronous = FULL');
  client.pragma('foreign_keys = ON');
  client.pragma('trusted_schema = OFF');
  return drizzle({ client }) as Db;
}

/**
 * Commits without waiting for the disk: after a power cut the last of them may be undone, in their order. For a copy that can be made again,
 * over a connection that writes nothing else.
 */
export function commitLightly(db: Db): Db {
  db.$client.pragma('synchronous = NORMAL');
  return db;
}

export type SchemaState = 'current' | 'older' | 'newer' | 'altered' | 'empty';

/** Forward only: what the migrations of one folder say of a database, and make of it. */
export function schemaOf(migrationsFolder: string) {
  const fileHash = (tag: string): string =>
    createHash('sha256')
      .update(readFileSync(join(migrationsFolder, `${tag}.sql`)))
      .digest('hex');

  /** Where the database stands against these migrations. */
  function schemaState(db: Db): SchemaState {
    const known = (JSON.parse(readFileSync(join(migrationsFolder, 'meta/_journal.json'), 'utf8')) as Journal).entries;
    const has = db.$client.prepare("SELECT 1 FROM sqlite_master WHERE name = '__drizzle_migrations'").get();
    if (!has) return 'empty';
    const applied = db.$client.prepare('SELECT hash FROM __drizzle_migrations ORDER BY created_at, id').pluck().all() as string[];
    if (applied.length > known.length) return 'newer';
    const isAltered = applied.some((hash, at) => hash !== fileHash(known[at]?.tag ?? ''));
    if (isAltered) return 'altered';
    return applied.length < known.length ? 'older' : 'current';
  }

  /** Applies what is missing. An existing database is copied beside itself first; returns the copy's name, or null when there was nothing to copy. */
  function bringUpToDate(db: Db, file: string): string | null {
    const state = schemaState(db);
    if (state === 'current') return null;
    if (state === 'newer' || state === 'altered') throw new StoreProblem(notOurs[state](file));
    const copy = state === 'older' ? copyBefore(db, file) : null;
    // drizzle wraps the migrations in a transaction, in which PRAGMA foreign_keys does nothing: a rebuilt table would cascade its rows away.
    db.$client.pragma('foreign_keys = OFF');
    migrate(db, { migrationsFolder });
    db.$client.pragma('foreign_keys = ON');
    const dangling = db.$client.pragma('foreign_key_check') as unknown[];
    if (dangling.length === 0) return copy;
    db.$client.exec("UPDATE __drizzle_migrations SET hash = 'dangling'"); // no start takes it for current: the copy must be put back
    throw new StoreProblem(`The migration left ${dangling.length} dangling rows in ${file}. The copy ${copy} is as it was before.`);
  }

  return { schemaState, bringUpToDate };
}

export const { schemaState, bringUpToDate } = schemaOf(join(import.meta.dirname, '../../migrations'));

const notOurs = {
  newer: (file: string) => `${file} was written by a newer Latchkey. Start that version, or restore a backup made before the upgrade.`,
  altered: (file: string) =>
    `${file} was made by other migrations than this version has. Start the version that wrote it, or restore a backup.`,
};

function copyBefore(db: Db, file: string): string {
  const version = db.$client.prepare('SELECT count(*) FROM __drizzle_migrations').pluck().get() as number;
  let copy = `${file}.before-${version + 1}`;
  for (let again = 1; existsSync(copy); again += 1) copy = `${file}.before-${version + 1}.${again}`;
  db.$client.prepare('VACUUM INTO ?').run(copy);
  chmodSync(copy, 0o600);
  return copy;
}

/** Runs work in one BEGIN IMMEDIATE transaction; inside another it is a part that can fail alone. A promise is refused, and what it did is undone. */
export function atomicallyOn(db: Db): Atomically {
  const { $client: client } = db;
  return (work) => client.transaction(() => refusePromise(work())).immediate();
}

function refusePromise<T>(value: T): T {
  if (typeof (value as { then?: unknown } | null)?.then !== 'function') return value;
  (value as unknown as PromiseLike<unknown>).then(undefined, () => {}); // nobody else will hear how it ends
  throw new TypeError('atomically: the work returned a promise, and a transaction cannot wait');
}

/** Holds the data folder for this process; the operating system lets go when it ends, however it ends. */
export function lockFolder(folder: string): { release(): void } {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = new Sqlite(join(folder, 'latchkey.lock'), { timeout: 0 });
  try {
    lock.pragma('journal_mode = DELETE');
    lock.exec('BEGIN EXCLUSIVE');
  } catch (problem) {
    lock.close();
    if ((problem as { code?: string }).code?.startsWith('SQLITE_BUSY')) {
      throw new StoreProblem(`Another Latchkey is running on ${folder}. Stop it first, or give this one a data folder of its own.`);
    }
    throw problem;
  }
  return { release: () => lock.close() };
}
