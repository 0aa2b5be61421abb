/** Work that waits until the reply has left, in order per key, on a bounded queue. It knows nothing of what the work is. */

import type { BaseLogger } from 'pino';
import type { Instant } from './rules/time.ts';
import type { Clock, Deferral } from './world.ts';

export interface DeferralNeeds {
  readonly clock: Clock;
  readonly log: Pick<BaseLogger, 'error'>;
  /** How many may wait for a place, and how many run at once. */
  readonly waiting?: number;
  readonly running?: number;
  /** How many one key may have: nobody fills the queue alone. */
  readonly most?: number;
  /** How many the keys of one owner may have together: nobody fills it with many keys either. */
  readonly mostOfOwner?: number;
  /** Milliseconds from a task's start before which it does not end: longer than the slowest of them, and the same for strangers. */
  readonly floor?: number;
  /** Milliseconds from acceptance to the earliest start: the page is rendered and gone by then, so that no work of ours can slow it. */
  readonly lead?: number;
}

interface Task {
  readonly owner: string | null;
  readonly work: () => Promise<void>;
  readonly startAt: Instant;
}

/** A task holds its place until its floor, so that not even the wait of the next one tells how long this one worked. */
export function createDeferral({
  clock,
  log,
  waiting = 256,
  running = 32,
  most = 8,
  mostOfOwner = 32,
  floor = 400,
  lead = 50,
}: DeferralNeeds): Deferral {
  const queues = new Map<string, Task[]>();
  /** Keys with work and without a place, first come first served: one key's tasks take turns with those of the others. */
  const ready: string[] = [];
  const listeners = new Map<string, (() => void)[]>();
  const owned = new Map<string, number>();
  let accepted = 0;
  let busy = 0;
  let failures = 0;
  let isDraining = false;

  function start(): void {
    while (busy < running && ready.length > 0) {
      const key = ready.shift() as string;
      busy += 1;
      void run(key, queues.get(key)?.[0] as Task);
    }
  }

  async function run(key: string, { work, startAt }: Task): Promise<void> {
    await until(startAt);
    const floorAt = clock.now() + floor;
    await attempt(work);
    await until(floorAt);
    busy -= 1;
    end(key);
    start();
  }

  async function until(instant: Instant): Promise<void> {
    const left = instant - clock.now();
    if (left > 0) await clock.sleep(left);
  }

  async function attempt(work: Task['work']): Promise<void> {
    try {
      await work();
    } catch (error) {
      failures += 1;
      log.error({ err: error, failure: failures }, 'deferred work failed');
    }
  }

  function end(key: string): void {
    const queue = queues.get(key) as Task[];
    own(queue.shift()?.owner ?? null, -1);
    accepted -= 1;
    if (queue.length > 0) ready.push(key);
    else {
      queues.delete(key);
      for (const tell of listeners.get(key) ?? []) tell();
      listeners.delete(key);
    }
  }

  const ownedBy = (owner: string | null): number => (owner === null ? 0 : (owned.get(owner) ?? 0));

  function own(owner: string | null, more: 1 | -1): void {
    if (owner === null) return;
    const count = ownedBy(owner) + more;
    if (count === 0) owned.delete(owner);
    else owned.set(owner, count);
  }

  async function settled(key: string): Promise<void> {
    if (!queues.has(key)) return;
    await new Promise<void>((resolve) => {
      listeners.set(key, [...(listeners.get(key) ?? []), resolve]);
    });
  }

  return {
    accept(key, work, { owner = null }: { owner?: string | null } = {}) {
      const queue = queues.get(key);
      const isFull = accepted >= waiting + running || (queue?.length ?? 0) >= most || ownedBy(owner) >= mostOfOwner;
      if (isDraining || isFull) return false;
      accepted += 1;
      own(owner, 1);
      const task = { work, owner, startAt: clock.now() + lead };
      if (queue) queue.push(task);
      else {
        queues.set(key, [task]);
        ready.push(key);
        setImmediate(start); // never in the caller's tick, whatever the lead
      }
      return true;
    },
    settled,
    async drain() {
      isDraining = true;
      await Promise.all([...queues.keys()].map(settled));
    },
  };
}
