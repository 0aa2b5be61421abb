/** The timetable: what runs when, never beside itself, and after downtime what was missed. It does not know what the jobs do. */

import { createTask, parse, type ScheduledTask } from 'node-cron';
import type { BaseLogger } from 'pino';
import { day, hour, type Instant, minute } from './rules/time.ts';
import type { Clock, Settings } from './world.ts';

/**
 * A name that stays the same for ever, a schedule of five or six fields (six: seconds first), what to call, and where its hours are told,
 * by default UTC. Elsewhere a job between 02:00 and 03:00 is skipped in the night when the clocks go forward.
 */
export type Row = readonly [name: string, schedule: string, what: () => unknown, timezone?: string];

export interface Jobs {
  /** Starts the timetable, and at once what has never run, what was missed, and what runs so often that it is always due. */
  start(): void;
  /** Starts nothing more and waits half a second for what is running; what takes longer is left to its own end. */
  stop(): Promise<void>;
}

interface Needs {
  readonly rows: readonly Row[];
  readonly settings: Pick<Settings, 'note' | 'setNote'>;
  readonly clock: Clock;
  readonly log: Pick<BaseLogger, 'warn' | 'error'>;
}

/** What runs more often than this is due at every start, and its runs are not noted. */
const often = 10 * minute;
const patience = 500;
/** How far back a missed run is looked for. */
const memory = 366 * day;

/** Throws, naming the row, when a schedule or a time zone is none. */
export function createJobs({ rows, settings, clock, log }: Needs): Jobs {
  const running = new Map<string, Promise<void>>();
  let isStopped = false;
  const jobs = rows.map(([name, schedule, what, timezone = 'UTC']) => {
    const logger = { info() {}, debug() {}, warn: (text: string) => log.warn({ job: name }, text), error: tellError(log, name) };
    const options = { timezone, noOverlap: true, unref: true, logger };
    return { name, what, ...named(name, () => planned(createTask(schedule, () => run(name), options))) };
  });

  /** The scheduled run and the one that catches up could meet: the one under way counts for both. */
  function run(name: string): Promise<void> {
    const job = jobs.find((one) => one.name === name);
    if (job === undefined || isStopped) return Promise.resolve();
    const before = running.get(name);
    if (before !== undefined) return before;
    const now = attempt(job).finally(() => running.delete(name));
    running.set(name, now);
    return now;
  }

  async function attempt({ name, what, isOften }: (typeof jobs)[number]): Promise<void> {
    const startedAt = clock.now();
    try {
      await what();
      if (!isOften && !isStopped) settings.setNote(noteOf(name), String(startedAt));
    } catch (error) {
      log.error({ err: error, job: name }, 'a job failed; it runs again at its next time');
    }
  }

  function isDue({ name, task, isOften }: (typeof jobs)[number]): boolean {
    const last = settings.note(noteOf(name));
    return isOften || last === null || wasDue(task, { after: Number(last), until: clock.now() });
  }

  return {
    start() {
      for (const job of jobs) {
        void job.task.start();
        if (isDue(job)) void run(job.name);
      }
    },
    async stop() {
      isStopped = true;
      for (const { task } of jobs) void task.destroy();
      if (running.size > 0) await Promise.race([Promise.all(running.values()), clock.sleep(patience)]);
    },
  };
}

const noteOf = (name: string): string => `job ${name}`;

const tellError =
  (log: Needs['log'], job: string) =>
  (text: string | Error): void =>
    log.error({ job }, String(text));

function named<T>(name: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new TypeError(`the schedule of ${name}: ${(error as Error).message}`);
  }
}

/** Looks ahead at once: a time zone that is none shows only then. */
function planned(task: ScheduledTask): { task: ScheduledTask; isOften: boolean } {
  const [first, second] = task.getNextRuns(2);
  return { task, isOften: first !== undefined && second !== undefined && second.getTime() - first.getTime() < often };
}

/** node-cron only looks ahead, so we look back: at the minutes of the hour that can match, in zones off by quarters of an hour too. */
function wasDue(task: ScheduledTask, { after, until }: { after: Instant; until: Instant }): boolean {
  const {
    minute: minutes,
    second: [second = 0],
  } = parse(task.getPattern());
  const places = [...new Set(minutes.flatMap((place) => [0, 15, 30, 45].map((shift) => (place + shift) % 60)))];
  const earliest = Math.max(after + 1, until - memory);
  for (let from = Math.floor(until / hour) * hour; from > earliest - hour; from -= hour) {
    const isMet = (place: number): boolean => {
      const at = from + place * minute + second * 1000;
      return at >= earliest && at <= until && task.match(new Date(at));
    };
    if (places.some(isMet)) return true;
  }
  return false;
}
