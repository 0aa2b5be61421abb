/** What every door asks before anything else: has this address typed too much, and whose login is this. Knows no page and no password. */

import { type Account, localPlace } from './rules/account.ts';
import { isRefusal, Refusal } from './rules/refusal.ts';
import { addressKey, addressWait, limits } from './rules/throttle.ts';
import { second } from './rules/time.ts';
import type { World } from './world.ts';

type Needs = Pick<World, 'accounts' | 'directories' | 'throttle' | 'clock'>;

export const longestLogin = 256;

/** The login is, or may be, one in more than one home. It is never guessed which: `alice@office` says it. */
export interface Several {
  readonly several: readonly Account[];
}
export type Found = Account | Several | null;
export const isSeveral = (found: Found): found is Several => found !== null && 'several' in found;

export type FrontDoor = ReturnType<typeof frontDoor>;

export function frontDoor({ accounts, directories, throttle, clock }: Needs) {
  const ids = directories.all.map(({ id }) => id);

  /** `alice@office` names a home where there is one of that name; whatever else has an @ in it is a login as it stands. */
  function placed(login: string): { readonly login: string; readonly home: string | null } | null {
    const at = login.lastIndexOf('@');
    const place = login.slice(at + 1).toLowerCase();
    const isPlace = at > 0 && (ids.includes(place) || place === localPlace);
    return isPlace ? { login: login.slice(0, at), home: place === localPlace ? null : place } : null;
  }

  /** A home that is silent, or knows several by it, may mean somebody else: whoever another one names is not chosen then. */
  async function askedLive(login: string, among: readonly string[]): Promise<Found> {
    const asked = directories.all.filter(({ id }) => among.includes(id));
    const answers = await Promise.all(asked.map(async (directory) => ({ id: directory.id, entry: await directory.find(login) })));
    const found = answers.flatMap(({ id, entry }) =>
      entry === null || isRefusal(entry) ? [] : (accounts.byRemoteId(id, entry.remoteId) ?? []),
    );
    const isCertain = !answers.some(({ entry }) => isRefusal(entry));
    return isCertain || found.length === 0 ? onlyOne(found) : { several: found };
  }

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

    /** A wrong proof or a refused sign-in: after many of them the address is asked for a puzzle. */
    countTrouble(address: string): void {
      throttle.hit(limits.troubles, addressKey(address), clock.now());
    },

    /** By its name as the last sync saw it, and the home where one was named. */
    known(login: string): Found {
      const there = placed(login);
      const named = there === null ? null : onlyOne(accounts.byLogin(there.login).filter(({ home }) => home === there.home));
      return named ?? onlyOne(accounts.byLogin(login));
    },

    /** By whatever else the directories take for a login, asked now. */
    async foundLive(login: string): Promise<Found> {
      const there = placed(login);
      const named =
        there === null
          ? null
          : await askedLive(
              there.login,
              ids.filter((id) => id === there.home),
            );
      return named ?? askedLive(login, ids);
    },

    /**
     * The names of the homes, where a login may need one to be told apart: then every page that asks for a login says so to everybody, since
     * whether this very login needs it would be an answer to a stranger.
     */
    places(): readonly string[] {
      const all = [...ids, ...(accounts.hasSharedLocalLogin() ? [localPlace] : [])];
      return all.length > 1 ? all : [];
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
  const left = enabled.length > 0 ? enabled : found;
  return left.length > 1 ? { several: left } : (left[0] ?? null);
}
