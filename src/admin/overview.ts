/** What an administrator must know at a glance: how the house is, what happened last, and the accounts that were found. Changes nothing but by a sync. */

import type { Account } from '../rules/account.ts';
import { isRefusal, type Refusal } from '../rules/refusal.ts';
import { day, type Instant } from '../rules/time.ts';
import type { EventName } from '../rules/vocabulary.ts';
import type { DirectoryHealth, JournalRow, World } from '../world.ts';

/** One reading of a directory, and what came of it. */
export interface SyncRun {
  readonly directory: string;
  readonly at: Instant;
  /** Null when all was applied; otherwise nothing was. */
  readonly refusal: Refusal | null;
  readonly added: number;
  readonly updated: number;
  readonly disabled: number;
}

type Needs = Pick<World, 'directories' | 'deliver' | 'accounts' | 'journal' | 'settings'> & {
  /** The last run for each directory that has had one. */
  readonly lastSyncs: () => readonly SyncRun[];
  /** Reads every directory now; a Refusal when a run is under way already. */
  readonly syncNow: (by: { account: Account; address: string; supportCode: string }) => Promise<readonly SyncRun[] | Refusal>;
};

/** One sentence about the house, and what to do about it: `text` and `cure` are texts, `raw` the outside's own words. */
export interface Finding {
  readonly tone: 'bad' | 'warn' | 'good';
  readonly text: string;
  readonly params: Readonly<Record<string, string | number>>;
  readonly at: Instant | null;
  readonly cure: string | null;
  readonly raw: string | null;
  /** "Sync now" is the cure. */
  readonly isCuredBySync: boolean;
}

export interface Overview {
  /** Worst first. */
  readonly findings: readonly Finding[];
  readonly accounts: { readonly all: number; readonly enabled: number; readonly registered: number };
  /** Of the last 24 hours. */
  readonly day: {
    readonly resets: number;
    readonly unlocks: number;
    readonly blocked: number /** There may have been more. */;
    readonly isPart: boolean;
  };
  readonly events: readonly JournalRow[];
}

const eventsShown = 20;
/** As far back as the numbers of the day are counted: a page must not cost more when the office is busy. */
const eventsCounted = 500;
const severity = ['bad', 'warn', 'good'];

export type AdminOverview = ReturnType<typeof adminOverview>;

export function adminOverview({ directories, deliver, accounts, journal, settings, lastSyncs, syncNow }: Needs) {
  function look(at: Instant): Overview {
    const rows = journal.latest(eventsCounted);
    const found = [
      ...directories.all.flatMap((directory) => directoryFindings(directory.health(), at)),
      ...writebackFindings(),
      mailFinding(),
    ];
    return {
      findings: found.sort((one, other) => severity.indexOf(one.tone) - severity.indexOf(other.tone)),
      accounts: accounts.count(),
      day: dayOf(rows, at),
      events: rows.slice(0, eventsShown),
    };
  }

  const directoryFindings = (health: DirectoryHealth, at: Instant): Finding[] => [healthFinding(health), syncFinding(health.id, at)];

  function syncFinding(id: string, at: Instant): Finding {
    const run = lastSyncs().find(({ directory }) => directory === id);
    const params = { id, added: run?.added ?? 0, updated: run?.updated ?? 0, disabled: run?.disabled ?? 0, ...run?.refusal?.params };
    const say = (tone: Finding['tone'], text: string, more: Partial<Finding> = {}) =>
      finding(tone, `admin.sync.${text}`, { params, at: run?.at ?? null, isCuredBySync: tone !== 'good', ...more });
    if (!run) return say('warn', 'never', { cure: 'admin.sync.never.cure' });
    if (run.refusal) {
      const braked = brakes.find((key) => key === run.refusal?.key);
      const raw = run.refusal.raw ?? (braked ? null : run.refusal.key);
      return say('bad', braked ?? 'refused', { cure: `admin.sync.${braked ?? 'refused'}.cure`, raw });
    }
    return at - run.at > day ? say('warn', 'old', { cure: 'admin.sync.old.cure' }) : say('good', 'good');
  }

  function writebackFindings(): Finding[] {
    if (settings.policy().writeback) return [];
    return [finding('warn', 'admin.writeback.off', { cure: 'admin.writeback.off.cure' })];
  }

  function mailFinding(): Finding {
    const { waiting, dead, lastSentAt, lastProblem } = deliver.health();
    const more = { params: { waiting, dead }, at: lastSentAt, raw: lastProblem };
    if (waiting > 0 && lastProblem !== null) return finding('bad', 'admin.mail.stuck', { ...more, cure: 'admin.mail.stuck.cure' });
    if (dead > 0) return finding('warn', 'admin.mail.dead', { ...more, cure: 'admin.mail.dead.cure' });
    return finding('good', lastSentAt === null ? 'admin.mail.unused' : 'admin.mail.good', { ...more, raw: null });
  }

  async function sync(by: { account: Account; address: string; supportCode: string }): Promise<'done' | Refusal> {
    const runs = await syncNow(by);
    if (isRefusal(runs)) return runs;
    return runs.map(({ refusal }) => refusal).find((refusal) => refusal !== null) ?? 'done';
  }

  return { look, sync };
}

/** Refusals of a sync that have words of their own. */
const brakes: readonly string[] = ['sync.empty', 'sync.brake'];

const finding = (tone: Finding['tone'], text: string, more: Partial<Finding> = {}): Finding => ({
  tone,
  text,
  params: {},
  at: null,
  cure: null,
  raw: null,
  isCuredBySync: false,
  ...more,
});

/** Problems whose cure is known; for all others the doctor names the step. */
const cures: readonly string[] = ['directory.unreachable', 'directory.no-tls', 'directory.no-permission', 'directory.wrong-old-password'];

function healthFinding({ id, isReachable, checkedAt, lastGoodAt, server, kind, problem }: DirectoryHealth): Finding {
  const params = { id, server: server ?? '', kind: kind ?? '' };
  if (checkedAt === null) return finding('warn', 'admin.directory.unchecked', { params, cure: 'admin.directory.unchecked.cure' });
  if (isReachable && problem === null) return finding('good', 'admin.directory.good', { params, at: checkedAt });
  const key = cures.find((known) => known === problem?.key) ?? 'other';
  const text = isReachable ? 'admin.directory.ailing' : 'admin.directory.away';
  return finding('bad', text, { params, at: lastGoodAt, cure: `admin.cure.${key}`, raw: problem?.raw ?? problem?.key ?? null });
}

function dayOf(rows: readonly JournalRow[], at: Instant): Overview['day'] {
  const recent = rows.filter((row) => row.at > at - day);
  const count = (...events: readonly EventName[]): number =>
    recent.filter(({ event, result }) => events.includes(event) && result === 'succeeded').length;
  return {
    resets: count('reset', 'reset by administrator'),
    unlocks: count('unlock', 'unlock by administrator'),
    blocked: recent.filter(({ event }) => event === 'blocked').length,
    isPart: recent.length === eventsCounted,
  };
}
