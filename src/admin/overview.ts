/** What an administrator must know at a glance: how the house is, what happened last, and the accounts that were found. Changes nothing but by a sync. */

import { textsOfTheDay } from '../methods/sms.ts';
import { isRefusal, type Refusal } from '../rules/refusal.ts';
import { isOver } from '../rules/throttle.ts';
import { day, type Instant } from '../rules/time.ts';
import type { EventName } from '../rules/vocabulary.ts';
import type { Directory, DirectoryHealth, JournalRow, World } from '../world.ts';

/** How the last reading of a directory ended, as the sync remembers it. */
export interface LastSync {
  readonly endedAt: Instant;
  readonly added: number;
  readonly updated: number;
  readonly disabled: number;
  /** Why nothing was changed, or null. */
  readonly refused: { readonly key: string; readonly params: Refusal['params'] } | null;
}

type Needs = Pick<World, 'directories' | 'deliver' | 'accounts' | 'journal' | 'settings' | 'throttle'> & {
  readonly lastSync: (directory: string) => LastSync | null;
  /** Reads a directory now, and records it by itself. */
  readonly sync: (directory: Directory, options: { actor: string }) => Promise<object | Refusal>;
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

/** What happened in the last 24 hours. */
export interface Day {
  readonly resets: number;
  readonly unlocks: number;
  readonly blocked: number;
  /** Not all of it was counted: there may have been more. */
  readonly isPart: boolean;
}

export interface Overview {
  /** Worst first. */
  readonly findings: readonly Finding[];
  readonly accounts: { readonly all: number; readonly enabled: number; readonly registered: number };
  readonly day: Day;
  readonly events: readonly JournalRow[];
}

const eventsShown = 20;
/** As far back as the numbers of the day are counted: a page must not cost more when the office is busy. */
const eventsCounted = 500;
const severity = ['bad', 'warn', 'good'];

export type AdminOverview = ReturnType<typeof adminOverview>;

export function adminOverview({ directories, deliver, accounts, journal, settings, throttle, lastSync, sync }: Needs) {
  function look(at: Instant): Overview {
    const rows = journal.latest(eventsCounted);
    const found = [
      ...directories.all.flatMap((directory) => directoryFindings(directory.health(), at)),
      ...writebackFindings(),
      mailFinding(),
      ...textFindings(at),
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
    const last = lastSync(id);
    if (last === null) return finding('warn', 'admin.sync.never', { params: { id }, cure: 'admin.sync.never.cure', isCuredBySync: true });
    const { endedAt, added, updated, disabled, refused } = last;
    const more = { params: { id, added, updated, disabled, ...refused?.params }, at: endedAt };
    if (refused !== null) {
      const text = `admin.sync.${brakes.find((key) => key === refused.key) ?? 'refused'}`;
      return finding('bad', text, { ...more, cure: `${text}.cure`, isCuredBySync: true });
    }
    if (at - endedAt <= day) return finding('good', 'admin.sync.good', more);
    return finding('warn', 'admin.sync.old', { ...more, cure: 'admin.sync.old.cure', isCuredBySync: true });
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

  function textFindings(at: Instant): Finding[] {
    const { limit, key } = textsOfTheDay(settings.policy());
    if (!isOver(throttle.count(limit, key, at), limit)) return [];
    const more = { params: { most: limit.most }, at: throttle.easesAt(limit, key, at) };
    return [finding('bad', 'admin.texts.used-up', { ...more, cure: 'admin.texts.used-up.cure' })];
  }

  /** Every directory, one after the other; the first refusal, when one was refused. */
  async function syncNow(actor: string): Promise<'done' | Refusal> {
    const ends: (object | Refusal)[] = [];
    for (const directory of directories.all) ends.push(await sync(directory, { actor }));
    return ends.find(isRefusal) ?? 'done';
  }

  return { look, syncNow };
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
const cures: readonly string[] = [
  'directory.unreachable',
  'directory.no-tls',
  'directory.no-permission',
  'directory.protected-group',
  'directory.wrong-old-password',
];

function healthFinding({ id, isReachable, checkedAt, lastGoodAt, server, kind, problem }: DirectoryHealth): Finding {
  const params = { id, server: server ?? '', kind: kind ?? '' };
  if (checkedAt === null) return finding('warn', 'admin.directory.unchecked', { params, cure: 'admin.directory.unchecked.cure' });
  if (isReachable && problem === null) return finding('good', 'admin.directory.good', { params, at: checkedAt });
  const key = cures.find((known) => known === problem?.key) ?? 'other';
  const text = isReachable ? 'admin.directory.ailing' : 'admin.directory.away';
  return finding('bad', text, { params, at: lastGoodAt, cure: `admin.cure.${key}`, raw: problem?.raw ?? problem?.key ?? null });
}

function dayOf(rows: readonly JournalRow[], at: Instant): Day {
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
