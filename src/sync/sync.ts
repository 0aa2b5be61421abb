/** Brings our copy of a directory's people up to date: fetch, plan, apply, record. What is right is decided in `plan.ts` and `patch.ts`, not here. */

import { foldLogin } from '../rules/account.ts';
import { isRefusal, Refusal } from '../rules/refusal.ts';
import type { Instant } from '../rules/time.ts';
import type { Directory, Reading, World } from '../world.ts';
import { type Extent, extentDue, forget, type Mark, markOf, setMark } from './mark.ts';
import { type Census, patch } from './patch.ts';
import { openPlan, type Plan } from './plan.ts';
import { record, reportOf, type SyncReport } from './report.ts';
import { type Roles, roleBy } from './role.ts';
import { type Progress, type Turn, takeTurn } from './turn.ts';

export interface SyncNeeds extends Pick<World, 'accounts' | 'settings' | 'syncRuns' | 'journal' | 'clock' | 'random' | 'atomically'> {
  readonly roles: Roles;
  readonly maxDisablePercent: number;
  /** Aborted when the house closes: what is under way then ends at once, throwing the reason. */
  readonly closing?: AbortSignal;
  /** Where more than a few people are read, so that pages stay quick; without it all is read here. */
  readonly aside?: Sync;
}

export interface SyncOptions {
  /** Reads and plans; nothing is changed and nothing recorded. */
  readonly dryRun?: boolean;
  /** How much is read at least; without it as much as is due. */
  readonly extent?: Extent;
  /** In this one run so many may be disabled, though never everybody. */
  readonly mayDisable?: number;
  /** Who asked for it, as the journal names them; null for the timetable. */
  readonly actor?: string | null;
  readonly onProgress?: (progress: Progress) => void;
}

export type Sync = (directory: Directory, options?: SyncOptions) => Promise<SyncReport | Refusal>;

/** So many are read where the pages are served, in a tenth of a second; a thread of its own takes longer to start. */
const few = 2000;
/** So many changes are written at once, some 10 ms of work: others who write wait no longer than that. */
const slice = 1000;

/** What was read, and what it changes. */
interface Prepared {
  readonly extent: Extent;
  readonly read: number;
  readonly plan: Plan;
  readonly mark: Mark;
}
interface Course {
  readonly directory: Directory;
  readonly options: SyncOptions;
  readonly extent: Extent;
  readonly mark: Mark | null;
  readonly startedAt: Instant;
  readonly tell: (progress: Progress) => void;
}

/**
 * Refuses with what the directory refused with, with `sync.empty`, `sync.brake` or `sync.running`; nothing was changed then. Few changes are
 * one transaction. Thousands, as at the first reading, are several: each leaves every account whole, and after a crash between two of them
 * the next run, which then reads everybody, does the rest.
 */
export function syncDirectory(needs: SyncNeeds): Sync {
  const { accounts, clock, atomically, roles, maxDisablePercent, closing, aside } = needs;
  const roleOf = roleBy(roles);
  const terms = JSON.stringify([roles]);

  const sync: Sync = async (directory, options = {}) => {
    const mark = markOf(needs, directory.id);
    const isSmall = mark !== null && mark.people <= few;
    const due = options.dryRun || isSmall ? 'everybody' : extentDue(mark, { terms, now: clock.now() });
    const extent = options.extent ?? due;
    const isMany = (mark?.people ?? 0) > few && extent !== 'changes';
    const course = { directory, options, extent, mark, startedAt: clock.now() };
    const done = aside && isMany ? null : await (options.dryRun ? rehearse(course) : run(course));
    if (done !== null) return done;
    if (!aside) throw new Error('a sync was left undone');
    return aside(directory, { ...options, extent: extent === 'changes' ? 'everybody' : extent });
  };

  async function rehearse(course: Omit<Course, 'tell'>): Promise<SyncReport | Refusal | null> {
    const prepared = await prepare({ ...course, tell: course.options.onProgress ?? (() => undefined) });
    return prepared === null || isRefusal(prepared) ? prepared : { ...report(course, prepared), isDryRun: true };
  }

  async function run(course: Omit<Course, 'tell'>): Promise<SyncReport | Refusal | null> {
    const { directory, options, extent, startedAt } = course;
    const turn = takeTurn(needs, directory.id);
    if (isRefusal(turn)) return turn;
    const tell = (progress: Progress): void => {
      closing?.throwIfAborted();
      turn.beat(progress);
      options.onProgress?.(progress);
    };
    const note = (outcome: SyncReport | Refusal): void =>
      record(
        needs,
        { directory: directory.id, startedAt, endedAt: clock.now(), extent: isRefusal(outcome) ? extent : outcome.extent },
        { outcome, actor: options.actor ?? null },
      );
    try {
      const prepared = await prepare({ ...course, tell });
      if (prepared === null) return null;
      const outcome = isRefusal(prepared) ? prepared : await apply({ ...course, tell }, { prepared, turn, note });
      if (isRefusal(outcome))
        atomically(() => {
          forgetAfter(outcome, directory);
          note(outcome);
        });
      return outcome;
    } catch (error) {
      atomically(() => note(new Refusal('directory.unknown', { raw: String(error) })));
      throw error;
    } finally {
      turn.end();
    }
  }

  /** What may not be changed must be seen again, and whole. */
  function forgetAfter({ key }: Refusal, { id }: Directory): void {
    if (key === 'sync.brake' || key === 'sync.empty') forget(needs, id);
  }

  /** Null: it is more than may be read here. */
  async function prepare(course: Course): Promise<Prepared | Refusal | null> {
    const reading = await course.directory.reading();
    if (isRefusal(reading)) return reading;
    const leave = (): void => reading.close();
    closing?.addEventListener('abort', leave);
    try {
      return (course.extent === 'everybody' ? null : await readSome(reading, course)) ?? (await readEverybody(reading, course));
    } catch (problem) {
      closing?.throwIfAborted();
      if (isRefusal(problem)) return problem;
      throw problem;
    } finally {
      closing?.removeEventListener('abort', leave);
      reading.close();
    }
  }

  async function readEverybody(
    reading: Reading,
    { directory, options, mark, startedAt, tell }: Course,
  ): Promise<Prepared | Refusal | null> {
    if (aside && (await areMany(reading, mark))) return null;
    const localLogins = new Set(accounts.all(null).map(({ login }) => foldLogin(login)));
    const planning = openPlan(termsOf(directory, options), localLogins);
    const ours = accounts.inSlices(directory.id);
    for await (const page of reading.people()) {
      planning.see(page);
      planning.know(ours.next().value ?? []);
      if (aside && planning.count > few) return null;
      tell({ step: 'reading', done: planning.count, of: mark?.people ?? null });
    }
    for (const rest of ours) planning.know(rest);
    const planned = planning.end();
    if (isRefusal(planned)) return planned;
    const bookmark = planned.oddities.length > 0 ? null : reading.bookmark;
    const now = { bookmark, terms, people: planning.count, everybodyAt: startedAt, idsAt: startedAt };
    return { extent: 'everybody', read: planning.count, plan: planned, mark: now };
  }

  /** Of an office that was never read the ids are asked for, up to as many as are few. */
  async function areMany(reading: Reading, mark: Mark | null): Promise<boolean> {
    if (mark !== null) return mark.people > few;
    let known = 0;
    for await (const ids of reading.ids()) {
      known += ids.length;
      if (known > few) return true;
    }
    return false;
  }

  async function readSome(reading: Reading, course: Course): Promise<Prepared | Refusal | null> {
    const { directory, options, extent, mark, startedAt } = course;
    const { id } = directory;
    if (mark === null || mark.bookmark === null) return null;
    const accountOf = (remoteId: string) => accounts.byRemoteId(id, remoteId);
    const changed = await reading.changes(mark.bookmark, (remoteId) => {
      const account = accountOf(remoteId);
      return account?.dn ? { dn: account.dn, listedAs: accounts.listedAs(account.id) ?? '', groups: account.groups } : null;
    });
    if (changed === null) return null;
    const census = extent === 'changes' ? null : await readCensus(reading, course);
    const enabled = () => accounts.enabledIn(id);
    const planned = patch({ ...termsOf(directory, options), changed, census, accountOf, accountsOf: accounts.byLogin, enabled });
    if (planned === null || isRefusal(planned)) return planned;
    const { people, idsAt } = census === null ? mark : { people: census.ids.size, idsAt: startedAt };
    return { extent, read: changed.length, plan: planned, mark: { ...mark, bookmark: reading.bookmark, people, idsAt } };
  }

  async function readCensus(reading: Reading, { directory, mark, tell }: Course): Promise<Census> {
    const gathered = async (pages: AsyncIterable<readonly string[]>, told: (done: number) => void): Promise<ReadonlySet<string>> => {
      const names = new Set<string>();
      for await (const page of pages) {
        for (const name of page) names.add(name);
        told(names.size);
      }
      return names;
    };
    const groups = await gathered(reading.groups(), () => undefined);
    const ids = await gathered(reading.ids(), (done) => tell({ step: 'reading', done, of: mark?.people ?? null }));
    return { ids, groups, accounts: accounts.all(directory.id) };
  }

  const termsOf = ({ id }: Directory, { mayDisable = 0 }: SyncOptions) => ({ home: id, roleOf, maxDisablePercent, mayDisable });
  const report = (
    { directory, startedAt }: Pick<Course, 'directory' | 'startedAt'>,
    { extent, read, plan: planned }: Prepared,
  ): SyncReport => reportOf({ directory: directory.id, startedAt, endedAt: clock.now(), extent, read }, planned);

  /** The last transaction also records. */
  async function apply(
    course: Course,
    { prepared, turn, note }: { prepared: Prepared; turn: Turn; note: (outcome: SyncReport) => void },
  ): Promise<SyncReport | Refusal> {
    const { changes } = prepared.plan;
    const { id } = course.directory;
    for (let from = 0; ; from += slice) {
      course.tell({ step: 'writing', done: from, of: changes.length });
      const isLast = from + slice >= changes.length;
      const done = atomically((): SyncReport | Refusal | null => {
        if (!turn.isOurs()) return new Refusal('sync.running');
        accounts.applySync(changes.slice(from, from + slice), clock.now());
        if (!isLast) {
          if (from === 0) forget(needs, id);
          return null;
        }
        const outcome = report(course, prepared);
        setMark(needs, id, prepared.mark);
        note(outcome);
        return outcome;
      });
      if (done !== null) return done;
      await clock.sleep(0);
    }
  }

  return sync;
}
