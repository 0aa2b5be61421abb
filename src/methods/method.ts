/** What every way to prove who you are has in common: how it challenges, how it judges an answer, how it is enrolled. */

import type { Account } from '../rules/account.ts';
import type { Attempt, Question } from '../rules/attempt.ts';
import type { Refusal } from '../rules/refusal.ts';
import type { Limit } from '../rules/throttle.ts';
import type { Instant } from '../rules/time.ts';
import type { MethodName } from '../rules/vocabulary.ts';
import type { Enrolment, World } from '../world.ts';

/** One person in front of one gate. */
export interface Challenge {
  readonly account: Account;
  /** Those of this method. */
  readonly enrolments: readonly Enrolment[];
  /** Null at sign-in and where a fresh proof is asked. */
  readonly attempt: Attempt | null;
  /** Names the attempt, or the session and its last proof: an answer to another asking is none. */
  readonly binding: string;
  readonly language: string;
  readonly at: Instant;
}

/** Whoever asks to prove themselves, a stranger as well: what is shown to both must not tell them apart. */
export interface Asking extends Pick<Challenge, 'binding'> {
  /** A keyed digest of the login as typed: a stranger's decoy is the same whenever they come. */
  readonly loginDigest: string;
  /** Null for a stranger, and for whoever may not use the method. */
  readonly challenge: Challenge | null;
}

/** A limit and whose it is. */
export interface Counter {
  readonly limit: Limit;
  readonly key: string;
}

export type Judgement = 'right' | 'wrong' | Refusal;

/** What the page of an enrolment shows before the proof; the method's template knows the fields. */
export type EnrolmentStart = Readonly<Record<string, string | number | readonly string[]>>;

export interface Enrolling {
  readonly account: Account;
  /** The id of the session in which it began: what waits for a proof is shown to and ended by that one alone. */
  readonly session: number;
  readonly form: Readonly<Record<string, string>>;
  /** Those of this method. */
  readonly held: readonly Enrolment[];
  readonly language: string;
  readonly at: Instant;
  /** Runs in the transaction that stores the enrolment: its journal row and its letters stand or fall with it. */
  readonly settle?: (enrolment: Enrolment) => void;
}

/** How somebody who has signed in comes to hold it. */
export interface EnrolmentSteps {
  /** What sending a code to what is typed counts towards, besides the account's own limits. */
  readonly countersOf?: (form: Enrolling['form']) => readonly Counter[];
  /** What the first page has to choose from, where there is a choice. */
  readonly offer?: (account: Account) => EnrolmentStart;
  /** Starts an enrolment: sends a contact code, draws a seed. What must be kept until the proof is kept by the server. */
  readonly begin: (enrolling: Enrolling) => Promise<EnrolmentStart | Refusal>;
  /** What `begin` showed, while it waits for its proof: for a page that is reloaded or comes back. Null: nothing waits. */
  readonly resume: (enrolling: Enrolling) => Promise<EnrolmentStart | null>;
  /** The proof that ends it: from now on the method opens a gate. */
  readonly finish: (enrolling: Enrolling) => Promise<Enrolment | Refusal>;
}

export interface Method {
  readonly name: MethodName;
  /** At sign-in and for a fresh proof: nothing has to be sent first, and it is not the password again. */
  readonly isSecondStep?: true;
  /** Who chooses it has so long from the beginning of the attempt, a stranger as well. Milliseconds; left out: no longer than by any other. */
  readonly attemptLife?: number;
  /** What must be shown before an answer is possible: asked once an attempt, so that choosing again draws nothing anew. */
  readonly ask?: (asking: Asking) => Question;
  /** What sending counts towards, besides the account's own limits. */
  readonly countersOf?: (challenge: Challenge) => readonly Counter[];
  /** Where a code would go, masked for somebody who may know it; null: nowhere. */
  readonly destination?: (held: Pick<Challenge, 'account' | 'enrolments'>) => string | null;
  /** Sends what must be sent before an answer is possible. Runs inside the caller's transaction. */
  readonly send?: (challenge: Challenge) => void;
  /** Against null it does the work of a real judgement and says wrong. A right answer is spent by the judging itself. */
  readonly judge: (challenge: Challenge | null, answer: string) => Promise<Judgement>;
  /** Left out where nobody registers it for themselves. */
  readonly enrolment?: EnrolmentSteps;
  /** How an enrolment is shown to somebody who has proved who they are. */
  readonly describe: (enrolment: Enrolment) => { label: string; left?: number };
  /** Whether it can still open a gate: codes are used up, and an address can have become the office's own. */
  readonly isUsable: (enrolment: Enrolment, account: Account) => boolean;
  /** Held without having been registered: by what the directory says of the account. */
  readonly isGiven?: (account: Account) => boolean;
}

/** One that people register for themselves. */
export type Enrollable = Method & { readonly enrolment: EnrolmentSteps };

export type MethodNeeds = Pick<
  World,
  | 'vault'
  | 'slowHash'
  | 'accounts'
  | 'attempts'
  | 'tokens'
  | 'throttle'
  | 'deliver'
  | 'enrolments'
  | 'random'
  | 'atomically'
  | 'settings'
  | 'clock'
> & {
  readonly publicUrl: string;
  /** The office's own mail domains: unreachable for someone whose mail password is lost. */
  readonly ownDomains: readonly string[];
};
