/** One reset or unlock from login to end: which step it is at, which gates it has passed and how it ended, all read from its steps. */

import type { Account, AccountId } from './account.ts';
import type { Policy } from './policy.ts';
import { minute, second, type Instant } from './time.ts';
import type { Intention, MethodName, Result } from './vocabulary.ts';

export type AttemptId = number;

export const attemptLife = 15 * minute;
/** From its beginning, once a colleague is asked in it. */
export const attemptLifeWithColleague = 60 * minute;
export const mailedCodeLife = 10 * minute;
export const sendAgainAfter = 10 * second;

/** What happened in the attempt, in order. Nothing else is remembered of its course. */
export type Step = { readonly at: Instant } & (
  | { readonly kind: 'identified' }
  | { readonly kind: 'chosen'; readonly method: MethodName }
  /** What the page shows for the chosen method, as the method has drawn it: nothing that is secret. */
  | { readonly kind: 'asked'; readonly method: MethodName; readonly question: Question }
  /** Who was asked to approve. */
  | { readonly kind: 'colleagues asked'; readonly colleagues: readonly AccountId[] }
  | { readonly kind: 'wrong'; readonly method: MethodName }
  | { readonly kind: 'passed'; readonly method: MethodName }
  | { readonly kind: 'another way' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'blocked'; readonly reason: string }
  | { readonly kind: 'asked for help' }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'superseded' }
  /** A colleague says that it is somebody else. */
  | { readonly kind: 'denied' }
  | { readonly kind: 'ended'; readonly outcome: 'done' | 'not proved' | 'unknown' | 'not done' }
);

export type Question = Readonly<Record<string, string | number | readonly string[]>>;

export type Proof = { readonly method: MethodName; readonly at: Instant };

export interface Attempt {
  readonly id: AttemptId;
  readonly intention: Intention;
  readonly supportCode: string;
  readonly address: string;
  readonly language: string;
  readonly createdAt: Instant;
  readonly expiresAt: Instant;
  readonly state: 'open' | 'writing' | 'finished';
  /** A keyed digest of the login as typed. */
  readonly loginDigest: string;
  /** Null until the login has been looked up, and for ever for a stranger. */
  readonly account: AccountId | null;
  /** The first check of eligibility that said no; `reachable` is examined again before it matters. Or how it was lost. */
  readonly refusedBy: string | null;
  readonly steps: readonly Step[];
}

/** What `refusedBy` holds where another attempt of the account came to its end first, and nothing had been proved in this one. */
export const superseded = 'superseded';
/** The same where a colleague has denied it. */
export const denied = 'denied';
export type Loss = typeof superseded | typeof denied;

/** Over for its owner, though in the closed mode it looks open. */
export const isLost = ({ refusedBy }: Pick<Attempt, 'refusedBy'>): boolean => refusedBy === superseded || refusedBy === denied;

export type Place = 'method' | 'answer' | 'password' | 'unlock' | 'writing' | 'done' | 'not proved' | 'unknown' | 'expired' | 'ended';

export const proofsOf = ({ steps }: Attempt): readonly Proof[] =>
  steps.filter((step) => step.kind === 'passed').map(({ method, at }) => ({ method, at }));

/** The method that is waiting for an answer, and since when. */
export function chosen({ steps }: Attempt): { method: MethodName; at: Instant } | null {
  const last = steps.findLast((step) => step.kind === 'chosen' || step.kind === 'passed' || step.kind === 'another way');
  return last?.kind === 'chosen' ? { method: last.method, at: last.at } : null;
}

/** What the page shows beside the field of the method that is waiting for an answer; null until it is drawn, and where there is nothing. */
export function asked({ steps }: Attempt, method: MethodName): Question | null {
  const last = steps.findLast((step) => step.kind === 'asked' && step.method === method);
  return last?.kind === 'asked' ? last.question : null;
}

/** Mail and text are two deliveries of one kind: they open one gate together unless policy says otherwise, and always an administrator's. */
const gateOf = (method: MethodName, policy: Policy, role: Account['role']): string =>
  method === 'sms' && (role === 'administrator' || !policy.mail_and_text_are_two) ? 'email' : method;

/** Whom it has asked to approve, and when; null: nobody. */
export function colleaguesAsked({ steps }: Attempt): { colleagues: readonly AccountId[]; at: Instant } | null {
  return steps.find((step) => step.kind === 'colleagues asked') ?? null;
}

/** The gates that these methods open together. Questions alone open nothing: they are never the only gate. */
function gatesOf(methods: readonly MethodName[], policy: Policy, role: Account['role']): number {
  const gates = new Set(methods.map((method) => gateOf(method, policy, role)));
  return gates.size === 1 && gates.has('questions') ? 0 : gates.size;
}

/** By what counts now: a proof by what has been withdrawn since, or by what this role may not use, has opened nothing. */
export const gatesPassed = (attempt: Attempt, policy: Policy, role: Account['role']): number =>
  gatesOf(
    usableMethods(
      proofsOf(attempt).map(({ method }) => method),
      policy,
      role,
    ),
    policy,
    role,
  );

/** How many gates this account must pass now. Administrators always two; who holds an app or a passkey two, if policy says so. */
export function gatesNeeded(account: Pick<Account, 'role'>, held: readonly MethodName[], policy: Policy): number {
  if (account.role === 'administrator') return 2;
  const isStronger = held.some((method) => method === 'totp' || method === 'passkey');
  return policy.second_gate_when_stronger && isStronger ? 2 : policy.gates;
}

/** The methods that may still open a gate: allowed, held, not used yet; for administrators never questions. */
export function methodsOpen(held: readonly MethodName[], attempt: Attempt, policy: Policy, role: Account['role']): readonly MethodName[] {
  const used = new Set(proofsOf(attempt).map(({ method }) => gateOf(method, policy, role)));
  return usableMethods(held, policy, role).filter((method) => !used.has(gateOf(method, policy, role)));
}

export const usableMethods = (held: readonly MethodName[], policy: Policy, role: Account['role']): readonly MethodName[] =>
  policy.methods.filter((method) => held.includes(method) && !(method === 'questions' && role !== 'person'));

/** How many gates these methods can open. */
export const gatesHeld = (held: readonly MethodName[], policy: Policy, role: Account['role']): number =>
  gatesOf(usableMethods(held, policy, role), policy, role);

/** The page that this attempt is at. `gatesLeft` is what the policy of this moment still asks for. */
export function placeOf(attempt: Attempt, gatesLeft: number, now: Instant): Place {
  const last = attempt.steps.at(-1);
  if (last?.kind === 'ended') return last.outcome === 'done' ? 'done' : last.outcome === 'not done' ? 'ended' : last.outcome;
  if (attempt.state === 'writing') return 'writing';
  if (attempt.state === 'finished') return 'ended';
  if (now >= attempt.expiresAt) return 'expired';
  if (gatesLeft > 0 || proofsOf(attempt).length === 0) return chosen(attempt) ? 'answer' : 'method';
  return attempt.intention === 'unlock' ? 'unlock' : 'password';
}

/** Result and detail for the reports: computed from the steps and the clock, never stored. */
export function resultOf(attempt: Attempt, now: Instant): { result: Result; detail: string; methods: readonly MethodName[] } {
  const methods = proofsOf(attempt).map(({ method }) => method);
  const last = attempt.steps.at(-1);
  const tried = attempt.steps.findLast((step) => step.kind === 'chosen' || step.kind === 'wrong' || step.kind === 'passed');
  const where = tried === undefined ? 'after login' : `${tried.kind === 'passed' ? 'after passing' : 'after start'} ${tried.method}`;
  const say = (result: Result, detail: string) => ({ result, detail, methods });
  if (last?.kind === 'ended') {
    if (last.outcome === 'done') return say('succeeded', 'proved');
    if (last.outcome === 'not proved') return say('succeeded', 'not proved');
    return last.outcome === 'unknown' ? say('unknown', 'outcome unknown') : say('failed', 'old password in force');
  }
  if (attempt.steps.some((step) => step.kind === 'blocked')) return say('blocked', where);
  if (attempt.steps.some((step) => step.kind === 'asked for help')) return say('asked for help', where);
  if (last?.kind === 'cancelled') return say('cancelled', where);
  if (attempt.refusedBy === denied || last?.kind === 'denied') return say('failed', denied);
  if (attempt.refusedBy === superseded) return say('abandoned', where);
  if (attempt.refusedBy !== null) return say('failed', attempt.refusedBy);
  if (last?.kind === 'refused' && now >= attempt.expiresAt) return say('failed', last.reason);
  if (last?.kind === 'superseded') return say('abandoned', where);
  if (attempt.state === 'writing') return say('open', 'writing');
  return now >= attempt.expiresAt ? say('abandoned', where) : say('open', where);
}
