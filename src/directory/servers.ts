/**
 * The servers of one directory: which is asked, in what order, and what was last seen of each. Another one is tried only where the first has
 * certainly done nothing; whoever sends something that changes must answer for it themselves. A referral is never followed: where it leads,
 * nobody has configured, and the service account's password would go with it.
 */

import { isRefusal, Refusal } from '../rules/refusal.ts';
import { type Instant, minute, second } from '../rules/time.ts';
import type { Clock, DirectoryHealth } from '../world.ts';
import type { DirectoryConfig } from './config.ts';
import { type Desk, openDesks } from './desks.ts';
import { isFailure, type LdapFailure } from './failure.ts';
import { openLimit } from './limit.ts';
import { type AddressesOf, type Machine, machinesAt } from './machines.ts';
import { isRecent } from './recent.ts';
import { isForAnother, isReadOnly, refusalOfFailure } from './refusals.ts';

export type { Desk } from './desks.ts';

/** Structured lines for the administrator's log; none holds a password. */
interface DirectoryLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface Servers {
  /**
   * Runs the work at the first server that does not fail it; `preferred` is asked before the others unless it has just failed. Work that has
   * sent a change returns what became of it, and throws only where it certainly did nothing and another server might.
   */
  ask<T>(work: (desk: Desk) => Promise<T>, preferred?: string | null): Promise<T | Refusal>;
  /** As `ask`, for work that looks whether a server can serve at all: its no is the server's, and another is asked. */
  probe(work: (desk: Desk) => Promise<void>): Promise<DirectoryHealth>;
  /** At that very server, or a refusal. */
  askAt<T>(server: string, work: (desk: Desk) => Promise<T>): Promise<T | Refusal>;
  /** A desk of one's own for a long reading, to be closed by its link. */
  open(): Promise<Desk | Refusal>;
  health(): DirectoryHealth;
  close(): void;
}

export interface ServersNeeds {
  readonly clock: Clock;
  readonly log: DirectoryLog;
  /** Instead of the system's own name service. */
  readonly addressesOf?: AddressesOf;
}

/** A server that failed is asked last for so long, and twice as long after each further failure: a hanging one costs its deadline every time. */
const shunMillis = 30 * second;
const longestShunMillis = 10 * minute;
/** A server that takes no writes is asked last for so long: it may become a master. */
const readOnlyMillis = 10 * minute;
/** All requests of one act at one server may take so many times the deadline of one; once more where no other server is left to ask. */
const patience = 2;
/** After so many servers that were waited for in vain, nobody is kept waiting for a further one. */
const mostWaitedFor = 3;
/** Met before anybody is looked for: the service account was rejected, or what it must read is hidden from it or missing. */
const shutsOut: readonly string[] = ['directory.no-permission', 'directory.not-found', 'directory.protected-group'];

/** Of a search: the server's own trouble, from which another may be free (RFC 4511 A.1: operationsError, timeLimitExceeded, other). */
const troubles: Readonly<Record<number, true>> = { 1: true, 3: true, 80: true };

type Tried<T> = { result: T | Refusal } | { notHere: Refusal; isSilent: boolean };

/** What was last seen of one server. */
interface Standing {
  failures: number;
  failedAt: Instant | null;
  readOnlyAt: Instant | null;
}

export function openServers(config: DirectoryConfig, { clock, log, addressesOf }: ServersNeeds): Servers {
  const { id, urls, timeoutMillis } = config;
  const desks = openDesks(config, clock);
  const machines = machinesAt(urls, { clock, timeoutMillis, ...(addressesOf ? { addressesOf } : {}) });
  const standings = new Map<string, Standing>();
  let health: DirectoryHealth = {
    ...{ id, isReachable: false, isUsable: false, checkedAt: null, lastGoodAt: null, server: null, kind: null, problem: null },
  };

  function standingOf(server: string): Standing {
    const standing = standings.get(server) ?? { failures: 0, failedAt: null, readOnlyAt: null };
    standings.set(server, standing);
    return standing;
  }
  function isShunned(server: string): boolean {
    const { failures, failedAt } = standingOf(server);
    return isRecent(failedAt, Math.min(shunMillis * 2 ** (failures - 1), longestShunMillis), clock.now());
  }

  /** The configured order, but first who was preferred, then who takes writes, and last who failed a moment ago. */
  async function inOrder(preferred: string | null): Promise<readonly Machine[]> {
    const rankOf = ({ server }: Machine): number => {
      if (isShunned(server)) return 3;
      if (server === preferred) return 0;
      return isRecent(standingOf(server).readOnlyAt, readOnlyMillis, clock.now()) ? 2 : 1;
    };
    const ranked = (await machines.all()).map((machine) => ({ machine, rank: rankOf(machine) }));
    return ranked.sort((a, b) => a.rank - b.rank).map(({ machine }) => machine);
  }

  function remember(server: string, problem: Refusal | null, isReachable: boolean): void {
    const now = clock.now();
    const standing = standingOf(server);
    standing.failures = isReachable ? 0 : standing.failures + 1;
    standing.failedAt = isReachable ? null : now;
    if (problem !== null && problem.raw !== health.problem?.raw)
      log.warn({ directory: id, server, problem: problem.key, raw: problem.raw }, 'directory trouble');
    if (problem === null && health.problem !== null) log.info({ directory: id, server }, 'directory answers again');
    const kind = desks.kindOf(server) ?? health.kind;
    const isUsable = isReachable && !(problem !== null && shutsOut.includes(problem.key));
    const lastGoodAt = problem === null ? now : health.lastGoodAt;
    health = { id, isReachable, isUsable, checkedAt: now, lastGoodAt, server, kind, problem };
  }

  /**
   * The result, or why another server may be asked. Once `run` has said that the work has begun, a no is about what was asked: were it held
   * against the server, one person whose entry is hidden would close the house to everybody.
   */
  async function tryAt<T>(server: string, run: (begin: () => void) => Promise<T>): Promise<Tried<T>> {
    let hasBegun = false;
    try {
      const result = await run(() => {
        hasBegun = true;
      });
      remember(server, null, true);
      return { result };
    } catch (error) {
      if (isRefusal(error)) {
        remember(server, hasBegun ? null : error, true);
        return hasBegun ? { result: error } : { notHere: error, isSilent: false };
      }
      if (!isFailure(error)) throw error;
      return failedAt(server, error, hasBegun);
    }
  }

  function failedAt(server: string, failure: LdapFailure, hasBegun: boolean): Tried<never> {
    const refusal = refusalOfFailure(failure);
    const { answer } = failure;
    if (answer !== null && isReadOnly(answer)) {
      standingOf(server).readOnlyAt = clock.now();
      remember(server, refusal, true);
      return { notHere: refusal, isSilent: false };
    }
    const isAnswered = answer !== null && !isForAnother(answer) && !(answer.resultCode in troubles);
    remember(server, isAnswered && hasBegun ? null : refusal, isAnswered);
    return isAnswered || failure.wasSent ? { result: refusal } : { notHere: refusal, isSilent: failure.reason === 'silent' };
  }

  async function first<T>(candidates: readonly Machine[], run: (machine: Machine, begin: () => void) => Promise<T>): Promise<T | Refusal> {
    let last = new Refusal('directory.unreachable', { raw: `${id}: no address` });
    let waitedFor = 0;
    for (const machine of candidates) {
      const tried = await tryAt(machine.server, (begin) => run(machine, begin));
      if ('result' in tried) return tried.result;
      last = tried.notHere;
      waitedFor += tried.isSilent ? 1 : 0;
      if (waitedFor === mostWaitedFor) return last;
    }
    return last;
  }

  const within = <T>(candidates: readonly Machine[], work: (desk: Desk, begin: () => void) => Promise<T>): Promise<T | Refusal> =>
    first(candidates, async (machine, begin) => {
      const limit = openLimit((machine === candidates.at(-1) ? patience + 1 : patience) * timeoutMillis);
      try {
        return await desks.at(machine, limit, (desk) => work(desk, begin));
      } finally {
        limit.end();
      }
    });
  const begun =
    <T>(work: (desk: Desk) => Promise<T>) =>
    (desk: Desk, begin: () => void): Promise<T> => {
      begin();
      return work(desk);
    };

  return {
    ask: async (work, preferred = null) => within(await inOrder(preferred), begun(work)),
    async probe(work) {
      await within(await inOrder(null), work);
      return health;
    },
    async askAt(server, work) {
      const machine = machines.named(server);
      return machine ? within([machine], begun(work)) : new Refusal('directory.unreachable', { raw: `${server} is no longer configured` });
    },
    open: async () => first(await inOrder(null), (machine) => desks.open(machine)),
    health: () => health,
    close: desks.close,
  };
}
