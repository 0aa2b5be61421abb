/** A code by text message, for as long as a text may live. The number is read from what was registered, or from the directory where policy takes that. */

import { parsePhoneNumberFromString, type CountryCode } from 'libphonenumber-js';
import type { Account } from '../rules/account.ts';
import { isDirectoryProof, type Policy } from '../rules/policy.ts';
import { Refusal } from '../rules/refusal.ts';
import { limits } from '../rules/throttle.ts';
import { minute } from '../rules/time.ts';
import type { Enrolment, World } from '../world.ts';
import { contactEnrolment, judgeSentCode, sendProofCode, triesACode } from './contact.ts';
import type { Challenge, Counter, Enrollable, MethodNeeds } from './method.ts';

const textedCodeLife = 5 * minute;
const mostNumbers = 2;

/** As E.164 writes it; null: no number that a text could be sent to. Without a country in front it is one of `country`. */
export function numberIn(typed: string, country: string): string | null {
  const found = parsePhoneNumberFromString(typed.normalize('NFKC'), country as CountryCode);
  return found?.isValid() && found.ext === undefined ? found.number : null;
}

/** Texts are counted by the number itself, under a digest: several accounts may share one, and it is somebody's telephone that rings. */
export const numberKey = (vault: Pick<World['vault'], 'digest'>, number: string): string => vault.digest('number', number);

export const textsOfTheDay = ({ texts_a_day: most }: Pick<Policy, 'texts_a_day'>): Counter => ({
  limit: { ...limits.textsADay, most },
  key: 'all',
});

/** •••• 0199 */
const masked = (number: string): string => `•••• ${number.slice(-4)}`;

export type SmsNeeds = MethodNeeds & { readonly defaultCountry: string };

export function smsMethod(needs: SmsNeeds): Enrollable {
  const { tokens, deliver, random, settings, publicUrl, vault, defaultCountry } = needs;
  const host = new URL(publicUrl).host;
  const drawCode = () => random.digits(settings.policy().text_code_digits);

  const texted = { life: textedCodeLife, draw: drawCode };
  const proof: Parameters<typeof sendProofCode>[2] = {
    ...texted,
    send: (code, text) => deliver.queue({ kind: 'text-proof-code', ...text, variables: { code, host, minutes: textedCodeLife / minute } }),
  };

  function numberFor({ account, enrolments: held }: Pick<Challenge, 'account' | 'enrolments'>): string | null {
    const chosen = held.find(({ isPreferred }) => isPreferred) ?? held[0];
    return chosen?.label ?? givenNumber(account);
  }
  const givenNumber = (account: Account): string | null =>
    account.mobile !== null && isDirectoryProof('mobile', account, settings.policy()) ? numberIn(account.mobile, defaultCountry) : null;

  const countersOf = (number: string): readonly Counter[] => [
    { limit: limits.texts, key: numberKey(vault, number) },
    textsOfTheDay(settings.policy()),
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
      if (to === null) return;
      if (attempt === null) return sendProofCode(needs, challenge, proof);
      const code = drawCode();
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

    judge: async (challenge, answer) => judgeSentCode(needs, { purpose: 'text code', challenge, answer }),

    enrolment: {
      countersOf: (form) => {
        const number = numberIn(form.number ?? '', defaultCountry);
        return number === null ? [] : countersOf(number);
      },
      ...contactEnrolment(needs, {
        ...{ method: 'sms', purpose: 'contact text', field: 'number' },
        ...texted,
        read: readNumber,
        send: (code, text) =>
          deliver.queue({ kind: 'text-contact-code', ...text, variables: { code, host, minutes: textedCodeLife / minute } }),
      }),
    },

    describe: ({ label }) => ({ label }),
    isUsable: () => true,
    isGiven: (account) => givenNumber(account) !== null,
    destination: (held) => {
      const to = numberFor(held);
      return to === null ? null : masked(to);
    },
  };

  function readNumber(typed: string, held: readonly Enrolment[]): string | Refusal {
    const number = numberIn(typed, defaultCountry);
    if (number === null) return new Refusal('method.number-malformed');
    if (held.some(({ label }) => label === number)) return new Refusal('method.already-registered');
    return held.length >= mostNumbers ? new Refusal('method.too-many', { params: { most: mostNumbers } }) : number;
  }
}
