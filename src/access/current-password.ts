/**
 * Proves a person by the current password: at sign-in and before a change. All limits are counted before any bind, and no try is made that
 * the directory could answer with a lock. Every no is the same no, costs one slow hash, and leaves at the same moment of its turn, whether
 * there is a member behind the login or not. Knows no session and no page.
 */

import { earlierPasswords } from '../earlier-passwords.ts';
import { frontDoor, isSeveral, longestLogin } from '../front-door.ts';
import { type Account, foldLogin } from '../rules/account.ts';
import { isRefusal, Refusal } from '../rules/refusal.ts';
import { accountKey, limits, signInWait } from '../rules/throttle.ts';
import { type Instant, second } from '../rules/time.ts';
import type { CheckName, EventName, RefusalKey } from '../rules/vocabulary.ts';
import type { PasswordStatus, Verified, World } from '../world.ts';
import { turnsOf } from './turns.ts';

type Needs = Pick<
  World,
  'accounts' | 'directories' | 'passwordsFor' | 'passwordHistory' | 'slowHash' | 'deferral' | 'throttle' | 'journal' | 'vault' | 'clock'
>;

export interface Typed {
  /** The login as typed, or the account that is signed in already. */
  readonly who: string | Account;
  readonly password: string;
  readonly address: string;
  readonly supportCode: string;
  /** What a no is called in the journal. */
  readonly event: Extract<EventName, 'sign-in refused' | 'change'>;
}

export interface Proved extends Verified {
  readonly account: Account;
}

/** Why not, for the journal alone. */
interface No {
  readonly account: Account | null;
  readonly detail: RefusalKey | CheckName;
  readonly raw: string | null;
  /** No slow hash was made for it: a decoy is. */
  readonly owesHash: boolean;
}

export interface CurrentPassword {
  /**
   * Refuses with `sign-in.wrong` whatever the reason, with `desk.directory-away` while every directory is known to be away, whoever
   * is typed (both at the floor), and with `limit.address` (params.seconds) at once.
   */
  prove(typed: Typed): Promise<Proved | Refusal>;
  /** The homes to choose from in writing, `alice@office`; none where no login can be that of two people. */
  places(): readonly string[];
}

/** Milliseconds from the start of its turn at which every no leaves; one that took longer leaves at the next multiple. */
export const refusalFloor = second;
/** The home may hold longer ones than Latchkey would set; beyond this nothing is hashed or sent. */
const longestTyped = 1024;
/** The line of people who try one login, or one account, at this moment. */
const mostWaiting = 20;

export function currentPassword(needs: Needs): CurrentPassword {
  const { passwordsFor, slowHash, throttle, journal, vault, clock } = needs;
  const door = frontDoor(needs);
  const earlier = earlierPasswords(needs);
  /** By what was typed, so that a stranger waits as long as a member, and two logins of one member as long as two strangers. */
  const lines = turnsOf<string>(mostWaiting);
  /** By whom it is: two tries at one account must not both believe that the directory bears one more failure. */
  const turns = turnsOf<Account['id']>(mostWaiting);

  const keyOf = (login: string): string => accountKey(null, vault.digest('login', foldLogin(login.trim())));

  async function prove(typed: Typed): Promise<Proved | Refusal> {
    const { who, address } = typed;
    const cameAt = clock.now();
    const tooMany = door.countAddress(address);
    if (tooMany) return tooMany;
    const line = typeof who === 'string' ? keyOf(who) : accountKey(who.id, '');
    const answer = await lines.take(line, async () => {
      const turnAt = clock.now();
      const judged = await judge(typed);
      return 'detail' in judged ? refuse(typed, judged, turnAt) : judged;
    });
    return answer ?? refuse(typed, { account: null, detail: 'desk.busy', raw: null, owesHash: false }, cameAt);
  }

  async function refuse(typed: Typed, { account, detail, raw, owesHash }: No, startedAt: Instant): Promise<Refusal> {
    const { event, password, address, supportCode } = typed;
    door.countTrouble(address);
    journal.append({ event, result: 'failed', detail, raw, account: account?.login ?? null, address, supportCode });
    // What nobody could have typed costs nobody a hash.
    if (owesHash && isTypeable(password, longestTyped)) await slowHash.verify(password, null);
    await clock.sleep(untilFloor(clock.now() - startedAt));
    return new Refusal(door.areAllAway() ? 'desk.directory-away' : 'sign-in.wrong');
  }

  async function judge({ who, password }: Typed): Promise<Proved | No> {
    const account = typeof who === 'string' ? await accountOf(who) : who;
    if ('detail' in account) return account;
    if (!isTypeable(password, longestTyped)) return { account, detail: 'form.unacceptable', raw: null, owesHash: true };
    const judged = await turns.take(account.id, () => judgeAccount(account, password));
    return judged ?? { account, detail: 'desk.busy', raw: null, owesHash: true };
  }

  /** The one account of this login: by its name here, or else by whatever else its directory takes for a login. Never guessed. */
  async function accountOf(typed: string): Promise<Account | No> {
    const login = typed.trim();
    const known = door.known(login);
    if (known !== null && !isSeveral(known)) return known;
    const key = keyOf(login);
    const no = (detail: No['detail']): No => ({ account: null, detail, raw: null, owesHash: true });
    if (mustWait(key)) return no('sign-in.wait');
    const found = known ?? (isTypeable(login, longestLogin) ? await door.foundLive(login) : null);
    if (found !== null && !isSeveral(found)) return found;
    throttle.hit(limits.signIn, key, clock.now());
    return no(isSeveral(found) ? 'directory.ambiguous' : 'known');
  }

  async function judgeAccount(account: Account, password: string): Promise<Proved | No> {
    const no = (detail: No['detail'], raw: string | null = null): No => ({ account, detail, raw, owesHash: true });
    const key = accountKey(account.id, '');
    if (mustWait(key)) return no('sign-in.wait');
    if (account.isDisabled) return no('directory.disabled');
    const home = passwordsFor(account);
    const status = await home.status();
    if (isRefusal(status)) return no(status.key, status.raw);
    const closed = closedBy(status);
    if (closed) return no(closed);
    const digest = vault.digest('wrong password', `${account.id}\n${password}`);
    if (isKnownWrong(account, digest, status.marker)) return no('directory.wrong-old-password');
    throttle.hit(limits.signIn, key, clock.now());
    const verified = await home.verify(password);
    if (isRefusal(verified)) {
      const isWrong = verified.key === 'directory.wrong-old-password';
      if (isWrong) throttle.rememberWrongPassword(account.id, digest, status.marker, clock.now());
      return { ...no(verified.key, verified.raw), owesHash: account.home !== null };
    }
    throttle.clear(limits.signIn, key);
    earlier.remember(account.id, password, status);
    return { account, ...verified };
  }

  /** A telephone that keeps trying an old password is counted once, and costs the directory nothing. */
  function isKnownWrong({ id }: Account, digest: string, marker: string | null): boolean {
    const known = throttle.wrongPassword(id, digest, clock.now());
    if (known === null) return false;
    if (known.marker === marker) return true;
    throttle.forgetWrongPasswords(id); // the password is another one since: what was wrong may be right
    return false;
  }

  function mustWait(key: string): boolean {
    const now = clock.now();
    const wait = signInWait(throttle.count(limits.signIn, key, now));
    return wait > 0 && (throttle.lastAt(limits.signIn, key, now) ?? 0) + wait > now;
  }

  return { prove, places: door.places };
}

const untilFloor = (elapsed: number): number => Math.max(1, Math.ceil(elapsed / refusalFloor)) * refusalFloor - elapsed;

const isTypeable = (text: string, longest: number): boolean =>
  text !== '' && text.length <= longest && !text.includes('\0') && text.isWellFormed();

/** What makes a bind useless, or would let it be the failure that locks: that one is never made here. */
function closedBy({ isDisabled, lock, failuresLeft }: PasswordStatus): No['detail'] | null {
  if (isDisabled) return 'directory.disabled';
  if (lock === 'administrator') return 'directory.locked-by-administrator';
  if (lock === 'lockout') return 'directory.locked';
  return failuresLeft !== null && failuresLeft <= 1 ? 'within limits' : null;
}
