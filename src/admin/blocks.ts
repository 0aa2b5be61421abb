/** Who is kept out at this moment, why, until when, and letting them in again. Strangers' blocks are a number: nobody knows whose they are. */

import type { Account } from '../rules/account.ts';
import { isRefusal, Refusal } from '../rules/refusal.ts';
import { type Limit, limits } from '../rules/throttle.ts';
import type { Instant } from '../rules/time.ts';
import type { MethodName } from '../rules/vocabulary.ts';
import { methodNames } from '../rules/vocabulary.ts';
import type { World } from '../world.ts';
import { type By, type LiftNeeds, lifts } from './lifts.ts';

export interface Block {
  readonly kind: 'suspension' | 'account' | 'address';
  readonly limit: string;
  readonly account: Account | null;
  readonly address: string | null;
  readonly method: MethodName | null;
  readonly count: number;
  /** When it eases by itself; null: a suspension does not. */
  readonly until: Instant | null;
}

export interface Blocks {
  readonly blocks: readonly Block[];
  /** Logins that nobody has, blocked like anybody's. */
  readonly strangers: number;
  /** Telephone numbers that have had all their texts: only digests are kept of them. */
  readonly numbers: number;
  /** There are more than are shown. */
  readonly isPart: boolean;
}

type Needs = LiftNeeds & Pick<World, 'throttle'>;

const shown = 200;
const ofAccounts: readonly Limit[] = [
  ...[limits.wrongProofs, limits.failedAttempts, limits.failedAttemptsAnywhere, limits.signIn],
  ...[limits.mailsHere, limits.mails, limits.mailsADay],
];
const ofPlaces: readonly Limit[] = [limits.failedAttempts, limits.mailsHere];
const ofAddresses: readonly Limit[] = [limits.loginsTyped, limits.troubles];

export type BlockDesk = ReturnType<typeof blockDesk>;

export function blockDesk(needs: Needs) {
  const { accounts, throttle, journal, clock, atomically } = needs;
  const { liftCounters, liftSuspension } = lifts(needs);

  function look(): Blocks {
    const now = clock.now();
    const suspended = accounts.suspended(shown).map(suspensionOf);
    const found = ofAccounts.flatMap((limit) => throttle.full(limit, now, shown).map((row) => ({ limit, ...row })));
    const known = found.flatMap(({ limit, key, count }): Block[] => {
      const account = accountIn(key);
      const rest = key.slice(key.indexOf('|') + 1);
      const [place = ''] = key.includes('|') ? rest.split('|') : [];
      const method = methodNames.find((name) => name === place.split(' ')[0]) ?? null;
      const address = ofPlaces.includes(limit) ? place : null;
      return account === null
        ? []
        : [{ kind: 'account', limit: limit.name, account, address, method, count, until: throttle.easesAt(limit, key, now) }];
    });
    const places = ofAddresses.flatMap((limit) =>
      throttle.full(limit, now, shown).map(({ key, count }): Block => {
        const until = throttle.easesAt(limit, key, now);
        return { kind: 'address', limit: limit.name, account: null, address: key, method: null, count, until };
      }),
    );
    const blocks = [...suspended, ...known, ...places].slice(0, shown);
    return {
      blocks,
      strangers: found.length - known.length,
      numbers: throttle.full(limits.texts, now, shown).length,
      isPart: suspended.length + found.length + places.length >= shown,
    };
  }

  const accountIn = (key: string): Account | null => (key.startsWith('a') ? accounts.byId(Number.parseInt(key.slice(1), 10)) : null);

  /** The account, where there is one that this person may let in again. */
  function liftable(id: number, { account: by }: Actor): Account | Refusal {
    const account = Number.isInteger(id) ? accounts.byId(id) : null;
    if (account === null) return new Refusal('block.none');
    const isTheirs = account.id !== by.id && (account.role !== 'administrator' || by.role === 'administrator');
    return isTheirs ? account : new Refusal('block.not-yours');
  }

  function liftAccount(id: number, by: Actor): 'lifted' | Refusal {
    const account = liftable(id, by);
    if (isRefusal(account)) return account;
    liftCounters(account, partyOf(by));
    return 'lifted';
  }

  function liftSuspended(id: number, by: Actor): 'lifted' | Refusal {
    const account = liftable(id, by);
    return isRefusal(account) ? account : liftSuspension(account, partyOf(by));
  }

  function liftAddress(key: string, by: Actor): 'lifted' | Refusal {
    const full = ofAddresses.filter((limit) => throttle.count(limit, key, clock.now()) >= limit.most);
    if (full.length === 0) return new Refusal('block.none');
    atomically(() => {
      for (const limit of full) throttle.clear(limit, key);
      journal.append({ event: 'blocked', result: 'cancelled', detail: 'lifted', raw: key, ...partyOf(by) });
    });
    return 'lifted';
  }

  return { look, liftAccount, liftSuspended, liftAddress };
}

export interface Actor {
  readonly account: Account;
  readonly address: string;
  readonly supportCode: string;
}
const partyOf = ({ account, address, supportCode }: Actor): By => ({ actor: account.login, address, supportCode });

function suspensionOf(account: Account): Block {
  return { kind: 'suspension', limit: 'suspended', account, address: null, method: null, count: 0, until: null };
}
