/** A sync in a thread of its own, so that pages stay quick while tens of thousands are read. It starts the thread and relays; what runs in it begins in `sync-thread.ts`. */

import { Worker } from 'node:worker_threads';
import type { Config } from './config.ts';
import { Refusal } from './rules/refusal.ts';
import type { SyncReport } from './sync/report.ts';
import type { Sync, SyncOptions } from './sync/sync.ts';
import type { Progress } from './sync/turn.ts';
import type { SyncChange } from './world.ts';

/** All that the thread needs. It holds the service account's password: it goes from memory to memory, and into no log. */
export interface Errand {
  readonly keyFile: string;
  readonly folder: string;
  readonly directory: Config['directories'][number];
  readonly roles: Config['roles'];
  readonly maxDisablePercent: number;
  readonly log: Config['log'];
  readonly options: Omit<SyncOptions, 'onProgress'>;
  /** Whether somebody looks on. */
  readonly isWatched: boolean;
}

/** What the thread says, the changes before the report. */
export type Said =
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'changes'; readonly changes: readonly SyncChange[] }
  | { readonly kind: 'report'; readonly report: SyncReport }
  | { readonly kind: 'refusal'; readonly refusal: Pick<Refusal, 'key' | 'params' | 'raw'> };

/** So long a thread may take to end by itself when the house closes. */
const patience = 1000;

export function syncAside({ config, keyFile, closing }: { config: Config; keyFile: string; closing: AbortSignal }): Sync {
  const errandFor = (id: string, { onProgress, ...options }: SyncOptions): Errand => {
    const directory = config.directories.find((one) => one.id === id);
    if (!directory) throw new Error(`no directory "${id}" is configured`);
    const { data, roles, sync, log } = config;
    return {
      keyFile,
      folder: data.folder,
      directory,
      roles,
      maxDisablePercent: sync.maxDisablePercent,
      log,
      options,
      isWatched: onProgress !== undefined,
    };
  };

  return ({ id }, options = {}) =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL('./sync-thread.ts', import.meta.url), { name: 'sync', workerData: errandFor(id, options) });
      const changes: SyncChange[] = [];
      let late: NodeJS.Timeout | undefined;
      const close = (): void => {
        worker.postMessage('close');
        late = setTimeout(() => void worker.terminate(), patience);
      };
      closing.addEventListener('abort', close);
      if (closing.aborted) close();
      worker.on('message', (said: Said) => {
        if (said.kind === 'progress') options.onProgress?.(said.progress);
        else if (said.kind === 'changes') changes.push(...said.changes);
        else if (said.kind === 'report') resolve({ ...said.report, changes });
        else resolve(refusalFrom(said.refusal));
      });
      worker.on('error', reject);
      worker.on('exit', () => {
        clearTimeout(late);
        closing.removeEventListener('abort', close);
        // Settled long ago, unless it was ended.
        reject(closing.reason ?? new Error('the thread of a sync ended before it was done'));
      });
    });
}

/** A message carries fields and no class. */
const refusalFrom = ({ key, params, raw }: Pick<Refusal, 'key' | 'params' | 'raw'>): Refusal =>
  new Refusal(key, { params, ...(raw === null ? {} : { raw }) });
