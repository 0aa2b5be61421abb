/** Who is kept out at this moment, why, until when, and letting them in again. Strangers' blocks are a number: nobody knows whose they are. */

import type { Account } from '../rules/account.ts';
import { Refusal } from '../rules/refusal.ts';
import { type Limit, limits } from '../rules/throttle.ts';
import type { Instant } from '../rules/time.ts';
import type { MethodName } from '../rules/vocabulary.ts';
import { methodNames } from '../rules/vocabulary.ts';
import type { World } from '../world.ts';

export interface Block {
  readonly kind: 'account' | 'address';
  readonly limit: string;
  readonly account: Account | null;
  readonly address: string | null;
  readonly method: MethodName | null;
  readonly count: number;
  /** When it eases by itself. */
  readonly until: Instant | null;
}

export interface Blocks {
  readonly blocks: readonly Block[];
  /** Logins that nobody has, blocked like anybody's. */
  readonly strangers: number;
  /** There are more than are shown. */
  readonly isPart: boolean;
}

type Needs = Pick<World, 'accounts' | 'throttle' | 'journal' | 'clock' | 'atomically'> & {
  /** As if nobody had ever failed at this account. */
  readonly clearCounters: (account: Account) => void;
};

const shown = 200;
const ofAccounts: readonly Limit[] = [limits.wrongProofs, limits.failedAttempts, limits.failedAttemptsAnywhere, limits.signIn];
const ofAddresses: readonly Limit[] = [limits.loginsTyped, limits.troubles];

export type BlockDesk = ReturnType<typeof blockDesk>;

export function blockDesk({ accounts, throttle, journal, clock, atomically, clearCounters }: Needs) {
  function look(): Blocks {
    const now = clock.now();
    const found = ofAccounts.flatMap((limit) => throttle.full(limit, now, shown).map((row) => ({ limit, ...row })));
    const known = found.flatMap(({ limit, key, count }): Block[] => {
      const account = accountIn(key);
      const rest = key.slice(key.indexOf('|') + 1);
      const [place = ''] = key.includes('|') ? rest.split('|') : [];
      const method = methodNames.find((name) => name === place.split(' ')[0]) ?? null;
      const address = limit === limits.failedAttempts ? place : null;
      return account === null
        ? []
        : [{ kind: 'account', limit: limit.name, account, address, method, count, until: throttle.easesAt(limit, key, now) }];
    });
    const places = ofAddresses.flatMap((limit) =>
      throttle.full(limit, now, shown).map(
        ({ key, count }): Block => ({
          ...{
            kind: 'address',
            limit: limit.name,
            account: null,
            address: key,
            method: null,
            count,
            until: throttle.easesAt(limit, key, now),
          },
        }),
      ),
    );
    const blocks = [...known, ...places].slice(0, shown);
    return { blocks, strangers: found.length - known.length, isPart: found.length + places.length >= shown };
  }

  const accountIn = (key: string): Account | null => (key.startsWith('a') ? accounts.byId(Number.parseInt(key.slice(1), 10)) : null);

  /** All that is counted against one account, at every address. Refuses for an account that is none, or one's own. */
  function liftAccount(id: number, by: Actor): 'lifted' | Refusal {
    const account = Number.isInteger(id) ? accounts.byId(id) : null;
    if (account === null) return new Refusal('block.none');
    if (account.id === by.account.id || (account.role === 'administrator' && by.account.role !== 'administrator'))
      return new Refusal('block.not-yours');
    atomically(() => {
      clearCounters(account);
      record(by, { account: account.login, detail: 'lifted' });
    });
    return 'lifted';
  }

  function liftAddress(key: string, by: Actor): 'lifted' | Refusal {
    const full = ofAddresses.filter((limit) => throttle.count(limit, key, clock.now()) >= limit.most);
    if (full.length === 0) return new Refusal('block.none');
    atomically(() => {
      for (const limit of full) throttle.clear(limit, key);
      record(by, { account: null, detail: 'lifted', raw: key });
    });
    return 'lifted';
  }

  const record = ({ account, address, supportCode }: Actor, about: { account: string | null; detail: string; raw?: string }): void =>
    journal.append({ event: 'blocked', result: 'cancelled', actor: account.login, address, supportCode, ...about });

  return { look, liftAccount, liftAddress };
}

export interface Actor {
  readonly account: Account;
  readonly address: string;
  readonly supportCode: string;
}
