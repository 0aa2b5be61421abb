/** What every door asks before anything else: has this address typed too much, and whose login is this. Knows no page and no password. */

import type { Account } from './rules/account.ts';
import { isRefusal, Refusal } from './rules/refusal.ts';
import { addressKey, addressWait, limits } from './rules/throttle.ts';
import { second } from './rules/time.ts';
import type { World } from './world.ts';

type Needs = Pick<World, 'accounts' | 'directories' | 'throttle' | 'clock'>;

export const longestLogin = 256;

/** 'several': the login is one in more than one home. It is never guessed which. */
export type Found = Account | 'several' | null;

export type FrontDoor = ReturnType<typeof frontDoor>;

export function frontDoor({ accounts, directories, throttle, clock }: Needs) {
  return {
    /** Counts one login typed. Over the limit: `limit.address` with the seconds to wait. */
    countAddress(address: string): Refusal | null {
      const now = clock.now();
      const key = addressKey(address);
      const wait = addressWait(throttle.count(limits.loginsTyped, key, now));
      const left = (throttle.lastAt(limits.loginsTyped, key, now) ?? 0) + wait - now;
      if (left > 0) return new Refusal('limit.address', { params: { seconds: Math.ceil(left / second) } });
      throttle.hit(limits.loginsTyped, key, now);
      return null;
    },

    /** By its name as the last sync saw it. */
    known: (login: string): Found => onlyOne(accounts.byLogin(login)),

    /** By whatever else the directories take for a login, asked now. */
    async foundLive(login: string): Promise<Found> {
      const found = await Promise.all(directories.all.map(async (directory) => ({ id: directory.id, entry: await directory.find(login) })));
      return onlyOne(
        found.flatMap(({ id, entry }) => (entry === null || isRefusal(entry) ? [] : (accounts.byRemoteId(id, entry.remoteId) ?? []))),
      );
    },

    /** Every directory is known not to answer, or not to take our service account: this is said to everybody alike. */
    areAllAway: (): boolean =>
      directories.all.length > 0 &&
      directories.all.map((directory) => directory.health()).every((seen) => seen.checkedAt !== null && !seen.isUsable),
  };
}

/** A deleted entry stays as a disabled account: it does not stand in the way of who has its name now. */
function onlyOne(found: readonly Account[]): Found {
  const enabled = found.filter(({ isDisabled }) => !isDisabled);
  const [first = null, ...others] = enabled.length > 0 ? enabled : found;
  return others.length > 0 ? 'several' : first;
}
