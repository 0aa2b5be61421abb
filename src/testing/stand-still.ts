/** What stands still for tests: a clock that moves when told, chance from a seed, mail that is only queued, and work that is not put off for long. */

import { createHash } from 'node:crypto';
import type { Instant } from '../rules/time.ts';
import type { Clock, Deferral, Deliver, Outbox, Random } from '../world.ts';

export interface TestClock extends Clock {
  advance(milliseconds: number): void;
}

export interface TestDeferral extends Deferral {
  /** While true nothing is accepted. */
  isFull: boolean;
  /** This owner has no share left. */
  fullFor: string | null;
}

/** Sleeping costs no time but moves the clock: what waits has waited. */
export function testClock(start: Instant): TestClock {
  let now = start;
  return {
    now: () => now,
    advance(milliseconds) {
      now += milliseconds;
    },
    async sleep(milliseconds) {
      now += Math.max(0, milliseconds);
    },
  };
}

/** SHA-256 over a counter: the same chance in every run. */
export function seededRandom(seed: string): Random {
  let drawn = 0;
  const block = (): Buffer => createHash('sha256').update(`${seed} ${drawn++}`).digest();
  const below = (limit: number): number => block().readUIntBE(0, 6) % limit; // the bias of 2^48 is for tests to bear
  return {
    token: () => block().toString('base64url'),
    digits: (count) => Array.from({ length: count }, () => below(10)).join(''),
    bytes: (count) => Buffer.concat(Array.from({ length: Math.ceil(count / 32) }, block)).subarray(0, count),
    below,
  };
}

/** Queues for good and in the clear: nothing is ever sent. */
export const testDeliver = (outbox: Outbox, clock: Clock): Deliver => ({
  queue: (message) =>
    outbox.put({
      kind: message.kind,
      to: message.to,
      sealed: JSON.stringify(message),
      at: clock.now(),
      expiresAt: message.expiresAt ?? null,
      token: message.token ?? null,
    }),
  flush: async () => {},
  health: () => outbox.counts(),
});

/** Tasks run in order as soon as the caller waits for anything. There are no floors: the real one is tested by itself. */
export function testDeferral(): TestDeferral {
  const chains = new Map<string, Promise<void>>();
  return {
    isFull: false,
    fullFor: null,
    accept(key, task, whose) {
      if (this.isFull || (whose !== undefined && whose.owner === this.fullFor)) return false;
      chains.set(key, (chains.get(key) ?? Promise.resolve()).then(task));
      return true;
    },
    settled: (key) => chains.get(key) ?? Promise.resolve(),
    async drain() {
      await Promise.all(chains.values());
    },
  };
}
