/** Codes that this portal sends to somebody who has signed in: counted like every other mail of the account, before they leave. */

import type { Counter } from '../methods/method.ts';
import type { Account } from '../rules/account.ts';
import { sendAgainAfter } from '../rules/attempt.ts';
import { Refusal } from '../rules/refusal.ts';
import { accountKey, isOver, limits } from '../rules/throttle.ts';
import type { Instant } from '../rules/time.ts';
import type { World } from '../world.ts';

export interface Sending {
  readonly account: Pick<Account, 'id'>;
  /** What it counts towards, besides the account's own limits. */
  readonly counters: readonly Counter[];
  /** One that was sent before is awaited: another is not sent at once. */
  readonly isWaiting: boolean;
  readonly at: Instant;
}

/** Counts it, or refuses with `method.too-soon`. */
export function countSending(throttle: World['throttle'], { account, counters, isWaiting, at }: Sending): Refusal | null {
  const key = accountKey(account.id, '');
  const all = [...[limits.mails, limits.mailsADay].map((limit) => ({ limit, key })), ...counters];
  const isOften = all.some((counter) => isOver(throttle.count(counter.limit, counter.key, at), counter.limit));
  const isSoon = isWaiting && at - (throttle.lastAt(limits.mails, key, at) ?? 0) < sendAgainAfter;
  if (isOften || isSoon) return new Refusal('method.too-soon');
  for (const counter of all) throttle.hit(counter.limit, counter.key, at);
  return null;
}
