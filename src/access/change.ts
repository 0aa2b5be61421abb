/** Changing a password that is known: proved first, whatever else is wrong with the form, and never retried as a reset. Knows no page. */

import type { Account } from '../rules/account.ts';
import { isAvailable } from '../rules/eligibility.ts';
import { rulesBehind, type Term } from '../rules/new-password.ts';
import { brokenRules, noDirectoryRules, type Rule, rulesFor } from '../rules/password.ts';
import { isRefusal, Refusal } from '../rules/refusal.ts';
import type { Instant } from '../rules/time.ts';
import type { CheckName } from '../rules/vocabulary.ts';
import type { PasswordDesk } from '../set-password.ts';
import type { Session, World } from '../world.ts';
import type { CurrentPassword } from './current-password.ts';

type Needs = Pick<World, 'sessions' | 'settings' | 'journal' | 'clock' | 'random'> & {
  readonly current: CurrentPassword;
  readonly desk: PasswordDesk;
};

export interface WantedChange {
  /** The login as typed, or who is signed in, with the session that goes on. */
  readonly who: string | { readonly account: Account; readonly session: Session };
  readonly current: string;
  readonly password: string;
  readonly again: string;
  readonly address: string;
  readonly language: string;
  readonly supportCode: string;
}

/** What binds the new password, for the page to show; the rules of the house alone while nobody is known. */
export interface Binding {
  readonly rules: readonly Rule[];
  /** Whom the password must not name; empty while nobody is known. */
  readonly login: string;
  readonly name: string;
  readonly terms: readonly Term[];
  /** From when the minimum age allows a change; null when now. */
  readonly possibleFrom: Instant | null;
  /** The home does not answer: nothing can be changed now. */
  readonly isAway: boolean;
}

export type Changed =
  /** `token`: the renewed session's, when one goes on. */
  | { readonly kind: 'changed'; readonly isProved: boolean; readonly token: string | null }
  /** Sent, and no answer came: settled later by asking the home. */
  | { readonly kind: 'unknown' }
  /** The current password is right, but this account's may not be changed here. */
  | { readonly kind: 'closed'; readonly by: CheckName; readonly account: Account }
  /** `binding` is null while the current password is not proved. */
  | {
      readonly kind: 'refused';
      readonly refusals: readonly Refusal[];
      readonly binding: Binding | null;
      readonly broken: readonly Rule['key'][];
    };

export type ChangePassword = ReturnType<typeof changePassword>;

export function changePassword({ sessions, settings, journal, clock, random, current, desk }: Needs) {
  async function change(wanted: WantedChange): Promise<Changed> {
    const { who, address, supportCode, language } = wanted;
    const isKnown = typeof who !== 'string';
    if (!isKnown && who.trim() === '') return notProved(new Refusal('login.required', { field: 'login' }));
    const typed = { who: isKnown ? who.account : who, password: wanted.current, address, supportCode, event: 'change' } as const;
    const proved = await current.prove(typed);
    if (isRefusal(proved)) return notProved(isKnown && proved.key === 'sign-in.wrong' ? await whyNot(who.account) : proved);
    const { account } = proved;
    const by = closedBy(account);
    if (by) {
      journal.append({ event: 'change', result: 'failed', detail: by, actor: account.login, account: account.login, address, supportCode });
      return { kind: 'closed', by, account };
    }
    const unfit = unfitForm(wanted);
    if (unfit.length > 0) return refuse(account, wanted.password, unfit);
    const written = await desk.setPassword({
      act: 'change',
      account,
      current: wanted.current,
      password: wanted.password,
      ...(isKnown ? { session: who.session.id } : {}),
      address,
      supportCode,
      language: account.language ?? language,
    });
    if (written.kind === 'unknown') return { kind: 'unknown' };
    if (written.kind === 'refused') return refuse(account, wanted.password, written.refusals);
    return { kind: 'changed', isProved: written.isProved, token: isKnown ? renewed(who.session) : null };
  }

  /** Who is signed in is no stranger: told when it is a lock and not the typing. */
  async function whyNot(account: Account): Promise<Refusal> {
    const bound = await desk.rulesOf(account, 'change');
    if (isRefusal(bound)) return bound;
    const { isDisabled, lock } = bound.status;
    if (isDisabled) return new Refusal('directory.disabled');
    if (lock === 'none') return new Refusal('directory.wrong-old-password', { field: 'current_password' });
    return new Refusal(lock === 'lockout' ? 'directory.locked' : 'directory.locked-by-administrator');
  }

  /**
   * A change of trust: the session goes on under a new token, and the old cookie opens nothing. Only the password was proved, which is
   * not enough for staff to manage their methods: the last whole proof stays where it was.
   */
  function renewed({ id, standing, provedAt }: Session): string {
    const token = random.token();
    sessions.renew(id, { token, standing, at: clock.now(), provedAt });
    return token;
  }

  function closedBy(account: Account): CheckName | null {
    const policy = settings.policy();
    if (!isAvailable(account, 'change', policy)) return 'available';
    if (account.suspendedAt !== null) return 'not suspended';
    return account.home !== null && !policy.writeback ? 'writeback' : null;
  }

  async function refuse(account: Account, password: string, refusals: readonly Refusal[]): Promise<Changed> {
    const binding = await bindingOf(account);
    const subject = { login: account.login, name: account.name, isLocal: account.home === null };
    const known = password === '' ? [] : brokenRules(password, subject, binding.rules).map(({ key }) => key);
    const told = refusals.flatMap(rulesBehind);
    return { kind: 'refused', refusals: refusals.map(placed), binding, broken: [...new Set([...known, ...told])] };
  }

  /** The rules before typing: those of the person who is signed in, or of the house. */
  async function bindingOf(account: Account | null): Promise<Binding> {
    const house = rulesFor({ login: '', name: '', isLocal: false }, settings.policy(), noDirectoryRules);
    const unknown = { rules: house, terms: [], possibleFrom: null };
    if (account === null) return { ...unknown, login: '', name: '', isAway: false };
    const { login, name } = account;
    const bound = await desk.rulesOf(account, 'change');
    if (isRefusal(bound)) return { ...unknown, login, name, isAway: true };
    const { rules, terms, possibleFrom } = bound;
    return { rules, terms, possibleFrom, login, name, isAway: false };
  }

  /** A passphrase that this binding would take. */
  const offer = ({ login, name, rules }: Binding, language: string): Promise<string | null> =>
    desk.offer({ subject: { login, name, isLocal: false }, rules, language });

  return { change, bindingOf, offer, places: current.places };
}

const notProved = (refusal: Refusal): Changed => ({ kind: 'refused', refusals: [refusal], binding: null, broken: [] });

function unfitForm({ password, again }: WantedChange): Refusal[] {
  if (password === '') return [new Refusal('password.required', { field: 'password' })];
  return password === again ? [] : [new Refusal('password.mismatch', { field: 'password_again' })];
}

/** The home's words about the new password stand at its field, like ours. */
function placed(refusal: Refusal): Refusal {
  if (refusal.field !== null) return refusal;
  if (refusal.key === 'directory.wrong-old-password') return refusal.at('current_password');
  return aboutTheNewOne.has(refusal.key) ? refusal.at('password') : refusal;
}

const aboutTheNewOne: ReadonlySet<Refusal['key']> = new Set([
  'directory.policy',
  'directory.too-short',
  'directory.too-long',
  'directory.quality',
  'directory.history',
  'directory.used-or-forbidden',
  'directory.encoding',
]);
