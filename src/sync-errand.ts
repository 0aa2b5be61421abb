/** A sync in the thread that `sync-thread.ts` begins: a connection of its own to the database and to the directory, and no web. */

import { parentPort, workerData } from 'node:worker_threads';
import { openDirectory } from './directory/directory.ts';
import { openLog } from './log.ts';
import { isRefusal } from './rules/refusal.ts';
import { commitLightly, databaseFile, openDatabase } from './store/database.ts';
import { storeOn } from './store/store.ts';
import { syncDirectory } from './sync/sync.ts';
import type { Progress } from './sync/turn.ts';
import type { Errand, Said } from './sync-aside.ts';
import { systemClock as clock, systemRandom as random } from './system.ts';
import { createVault, openKeyFile } from './vault.ts';

/** A message is taken up by the thread of the pages in one go: this many changes in a millisecond. */
const changesAtOnce = 1000;

const port = parentPort;
if (port === null) throw new Error('sync-errand.ts is no program of its own');
const say = (said: Said): void => port.postMessage(said);
const { keyFile, folder, directory: config, roles, maxDisablePercent, log: logged, options, isWatched } = workerData as Errand;
const closing = new AbortController();
port.once('message', () => closing.abort(new Error('Latchkey was closed')));

const db = commitLightly(openDatabase(databaseFile(folder)));
const store = storeOn(db, { vault: createVault(openKeyFile(keyFile, random), random), clock, random });
const directory = openDirectory(config, { clock, log: openLog(logged) });
try {
  const sync = syncDirectory({ ...store, clock, random, roles, maxDisablePercent, closing: closing.signal });
  const watched = isWatched ? { onProgress: (progress: Progress) => say({ kind: 'progress', progress }) } : {};
  const outcome = await sync(directory, { ...options, ...watched });
  if (isRefusal(outcome)) {
    const { key, params, raw } = outcome;
    say({ kind: 'refusal', refusal: { key, params, raw } });
  } else {
    const { changes } = outcome;
    for (let from = 0; from < changes.length; from += changesAtOnce)
      say({ kind: 'changes', changes: changes.slice(from, from + changesAtOnce) });
    say({ kind: 'report', report: { ...outcome, changes: [] } });
  }
} finally {
  await directory.close();
  db.$client.close();
  port.close();
}
