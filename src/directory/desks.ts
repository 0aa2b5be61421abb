/** The service account's connections: opened, kept idle for a moment, given out again. Which server is the better one, it does not know. */

import { Refusal } from '../rules/refusal.ts';
import { type Instant, minute, second } from '../rules/time.ts';
import type { Clock } from '../world.ts';
import type { DirectoryConfig } from './config.ts';
import type { Dialect } from './dialect.ts';
import { dialectNamed, dialectOf } from './dialects.ts';
import { failureFrom, isFailure, LdapFailure } from './failure.ts';
import { connect, type Link } from './ldap.ts';
import type { Limit } from './limit.ts';
import type { Machine } from './machines.ts';
import { isRecent } from './recent.ts';
import { isForAnother, rawAnswer } from './refusals.ts';
import { type Root, readRoot } from './root.ts';

/** One server, asked as the service account. */
export interface Desk {
  readonly server: string;
  readonly link: Link;
  readonly dialect: Dialect;
  readonly root: Root;
  /** A fresh connection to the same machine, bound as nobody: one for each login, since a bind changes who a connection is. */
  connect(): Promise<Link>;
}

export interface Desks {
  /** A connection of one's own, to be closed by its link. */
  open(machine: Machine): Promise<Desk>;
  /** The work at an idle connection or a new one, which is kept afterwards. */
  at<T>(machine: Machine, limit: Limit, work: (desk: Desk) => Promise<T>): Promise<T>;
  /** What kind of directory the server was found to be. */
  kindOf(server: string): string | null;
  close(): void;
}

/** Wrong service credentials are not tried again for so long: each try may count towards locking that account. */
const wrongPasswordMillis = 60 * second;
/** What a server offers is asked again after so long: it may have been brought up to date. */
const rootMillis = 10 * minute;
/** Connections idle for longer may have been cut by something in between. */
const idleMillis = 20 * second;
const mostIdle = 4;

interface Idle {
  readonly desk: Desk;
  readonly timer: NodeJS.Timeout;
}
interface Memory {
  refused: { readonly refusal: Refusal; readonly at: Instant } | null;
  root: { readonly root: Root; readonly at: Instant } | null;
  idle: Idle[];
}

export function openDesks(config: DirectoryConfig, clock: Clock): Desks {
  const { startTls, ca, timeoutMillis, bindDn, bindPassword } = config;
  const memories = new Map<string, Memory>();
  let isClosed = false;

  function memoryOf(server: string): Memory {
    const memory = memories.get(server) ?? { refused: null, root: null, idle: [] };
    memories.set(server, memory);
    return memory;
  }
  const dialectBy = ({ entry }: Root): Dialect => dialectNamed(config.kind) ?? dialectOf(entry);

  async function rootOf(server: string, link: Link): Promise<Root> {
    const memory = memoryOf(server);
    const now = clock.now();
    if (memory.root && isRecent(memory.root.at, rootMillis, now)) return memory.root.root;
    memory.root = { root: await readRoot(link), at: now };
    return memory.root.root;
  }

  async function open({ server, url, address, trouble }: Machine): Promise<Desk> {
    if (trouble !== null) throw failureFrom(trouble, url);
    const memory = memoryOf(server);
    if (memory.refused && isRecent(memory.refused.at, wrongPasswordMillis, clock.now())) throw memory.refused.refusal;
    const fresh = () => connect({ url, startTls, ca, timeoutMillis, ...(address === null ? {} : { address }) });
    const link = await fresh();
    try {
      const answer = await link.bind(bindDn, bindPassword);
      if (answer.resultCode !== 0 && isForAnother(answer)) throw new LdapFailure('answer', { url, text: 'bind', answer });
      if (answer.resultCode !== 0) {
        const refusal = new Refusal('directory.no-permission', { raw: `${server}: service account: ${rawAnswer(answer)}` });
        memory.refused = { refusal, at: clock.now() };
        throw refusal;
      }
      const root = await rootOf(server, link);
      return { server, link, dialect: dialectBy(root), root, connect: fresh };
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

  function dropIdle(server: string): void {
    for (const { desk, timer } of memoryOf(server).idle.splice(0)) {
      clearTimeout(timer);
      desk.link.close();
    }
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

  /** An idle connection that had died in the meantime, with or without a word, says nothing of the server. */
  const isStale = (error: unknown): boolean =>
    isFailure(error) && !error.wasSent && (error.reason === 'closed' || error.reason === 'unreachable' || error.reason === 'silent');

  async function at<T>(machine: Machine, limit: Limit, work: (desk: Desk) => Promise<T>): Promise<T> {
    const idle = takeIdle(machine.server);
    const desk = idle ?? (await open(machine));
    limit.watch(desk.link);
    try {
      const done = await work({ ...desk, connect: async () => limit.watch(await desk.connect()) });
      giveBack(desk);
      return done;
    } catch (error) {
      desk.link.close();
      if (!idle || limit.isReached || !isStale(error)) throw error;
      dropIdle(machine.server);
      return at(machine, limit, work);
    }
  }

  return {
    open,
    at,
    kindOf(server) {
      const root = memories.get(server)?.root?.root;
      return root ? dialectBy(root).kind : null;
    },
    close() {
      isClosed = true;
      for (const server of memories.keys()) dropIdle(server);
    },
  };
}
