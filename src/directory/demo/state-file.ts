/** Keeps the demo directory over a restart: ids, dates and password hashes of its entries in one JSON file. No password is ever in it. */

import { chmod, readFile, rename, writeFile } from 'node:fs/promises';

import type { Instant } from '../../rules/time.ts';
import type { Entry } from './entries.ts';
import type { Credential } from './password-policy.ts';

export interface KeptEntry {
  readonly uuid: string;
  readonly createdAt: Instant;
  readonly modifiedAt: Instant;
  readonly credential: Credential | null;
}

export interface StateFile {
  /** By DN, as last saved; empty at the first start. */
  readonly kept: ReadonlyMap<string, KeptEntry>;
  save(entries: readonly Entry[]): Promise<void>;
}

const version = 1;

/** Null keeps nothing. Throws when the file is there and is not one of ours. */
export async function openStateFile(path: string | null): Promise<StateFile> {
  if (path === null) return { kept: new Map(), save: async () => {} };
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  const state = text === null ? { version, entries: {} } : JSON.parse(text);
  if (state.version !== version) throw new Error(`${path} is no state of the demo directory that this version can read`);
  let written = text;
  let last: Promise<void> = Promise.resolve();

  /** Whole or not at all: a new file, readable by its owner only, takes the old one's place. */
  async function write(next: string): Promise<void> {
    if (next === written) return;
    await writeFile(`${path}.new`, next, { mode: 0o600, flush: true });
    await chmod(`${path}.new`, 0o600);
    await rename(`${path}.new`, path as string);
    written = next;
  }

  return {
    kept: new Map(Object.entries(state.entries as Record<string, KeptEntry>)),
    save(entries) {
      const next = JSON.stringify({ version, entries: Object.fromEntries(entries.map(keep)) });
      const mine = last.then(() => write(next));
      last = mine.catch(() => undefined);
      return mine;
    },
  };
}

const keep = ({ dn, uuid, createdAt, modifiedAt, credential }: Entry): [string, KeptEntry] => [
  dn,
  { uuid, createdAt, modifiedAt, credential },
];
