/** What a test can let go wrong with the fake directory, step by step. It knows no directory. */

import { Refusal } from '../rules/refusal.ts';
import type { Clock } from '../world.ts';

/** `prove` is the bind after a set or change, `mark` what makes a password temporary; `all` is every step that has no fault of its own. */
export type Step =
  | 'find'
  | 'read'
  | 'people'
  | 'status'
  | 'verify'
  | 'set'
  | 'change'
  | 'prove'
  | 'mark'
  | 'unlock'
  | 'outcome'
  | 'health'
  | 'all';

export type Fault =
  /** No connection: a write certainly did nothing, and was not announced. */
  | { readonly kind: 'unreachable' }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** Sent, and no answer comes; the write happened or did not. To what only reads it is like `unreachable`. */
  | { readonly kind: 'silent'; readonly left: 'done' | 'undone' }
  /** Sent, and then all waits until the test lets it go on. */
  | { readonly kind: 'held'; readonly until: Promise<void> }
  | { readonly kind: 'slow'; readonly milliseconds: number };

export type Faults = Map<Step, Fault>;

export const unreachable: Failure = { kind: 'unreachable' };
export const silent = (left: 'done' | 'undone'): Failure => ({ kind: 'silent', left });
export const refusing = (refusal: Refusal): Failure => ({ kind: 'refused', refusal });
export const slow = (milliseconds: number): Fault => ({ kind: 'slow', milliseconds });

/** Everything that meets this fault waits for `release`. */
export function held(): { fault: Fault; release: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { fault: { kind: 'held', until: promise }, release: resolve };
}

/** What goes wrong, and is not only waited out. */
export type Failure = Exclude<Fault, { kind: 'held' | 'slow' }>;

export interface FaultTable {
  readonly faults: Faults;
  at(step: Step): Fault | null;
  /** Waits out what only takes time, and returns what goes wrong. */
  meet(step: Step): Promise<Failure | null>;
}

export function faultTable(clock: Clock): FaultTable {
  const faults: Faults = new Map();
  const at = (step: Step): Fault | null => faults.get(step) ?? faults.get('all') ?? null;
  return {
    faults,
    at,
    async meet(step) {
      const fault = at(step);
      if (fault?.kind === 'held') await fault.until;
      else if (fault?.kind === 'slow') await clock.sleep(fault.milliseconds);
      else return fault;
      return null;
    },
  };
}

export const away = (fault: Failure): Refusal =>
  fault.kind === 'refused' ? fault.refusal : new Refusal('directory.unreachable', { raw: 'connect ECONNREFUSED' });
