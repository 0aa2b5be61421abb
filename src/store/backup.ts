/** Copies of the database while it is in use, and their way back: refused when damaged, or sealed under another key. */

import { chmodSync, copyFileSync, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite from 'better-sqlite3';
import { type Db, databaseFile, StoreProblem } from './database.ts';

const keyNote = 'key';

/** The database remembers the name of the key that seals its secrets; another key is refused at the door. */
export function assertKey(db: Db, keyName: string): void {
  const known = db.$client.prepare('SELECT value FROM note WHERE name = ?').pluck().get(keyNote) as string | undefined;
  if (known === undefined) db.$client.prepare('INSERT INTO note (name, value) VALUES (?, ?)').run(keyNote, keyName);
  else if (known !== keyName)
    throw new StoreProblem(`The key file is not the one of this database: it needs key ${known}, and this is ${keyName}.`);
}

/** Online, page by page; the file appears whole or not at all. */
export async function backUp(db: Db, file: string): Promise<void> {
  if (existsSync(file)) throw new StoreProblem(`${file} is there already: a backup never overwrites.`);
  if (!existsSync(dirname(file)) || !statSync(dirname(file)).isDirectory()) throw new StoreProblem(`There is no folder ${dirname(file)}.`);
  const draft = `${file}.part`;
  try {
    await db.$client.backup(draft);
    chmodSync(draft, 0o600);
    renameSync(draft, file);
  } catch (problem) {
    throw new StoreProblem(`${file} cannot be written: ${(problem as Error).message}`);
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Puts the copy in the place of the database, whose present state is kept beside it. Call it with the folder locked. Returns where the old
 * one went, or null when there was none.
 */
export function restoreFrom(file: string, { folder, keyName }: { folder: string; keyName: string }): string | null {
  if (!existsSync(file)) throw new StoreProblem(`There is no file ${file}.`);
  assertSound(file, keyName);
  const target = databaseFile(folder);
  const draft = `${target}.part`;
  copyFileSync(file, draft);
  chmodSync(draft, 0o600);
  const kept = existsSync(target) ? keepAside(target) : null;
  // A log left by the old database would be replayed over the new one, even where the old one itself is gone.
  for (const rest of ['-wal', '-shm']) rmSync(`${target}${rest}`, { force: true });
  renameSync(draft, target);
  return kept;
}

function assertSound(file: string, keyName: string): void {
  let known: unknown;
  try {
    const copy = new Sqlite(file, { readonly: true });
    try {
      if (copy.pragma('integrity_check', { simple: true }) !== 'ok') throw new Error('integrity check');
      known = copy.prepare('SELECT value FROM note WHERE name = ?').pluck().get(keyNote);
    } finally {
      copy.close();
    }
  } catch {
    throw new StoreProblem(`${file} is damaged, or not a backup of Latchkey.`);
  }
  if (known !== keyName) throw new StoreProblem(`${file} was made under key ${String(known)}, and the key file here is ${keyName}.`);
}

function keepAside(target: string): string {
  let kept = `${target}.replaced`;
  for (let again = 1; existsSync(kept); again += 1) kept = `${target}.replaced.${again}`;
  const present = new Sqlite(target);
  present.pragma('wal_checkpoint(TRUNCATE)');
  present.close();
  // Copied, not moved: whatever happens until the new one stands in its place, the old one does.
  copyFileSync(target, kept);
  chmodSync(kept, 0o600);
  return kept;
}
