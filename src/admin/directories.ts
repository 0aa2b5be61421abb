/** The directories as an administrator looks after them: how each is, what the doctor saw, what its readings changed, and a reading now. */

import type { Eligibility } from '../rules/eligibility.ts';
import { isRefusal, type Refusal } from '../rules/refusal.ts';
import { type Instant, minute, second } from '../rules/time.ts';
import type { Directory, DirectoryFinding, DirectoryHealth, SyncChange, SyncRun, World } from '../world.ts';

/** What a reading would change. */
export interface Forecast {
  readonly endedAt: Instant;
  readonly read: number;
  readonly added: number;
  readonly updated: number;
  readonly disabled: number;
  readonly changes: readonly SyncChange[];
}

/** How far a reading is that is under way. */
interface Running {
  readonly since: Instant;
  readonly progress: { readonly step: 'reading' | 'writing'; readonly done: number; readonly of: number | null };
}

/** The dry run of one person's reset, judged as the door judges it. */
type Judged = Pick<Eligibility, 'checks' | 'profile'>;

type Needs = Pick<World, 'directories' | 'syncRuns' | 'clock'> & {
  readonly sync: (
    directory: Directory,
    options: { actor: string; dryRun?: boolean; mayDisable?: number; extent?: 'everybody' },
  ) => Promise<Forecast | Refusal>;
  readonly running: (directory: string) => Running | null;
  /** Null where the login is not that of one known account. */
  readonly dryRun: (login: string) => Promise<Judged | null>;
};

/** What the doctor saw when somebody last asked; kept until the process ends. */
export interface Round {
  readonly at: Instant;
  readonly login: string | null;
  readonly findings: readonly DirectoryFinding[];
  /** Of the login. */
  readonly judged: Judged | null;
}

export interface DirectoryLook {
  readonly id: string;
  readonly health: DirectoryHealth;
  readonly round: Round | null;
  readonly forecast: Forecast | null;
  readonly running: Running | null;
  /** Newest first. */
  readonly runs: readonly SyncRun[];
}

export interface Wish {
  readonly actor: string;
  readonly how: 'what changed' | 'everybody' | 'dry run';
  /** In this one reading so many may be disabled. */
  readonly mayDisable: number;
}

const runsShown = 10;
const changesShown = 200;
/** Whoever pressed the button waits no longer than that for a large directory; how far it is stands on the page. */
const patience = 3 * second;
/** Each round shows the directory the service account's password: a wrong one is not shown again before this. */
const wrongPasswordPause = minute;

export type DirectoryDesk = ReturnType<typeof directoryDesk>;

export function directoryDesk({ directories, syncRuns, clock, sync, running, dryRun }: Needs) {
  const rounds = new Map<string, Round>();
  const forecasts = new Map<string, Forecast>();
  const named = (id: string): Directory | null => directories.all.find((directory) => directory.id === id) ?? null;

  const look = (): readonly DirectoryLook[] =>
    directories.all.map((directory) => {
      const { id } = directory;
      const [round = null, forecast = null] = [rounds.get(id), forecasts.get(id)];
      return { id, health: directory.health(), round, forecast, running: running(id), runs: syncRuns.latest(id, runsShown) };
    });

  /** Null: there is no such directory. */
  async function examine(id: string, login: string | null): Promise<Round | null> {
    const directory = named(id);
    if (!directory) return null;
    const last = rounds.get(id);
    const isRefused = last?.findings.some(({ key }) => key === 'bind.wrong-password') ?? false;
    if (last && isRefused && clock.now() - last.at < wrongPasswordPause) return last;
    const findings = await directory.examine(login);
    const isLetIn = !findings.some(({ key, verdict }) => verdict === 'fault' && key.startsWith('bind.'));
    const judged = login !== null && isLetIn ? await dryRun(login) : null;
    const round = { at: clock.now(), login, findings, judged };
    rounds.set(id, round);
    return round;
  }

  async function read(id: string, { actor, how, mayDisable }: Wish): Promise<'done' | 'under way' | Refusal | null> {
    const directory = named(id);
    if (!directory) return null;
    if (how === 'dry run') {
      const forecast = await sync(directory, { actor, dryRun: true, mayDisable });
      if (isRefusal(forecast)) return forecast;
      forecasts.set(id, forecast);
      return 'done';
    }
    forecasts.delete(id);
    const reading = sync(directory, { actor, mayDisable, ...(how === 'everybody' ? { extent: how } : {}) });
    const end = await Promise.race([reading, clock.sleep(patience).then(() => 'under way' as const)]);
    if (end === 'under way') return end;
    return isRefusal(end) ? end : 'done';
  }

  /** What one reading changed; null when it is not known any more. */
  function run(id: number, from: number): { run: SyncRun; changes: readonly SyncChange[]; next: number | null } | null {
    const found = syncRuns.byId(id);
    if (!found) return null;
    const changes = syncRuns.changes(id, { from, count: changesShown });
    return { run: found, changes, next: from + changesShown < found.kept ? from + changesShown : null };
  }

  return { look, examine, read, run };
}
