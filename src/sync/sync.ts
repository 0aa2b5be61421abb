/** Brings our copy of a directory's people up to date: fetch, plan, apply, record. What is right is decided in `plan.ts`, not here. */

import { foldLogin } from '../rules/account.ts';
import { isRefusal, Refusal } from '../rules/refusal.ts';
import type { Directory, DirectoryEntry, World } from '../world.ts';
import { type Plan, planInSlices, type Slices } from './plan.ts';
import { record, reportOf, type SyncReport } from './report.ts';
import { type Roles, roleBy } from './role.ts';
import { type Turn, takeTurn } from './turn.ts';

export interface SyncNeeds extends Pick<World, 'accounts' | 'settings' | 'journal' | 'clock' | 'random' | 'atomically'> {
  readonly roles: Roles;
  readonly maxDisablePercent: number;
  /** Aborted when the house closes: what is under way then ends at its next page or slice, throwing the reason. */
  readonly closing?: AbortSignal;
}

export interface SyncOptions {
  /** Reads and plans; nothing is changed and nothing recorded. */
  readonly dryRun?: boolean;
  /** For this one run as many may be disabled as the plan says, though never everybody. */
  readonly isBrakeLifted?: boolean;
  /** Who asked for it, as the journal names them; null for the timetable. */
  readonly actor?: string | null;
  readonly onProgress?: (read: number) => void;
}

export type Sync = (directory: Directory, options?: SyncOptions) => Promise<SyncReport | Refusal>;

/** So many changes are written at once, some 25 ms of work: pages stay fast while a whole office comes in. */
const slice = 500;

/**
 * Refuses with what the directory refused with, with `sync.empty`, `sync.brake` or `sync.running`; nothing was changed then. Few changes are
 * one transaction. Thousands, as at the first reading, are several: each leaves every account whole, and after a crash between two of them
 * the next run does the rest.
 */
export function syncDirectory(needs: SyncNeeds): Sync {
  const { accounts, clock, atomically, roles, maxDisablePercent, closing } = needs;

  async function prepare(directory: Directory, { isBrakeLifted = false }: SyncOptions, onProgress: (read: number) => void) {
    const { id } = directory;
    const startedAt = clock.now();
    const entries = await all(directory.people(), onProgress);
    if (isRefusal(entries)) return entries;
    const localLogins = new Set(accounts.all(null).map(({ login }) => foldLogin(login)));
    const reading = { home: id, entries, accounts: accounts.all(id), localLogins, roleOf: roleBy(roles), maxDisablePercent, isBrakeLifted };
    const planned = await unhurried(planInSlices(reading));
    if (isRefusal(planned)) return planned;
    return { planned, report: reportOf({ directory: id, startedAt, endedAt: clock.now(), read: entries.length }, planned) };
  }

  async function rehearse(directory: Directory, options: SyncOptions): Promise<SyncReport | Refusal> {
    const prepared = await prepare(directory, options, options.onProgress ?? (() => {}));
    return isRefusal(prepared) ? prepared : { ...prepared.report, isDryRun: true };
  }

  async function run(directory: Directory, options: SyncOptions): Promise<SyncReport | Refusal> {
    const { actor = null, onProgress } = options;
    const turn = takeTurn(needs, directory.id);
    if (isRefusal(turn)) return turn;
    const startedAt = clock.now();
    const note = (outcome: SyncReport | Refusal): void =>
      record(needs, { directory: directory.id, startedAt, endedAt: clock.now() }, { outcome, actor });
    try {
      const prepared = await prepare(directory, options, (read) => {
        closing?.throwIfAborted();
        turn.beat(read);
        onProgress?.(read);
      });
      const outcome = isRefusal(prepared)
        ? prepared
        : ((await apply(prepared.planned, turn, () => note(prepared.report))) ?? prepared.report);
      if (isRefusal(outcome)) atomically(() => note(outcome));
      return outcome;
    } catch (error) {
      atomically(() => note(new Refusal('directory.unknown', { raw: String(error) })));
      throw error;
    } finally {
      turn.end();
    }
  }

  /** Only a sync changes what a plan is made of, and it is one at a time: nothing is missed in the pauses. */
  async function unhurried<T>(work: Slices<T>): Promise<T> {
    for (;;) {
      const { done, value } = work.next();
      if (done) return value;
      closing?.throwIfAborted();
      await clock.sleep(0);
    }
  }

  /** Ends with `settle` in the last transaction; null when all was written. */
  async function apply({ changes }: Plan, turn: Turn, settle: () => void): Promise<Refusal | null> {
    for (let from = 0; from === 0 || from < changes.length; from += slice) {
      closing?.throwIfAborted();
      const isLast = from + slice >= changes.length;
      const isWritten = atomically(() => {
        if (!turn.isOurs()) return false;
        accounts.applySync(changes.slice(from, from + slice), clock.now());
        if (isLast) settle();
        return true;
      });
      if (!isWritten) return new Refusal('sync.running');
      turn.beat(from);
      if (!isLast) await clock.sleep(0);
    }
    return null;
  }

  return (directory, options = {}) => (options.dryRun ? rehearse : run)(directory, options);
}

/** Everybody, or the directory's refusal: a reading that broke off is none. The names of groups are kept once, not once for each member. */
async function all(pages: AsyncIterable<readonly DirectoryEntry[]>, onProgress: (read: number) => void) {
  const names = new Map<string, string>();
  const once = (name: string): string => {
    if (!names.has(name)) names.set(name, name);
    return names.get(name) as string;
  };
  const entries: DirectoryEntry[] = [];
  try {
    for await (const page of pages) {
      for (const entry of page) entries.push({ ...entry, groups: entry.groups.map(once) });
      onProgress(entries.length);
    }
    return entries;
  } catch (problem) {
    if (isRefusal(problem)) return problem;
    throw problem;
  }
}
