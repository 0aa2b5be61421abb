/** A code by text message, for as long as a text may live. The number is read from what was registered, or from the directory where policy takes that. */

import { parsePhoneNumberFromString, type CountryCode } from 'libphonenumber-js';
import type { Account } from '../rules/account.ts';
import { policyFor } from '../rules/policy.ts';
import { Refusal } from '../rules/refusal.ts';
import { limits } from '../rules/throttle.ts';
import { minute } from '../rules/time.ts';
import type { Enrolment } from '../world.ts';
import { digitsOf } from './email.ts';
import type { Challenge, Counter, Enrollable, Enrolling, MethodNeeds } from './method.ts';

const textedCodeLife = 5 * minute;
const triesACode = 5;
const mostNumbers = 2;

/** A number that waits for its code to come back to the session in which it was typed. */
interface Waiting {
  readonly session: number;
  readonly number: string;
}

/** As E.164 writes it; null: no number that a text could be sent to. Without a country in front it is one of `country`. */
export function numberIn(typed: string, country: string): string | null {
  const found = parsePhoneNumberFromString(typed.normalize('NFKC'), country as CountryCode);
  return found?.isValid() && found.ext === undefined ? found.number : null;
}

/** •••• 0199 */
const masked = (number: string): string => `•••• ${number.slice(-4)}`;

export type SmsNeeds = MethodNeeds & { readonly defaultCountry: string };

export function smsMethod({
  tokens,
  deliver,
  enrolments,
  random,
  settings,
  publicUrl,
  vault,
  atomically,
  defaultCountry,
}: SmsNeeds): Enrollable {
  const host = new URL(publicUrl).host;

  function numberFor({ account, enrolments: held }: Pick<Challenge, 'account' | 'enrolments'>): string | null {
    const chosen = held.find(({ isPreferred }) => isPreferred) ?? held[0];
    return chosen?.label ?? givenNumber(account);
  }
  const givenNumber = ({ mobile, groups }: Account): string | null =>
    mobile !== null && policyFor({ groups }, settings.policy()).directory_mobile_is_proof ? numberIn(mobile, defaultCountry) : null;

  /** Counted by the number itself, under a digest: several accounts may share one, and it is somebody's telephone that rings. */
  const countersOf = (number: string): readonly Counter[] => [
    { limit: limits.texts, key: vault.digest('number', number) },
    { limit: { ...limits.textsADay, most: settings.policy().texts_a_day }, key: 'all' },
  ];

  return {
    name: 'sms',

    countersOf: (challenge) => {
      const to = numberFor(challenge);
      return to === null ? [] : countersOf(to);
    },

    send(challenge) {
      const { account, attempt, language, at } = challenge;
      const to = numberFor(challenge);
      if (to === null || attempt === null) return;
      const code = random.digits(settings.policy().text_code_digits);
      const expiresAt = Math.min(at + textedCodeLife, attempt.expiresAt);
      const token = tokens.issue({
        purpose: 'text code',
        secret: code,
        account: account.id,
        attempt: attempt.id,
        at,
        expiresAt,
        tries: triesACode,
      });
      const variables = { code, host, minutes: Math.max(1, Math.round((expiresAt - at) / minute)) };
      deliver.queue({ kind: 'text-reset-code', to, language, name: account.name, variables, expiresAt, token });
    },

    async judge(challenge, answer) {
      const code = digitsOf(answer);
      const token = challenge?.attempt ? tokens.live('text code', challenge.account.id, challenge.attempt.id, challenge.at) : null;
      if (!challenge || !token) {
        vault.digest('token', code);
        return 'wrong';
      }
      return atomically(() => (tokens.matches(token.id, code) && tokens.spend(token.id, challenge.at) ? 'right' : 'wrong'));
    },

    enrolment: {
      countersOf: (form) => {
        const number = numberIn(form.number ?? '', defaultCountry);
        return number === null ? [] : countersOf(number);
      },

      async begin({ account, session, form, held, language, at }: Enrolling) {
        const number = numberIn(form.number ?? '', defaultCountry);
        const refusal = unusable(number, held);
        if (refusal || number === null) return (refusal ?? new Refusal('method.number-malformed')).at('number');
        const code = random.digits(settings.policy().text_code_digits);
        const expiresAt = at + textedCodeLife;
        atomically(() => {
          const note = vault.seal('contact', JSON.stringify({ session, number } satisfies Waiting));
          const token = tokens.issue({
            ...{ purpose: 'contact text', secret: code, account: account.id, attempt: null, at, expiresAt, tries: triesACode, note },
          });
          const variables = { code, host, minutes: textedCodeLife / minute };
          deliver.queue({ kind: 'text-contact-code', to: number, language, name: account.name, variables, expiresAt, token });
        });
        return { number };
      },

      async resume(enrolling) {
        const waiting = waitingFor(enrolling);
        return waiting ? { number: waiting.number } : null;
      },

      async finish(enrolling) {
        const { account, form, held, at, settle } = enrolling;
        const waiting = waitingFor(enrolling);
        return atomically((): Enrolment | Refusal => {
          if (!waiting || !tokens.matches(waiting.token, digitsOf(form.answer ?? '')) || !tokens.spend(waiting.token, at))
            return new Refusal('method.code-wrong', { field: 'answer' });
          const refusal = unusable(waiting.number, held);
          if (refusal) return refusal.at('number');
          const enrolment = enrolments.add({ account: account.id, method: 'sms', label: waiting.number, secret: '', at });
          settle?.(enrolment);
          return enrolment;
        });
      },
    },

    describe: ({ label }) => ({ label }),
    isUsable: () => true,
    isGiven: (account) => givenNumber(account) !== null,
    destination: (held) => {
      const to = numberFor(held);
      return to === null ? null : masked(to);
    },
  };

  function waitingFor({ account, session, at }: Enrolling): { token: number; number: string } | null {
    const token = tokens.live('contact text', account.id, null, at);
    if (!token?.note) return null;
    const waiting = JSON.parse(vault.open('contact', token.note)) as Waiting;
    return waiting.session === session ? { token: token.id, number: waiting.number } : null;
  }

  function unusable(number: string | null, held: readonly Enrolment[]): Refusal | null {
    if (number === null) return new Refusal('method.number-malformed');
    if (held.some(({ label }) => label === number)) return new Refusal('method.already-registered');
    return held.length >= mostNumbers ? new Refusal('method.too-many', { params: { most: mostNumbers } }) : null;
  }
}
