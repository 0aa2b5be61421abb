/** What a sync did, as its caller is told, as the journal has it, and as the pages find it afterwards. */

import { isRefusal, type Params, type Refusal } from '../rules/refusal.ts';
import type { Instant } from '../rules/time.ts';
import type { World } from '../world.ts';
import type { Change, Field, Oddity, Plan } from './plan.ts';
import { type Running, running } from './turn.ts';

export interface SyncReport {
  readonly directory: string;
  readonly isDryRun: boolean;
  readonly startedAt: Instant;
  readonly endedAt: Instant;
  readonly read: number;
  readonly added: number;
  readonly updated: number;
  readonly disabled: number;
  readonly unchanged: number;
  readonly changes: readonly { readonly kind: Change['kind']; readonly login: string; readonly fields: readonly Field[] }[];
  readonly oddities: readonly Oddity[];
}

export interface SyncState {
  readonly running: Running | null;
  readonly last: LastSync | null;
  /** When it last ended well. */
  readonly lastGoodAt: Instant | null;
}
export type LastSync =
  | { readonly kind: 'done'; readonly report: Omit<SyncReport, 'changes'> }
  | {
      readonly kind: 'refused';
      readonly startedAt: Instant;
      readonly endedAt: Instant;
      readonly key: Refusal['key'];
      readonly params: Params;
    };

interface Course {
  readonly directory: string;
  readonly startedAt: Instant;
  readonly endedAt: Instant;
  readonly read: number;
}

export function reportOf(course: Course, { changes, unchanged, oddities }: Plan): SyncReport {
  const count = (kind: Change['kind']): number => changes.filter((change) => change.kind === kind).length;
  return {
    ...course,
    isDryRun: false,
    added: count('add'),
    updated: count('update'),
    disabled: count('disable'),
    unchanged,
    changes: changes.map((change) => ({
      kind: change.kind,
      login: change.kind === 'disable' ? change.login : change.entry.login,
      fields: change.kind === 'update' ? change.fields : [],
    })),
    oddities,
  };
}

type Notes = Pick<World, 'settings'>;
const lastName = (directory: string): string => `sync last ${directory}`;
const goodName = (directory: string): string => `sync good ${directory}`;
const odditiesKept = 50;

/** Call it in the transaction that applies the last changes. */
export function record(
  { settings, journal }: Notes & Pick<World, 'journal'>,
  { directory, startedAt, endedAt }: Omit<Course, 'read'>,
  { outcome, actor }: { outcome: SyncReport | Refusal; actor: string | null },
): void {
  if (isRefusal(outcome)) {
    const { key, params } = outcome;
    settings.setNote(lastName(directory), JSON.stringify({ kind: 'refused', startedAt, endedAt, key, params } satisfies LastSync));
    journal.append({
      event: 'sync',
      result: 'failed',
      detail: key,
      actor,
      raw: [directory, outcome.raw ?? JSON.stringify(params)].join(': '),
    });
  } else {
    const { changes: _, ...report } = { ...outcome, oddities: outcome.oddities.slice(0, odditiesKept) };
    settings.setNote(lastName(directory), JSON.stringify({ kind: 'done', report } satisfies LastSync));
    settings.setNote(goodName(directory), String(endedAt));
    const { read, added, updated, disabled } = outcome;
    journal.append({
      ...{ event: 'sync', result: 'succeeded', actor },
      raw: `${directory}: ${read} read, ${added} added, ${updated} changed, ${disabled} disabled, ${outcome.oddities.length} odd`,
    });
  }
}

/** For the overview and the directory's page. */
export function syncState(needs: Notes & Pick<World, 'clock'>, directory: string): SyncState {
  const { settings } = needs;
  const good = settings.note(goodName(directory));
  return {
    running: running(needs, directory),
    last: JSON.parse(settings.note(lastName(directory)) ?? 'null') as LastSync | null,
    lastGoodAt: good === null ? null : Number(good),
  };
}
