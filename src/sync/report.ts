/** What a sync did, as its caller is told, as it is kept, and as the pages find it afterwards. */

import { isRefusal, type Refusal } from '../rules/refusal.ts';
import type { Instant } from '../rules/time.ts';
import type { SyncChange, SyncRun, World } from '../world.ts';
import type { Extent } from './mark.ts';
import type { Oddity, Plan } from './plan.ts';
import { type Running, running } from './turn.ts';

export interface SyncReport {
  readonly directory: string;
  readonly isDryRun: boolean;
  readonly startedAt: Instant;
  readonly endedAt: Instant;
  readonly extent: Extent;
  readonly read: number;
  readonly added: number;
  readonly updated: number;
  readonly disabled: number;
  readonly unchanged: number;
  /** In the order in which they are applied; not all of them where they are thousands. */
  readonly changes: readonly SyncChange[];
  readonly oddities: readonly Oddity[];
}

export interface SyncState {
  readonly running: Running | null;
  readonly last: SyncRun | null;
  /** When it last ended well. */
  readonly lastGoodAt: Instant | null;
}

/** As many as are kept. */
const changesTold = 10_000;

type Course = Pick<SyncReport, 'directory' | 'startedAt' | 'endedAt' | 'extent' | 'read'>;

export function reportOf(course: Course, { changes, unchanged, oddities }: Plan): SyncReport {
  const count = (kind: SyncChange['kind']): number => changes.filter((change) => change.kind === kind).length;
  return {
    ...course,
    isDryRun: false,
    added: count('add'),
    updated: count('update'),
    disabled: count('disable'),
    unchanged,
    changes: changes.slice(0, changesTold).map((change) => ({
      kind: change.kind,
      login: change.kind === 'disable' ? change.login : change.entry.login,
      fields: change.kind === 'update' ? change.fields : [],
    })),
    oddities,
  };
}

type Needs = Pick<World, 'syncRuns' | 'journal'>;

/** Call it in the transaction that applies the last changes. */
export function record(
  { syncRuns, journal }: Needs,
  { directory, startedAt, endedAt, extent }: Omit<Course, 'read'>,
  { outcome, actor }: { outcome: SyncReport | Refusal; actor: string | null },
): void {
  const course = { home: directory, startedAt, endedAt, extent, actor };
  if (isRefusal(outcome)) {
    const { key, params, raw } = outcome;
    syncRuns.add({ ...course, ...nothing, refusal: { key, params } }, []);
    journal.append({ event: 'sync', result: 'failed', detail: key, actor, raw: `${directory}: ${raw ?? JSON.stringify(params)}` });
  } else {
    const { read, added, updated, disabled, unchanged, oddities, changes } = outcome;
    syncRuns.add({ ...course, read, added, updated, disabled, unchanged, oddities, odd: oddities.length, refusal: null }, changes);
    const whole = extent === 'everybody' ? '' : ` (${extent})`;
    const counts = `${read} read${whole}, ${added} added, ${updated} changed, ${disabled} disabled, ${oddities.length} odd`;
    journal.append({ event: 'sync', result: 'succeeded', actor, raw: `${directory}: ${counts}` });
  }
}

const nothing = { read: 0, added: 0, updated: 0, disabled: 0, unchanged: 0, oddities: [], odd: 0 };

/** For the overview and the directory's page. */
export function syncState(needs: Pick<World, 'syncRuns' | 'settings' | 'clock'>, directory: string): SyncState {
  const [last = null] = needs.syncRuns.latest(directory, 1);
  return { running: running(needs, directory), last, lastGoodAt: needs.syncRuns.lastGood(directory)?.endedAt ?? null };
}
