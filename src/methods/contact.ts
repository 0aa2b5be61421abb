/** Codes that are sent somewhere: how an answer is read and judged, and how a contact is registered, which is kept only once its code has come back. */

import { isRefusal, Refusal } from '../rules/refusal.ts';
import type { Instant } from '../rules/time.ts';
import type { MethodName } from '../rules/vocabulary.ts';
import type { Enrolment, Token, TokenPurpose } from '../world.ts';
import type { Challenge, Enrolling, EnrolmentSteps, Judgement, MethodNeeds } from './method.ts';

/** A code is good for so many answers. */
export const triesACode = 5;

/** Codes are read aloud, typed in groups and pasted with spaces. */
export const digitsOf = (answer: string): string => answer.normalize('NFKC').replace(/[\s-]/g, '');

interface Sent {
  readonly purpose: TokenPurpose;
  readonly challenge: Challenge | null;
  readonly answer: string;
  /** What else must be so of the code that was spent, or is done with it, in the same transaction. */
  readonly stands?: (token: Token, challenge: Challenge) => boolean;
}

/** What the code of somebody who has signed in is for: the next proof of this session alone, and the contact that it went to. */
const proofNote = (binding: string, { id }: Pick<Enrolment, 'id'>): string => `${binding} ${id}`;

/** Where the code that is awaited went, of those that are held; null: none is awaited in this asking. */
export function sentTo({ tokens }: Pick<MethodNeeds, 'tokens'>, challenge: Omit<Challenge, 'language' | 'attempt'>): Enrolment | null {
  const { account, enrolments, binding, at } = challenge;
  const note = tokens.live('proof code', account.id, null, at)?.note;
  return enrolments.find((one) => proofNote(binding, one) === note) ?? null;
}

/** A code to the first of the enrolments, for somebody who has signed in. It takes the place of the one that was sent before. */
export function sendProofCode(
  { tokens }: MethodNeeds,
  challenge: Challenge,
  { life, draw, send }: Pick<Contact, 'life' | 'draw' | 'send'>,
): void {
  const { account, enrolments, binding, language, at } = challenge;
  const [contact] = enrolments;
  if (!contact) return;
  const issued = { account: account.id, attempt: null, at, expiresAt: at + life, tries: triesACode };
  const code = draw();
  const token = tokens.issue({ ...issued, purpose: 'proof code', secret: code, note: proofNote(binding, contact) });
  send(code, { to: contact.label, language, name: account.name, expiresAt: issued.expiresAt, token });
}

/** Spends the code of this person's attempt, or session, if the answer is that one. Against null the work is the same. */
export function judgeSentCode(needs: MethodNeeds, { purpose, challenge, answer, stands }: Sent): Judgement {
  const { tokens, enrolments, vault, atomically } = needs;
  const code = digitsOf(answer);
  const contact = challenge && !challenge.attempt ? sentTo(needs, challenge) : null;
  const isSent = challenge !== null && (challenge.attempt !== null || contact !== null);
  const token = isSent
    ? tokens.live(contact ? 'proof code' : purpose, challenge.account.id, challenge.attempt?.id ?? null, challenge.at)
    : null;
  if (!challenge || !token) {
    vault.digest('token', code);
    return 'wrong';
  }
  return atomically(() => {
    if (!tokens.matches(token.id, code) || !tokens.spend(token.id, challenge.at)) return 'wrong';
    const isGood = contact
      ? enrolments.spend(contact.id, contact.secret, contact.secret, challenge.at)
      : (stands?.(token, challenge) ?? true);
    return isGood ? 'right' : 'wrong';
  });
}

export interface Contact {
  readonly method: MethodName;
  readonly purpose: TokenPurpose;
  /** Where it is typed, and under which name the page shows it. */
  readonly field: string;
  /** As it is kept, or why it cannot be registered beside those that are held. */
  readonly read: (typed: string, held: readonly Enrolment[]) => string | Refusal;
  /** How long its code lives, in milliseconds. */
  readonly life: number;
  readonly draw: () => string;
  readonly send: (code: string, letter: { to: string; language: string; name: string; expiresAt: Instant; token: number }) => void;
}

/** A contact that waits for its code to come back to the session in which it was typed. */
interface Waiting {
  readonly session: number;
  readonly contact: string;
}

export function contactEnrolment({ tokens, enrolments, vault, atomically }: MethodNeeds, contact: Contact): EnrolmentSteps {
  const { method, purpose, field } = contact;

  function waitingFor({ account, session, at }: Enrolling): { token: number; typed: string } | null {
    const token = tokens.live(purpose, account.id, null, at);
    if (!token?.note) return null;
    const waiting = JSON.parse(vault.open('contact', token.note)) as Waiting;
    return waiting.session === session ? { token: token.id, typed: waiting.contact } : null;
  }

  return {
    async begin({ account, session, form, held, language, at }) {
      const to = contact.read(form[field] ?? '', held);
      if (isRefusal(to)) return to.at(field);
      const code = contact.draw();
      const expiresAt = at + contact.life;
      atomically(() => {
        const note = vault.seal('contact', JSON.stringify({ session, contact: to } satisfies Waiting));
        const token = tokens.issue({ purpose, secret: code, account: account.id, attempt: null, at, expiresAt, tries: triesACode, note });
        contact.send(code, { to, language, name: account.name, expiresAt, token });
      });
      return { [field]: to };
    },

    async resume(enrolling) {
      const waiting = waitingFor(enrolling);
      return waiting ? { [field]: waiting.typed } : null;
    },

    async finish(enrolling) {
      const { account, form, held, at, settle } = enrolling;
      const waiting = waitingFor(enrolling);
      return atomically((): Enrolment | Refusal => {
        if (!waiting || !tokens.matches(waiting.token, digitsOf(form.answer ?? '')) || !tokens.spend(waiting.token, at))
          return new Refusal('method.code-wrong', { field: 'answer' });
        const label = contact.read(waiting.typed, held);
        if (isRefusal(label)) return label.at(field);
        const enrolment = enrolments.add({ account: account.id, method, label, secret: '', at });
        settle?.(enrolment);
        return enrolment;
      });
    },
  };
}
