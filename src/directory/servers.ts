/**
 * The addresses of one directory: which is asked, in what order, what was last seen of it, and the service account's connections. Another
 * address is tried only where the first has certainly done nothing; whoever sends something that changes must answer for it themselves.
 */

import { isRefusal, Refusal } from '../rules/refusal.ts';
import { type Instant, second } from '../rules/time.ts';
import type { Clock, DirectoryHealth } from '../world.ts';
import type { DirectoryConfig } from './config.ts';
import type { Dialect } from './dialect.ts';
import { dialectNamed, dialectOf } from './dialects.ts';
import { isFailure, LdapFailure } from './failure.ts';
import { connect, type Link } from './ldap.ts';
import { isForAnother, rawAnswer, refusalOfFailure } from './refusals.ts';
import { type Root, readRoot } from './root.ts';

/** Structured lines for the administrator's log; none holds a password. */
export interface DirectoryLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** One server, asked as the service account. */
export interface Desk {
  readonly server: string;
  readonly link: Link;
  readonly dialect: Dialect;
  readonly root: Root;
  /** A fresh connection to the same server, bound as nobody: one for each login, since a bind changes who a connection is. */
  connect(): Promise<Link>;
}

export interface Servers {
  /** Runs the work at the first server that does not fail it. Work that has sent a change returns what became of it and does not throw. */
  ask<T>(work: (desk: Desk) => Promise<T>): Promise<T | Refusal>;
  /** At that very server, or a refusal. */
  askAt<T>(server: string, work: (desk: Desk) => Promise<T>): Promise<T | Refusal>;
  /** A desk of one's own for a long reading, to be closed by its link. */
  open(): Promise<Desk | Refusal>;
  health(): DirectoryHealth;
  close(): void;
}

/** A server that failed is asked last for so long. */
const shunMillis = 30 * second;
/** Wrong service credentials are not tried again for so long: each try may count towards locking that account. */
const wrongPasswordMillis = 60 * second;
/** Connections idle for longer may have been cut by something in between. */
const idleMillis = 20 * second;
const mostIdle = 4;
/** What only the service account can meet here: its bind was rejected, or what it must read is hidden from it. */
const shutsOut: readonly string[] = ['directory.no-permission', 'directory.not-found'];

interface Idle {
  readonly desk: Desk;
  readonly timer: NodeJS.Timeout;
}
interface Memory {
  shunnedUntil: Instant;
  refusedUntil: Instant;
  refusal: Refusal | null;
  root: Root | null;
  idle: Idle[];
}

export function openServers(config: DirectoryConfig, { clock, log }: { clock: Clock; log: DirectoryLog }): Servers {
  const { id, urls, startTls, ca, timeoutMillis, bindDn, bindPassword } = config;
  const memories = new Map<string, Memory>(
    urls.map((url) => [url, { shunnedUntil: 0, refusedUntil: 0, refusal: null, root: null, idle: [] }]),
  );
  const memoryOf = (server: string): Memory => {
    const memory = memories.get(server);
    if (!memory) throw new Error(`${server} is no server of ${id}`);
    return memory;
  };
  let health: DirectoryHealth = {
    ...{ id, isReachable: false, isUsable: false, checkedAt: null, lastGoodAt: null, server: null, kind: null, problem: null },
  };
  let isClosed = false;

  const dialectBy = ({ entry }: Root): Dialect => dialectNamed(config.kind) ?? dialectOf(entry);

  /** The configured order, but those that failed a moment ago come last. */
  const inOrder = (): string[] => {
    const isShunned = (server: string) => memoryOf(server).shunnedUntil > clock.now();
    return [...urls.filter((server) => !isShunned(server)), ...urls.filter(isShunned)];
  };

  async function openDesk(server: string): Promise<Desk> {
    const memory = memoryOf(server);
    if (memory.refusal && memory.refusedUntil > clock.now()) throw memory.refusal;
    const fresh = () => connect({ url: server, startTls, ca, timeoutMillis });
    const link = await fresh();
    try {
      const answer = await link.bind(bindDn, bindPassword);
      if (answer.resultCode !== 0 && isForAnother(answer)) throw new LdapFailure('answer', { url: server, text: 'bind', answer });
      if (answer.resultCode !== 0) {
        memory.refusal = new Refusal('directory.no-permission', { raw: `${server}: service account: ${rawAnswer(answer)}` });
        memory.refusedUntil = clock.now() + wrongPasswordMillis;
        throw memory.refusal;
      }
      memory.root ??= await readRoot(link);
      return { server, link, dialect: dialectBy(memory.root), root: memory.root, connect: fresh };
    } catch (error) {
      link.close();
      // Our own bind may be repeated elsewhere.
      throw isFailure(error) ? error.of(false) : error;
    }
  }

  function takeIdle(server: string): Desk | null {
    const { idle } = memoryOf(server);
    for (let one = idle.pop(); one; one = idle.pop()) {
      clearTimeout(one.timer);
      if (one.desk.link.isOpen) return one.desk;
      one.desk.link.close();
    }
    return null;
  }

  function giveBack(desk: Desk): void {
    const memory = memoryOf(desk.server);
    if (isClosed || !desk.link.isOpen || memory.idle.length >= mostIdle) {
      desk.link.close();
      return;
    }
    const timer = setTimeout(() => {
      memory.idle = memory.idle.filter((one) => one.desk !== desk);
      desk.link.close();
    }, idleMillis);
    memory.idle.push({ desk, timer: timer.unref() });
  }

  async function withDesk<T>(server: string, work: (desk: Desk) => Promise<T>): Promise<T> {
    const idle = takeIdle(server);
    const desk = idle ?? (await openDesk(server));
    try {
      const done = await work(desk);
      giveBack(desk);
      return done;
    } catch (error) {
      desk.link.close();
      // An idle connection that had died in the meantime says nothing of the server.
      if (idle && isFailure(error) && (error.reason === 'closed' || error.reason === 'unreachable') && !error.wasSent) {
        return withDesk(server, work);
      }
      throw error;
    }
  }

  function remember(server: string, problem: Refusal | null, isReachable: boolean): void {
    const now = clock.now();
    memoryOf(server).shunnedUntil = isReachable ? 0 : now + shunMillis;
    if (problem !== null && problem.raw !== health.problem?.raw)
      log.warn({ directory: id, server, problem: problem.key, raw: problem.raw }, 'directory trouble');
    if (problem === null && health.problem !== null) log.info({ directory: id, server }, 'directory answers again');
    const { root } = memoryOf(server);
    const kind = root ? dialectBy(root).kind : health.kind;
    const isUsable = isReachable && !(problem !== null && shutsOut.includes(problem.key));
    const lastGoodAt = problem === null ? now : health.lastGoodAt;
    health = { id, isReachable, isUsable, checkedAt: now, lastGoodAt, server, kind, problem };
  }

  /** The result, or why another server may be asked. */
  async function tryAt<T>(server: string, run: () => Promise<T>): Promise<{ result: T | Refusal } | { notHere: Refusal }> {
    try {
      const result = await run();
      remember(server, null, true);
      return { result };
    } catch (error) {
      if (isRefusal(error)) {
        remember(server, error, true);
        return { notHere: error };
      }
      if (!isFailure(error)) throw error;
      const refusal = refusalOfFailure(error);
      const isAnswered = error.answer !== null && !isForAnother(error.answer);
      remember(server, refusal, isAnswered);
      return isAnswered || error.wasSent ? { result: refusal } : { notHere: refusal };
    }
  }

  async function first<T>(run: (server: string) => Promise<T>): Promise<T | Refusal> {
    let last = new Refusal('directory.unreachable', { raw: `${id}: no address` });
    for (const server of inOrder()) {
      const tried = await tryAt(server, () => run(server));
      if ('result' in tried) return tried.result;
      last = tried.notHere;
    }
    return last;
  }

  return {
    ask: (work) => first((server) => withDesk(server, work)),
    async askAt(server, work) {
      if (!memories.has(server)) return new Refusal('directory.unreachable', { raw: `${server} is no longer configured` });
      const tried = await tryAt(server, () => withDesk(server, work));
      return 'result' in tried ? tried.result : tried.notHere;
    },
    open: () => first(openDesk),
    health: () => health,
    close() {
      isClosed = true;
      for (const { idle } of memories.values()) {
        for (const { desk, timer } of idle.splice(0)) {
          clearTimeout(timer);
          desk.link.close();
        }
      }
    },
  };
}
