/** A code of eight digits by mail, or the link beside it that only a POST spends. */

import { type Account, maskMail } from '../rules/account.ts';
import { mailedCodeLife } from '../rules/attempt.ts';
import { policyFor } from '../rules/policy.ts';
import { Refusal } from '../rules/refusal.ts';
import { minute } from '../rules/time.ts';
import type { Enrolment } from '../world.ts';
import type { Challenge, Enrollable, Enrolling, MethodNeeds } from './method.ts';
import { domainOf, mailable } from './own-domains.ts';

const codeDigits = 8;
const triesACode = 5;
const mostAddresses = 2;
const longestAddress = 254; // RFC 5321 section 4.5.3.1.3, less the angle brackets
/** What an office writes to: no quoted names, no addresses in brackets, and a domain that can be compared. */
const addressForm = /^[^\s@<>()[\]\\,;:"\p{Cc}]+@([\p{L}\p{M}\p{N}-]+\.)+[\p{L}\p{M}\p{N}-]{2,}$/u;

/** An address that waits for its code to come back to the session in which it was typed. */
interface Waiting {
  readonly session: number;
  readonly address: string;
}

/** Codes are read aloud, typed in groups and pasted with spaces. */
export const digitsOf = (answer: string): string => answer.normalize('NFKC').replace(/[\s-]/g, '');

export function emailMethod({
  tokens,
  deliver,
  enrolments,
  random,
  settings,
  publicUrl,
  ownDomains,
  vault,
  atomically,
}: MethodNeeds): Enrollable {
  const mayMail = mailable({ settings, ownDomains });
  const isUsable = ({ label }: Enrolment): boolean => mayMail(label);
  const isGiven = ({ mail, groups }: Account): boolean =>
    mail !== null && policyFor({ groups }, settings.policy()).directory_mail_is_proof && mayMail(mail);

  function addressFor({ account, enrolments: held }: Pick<Challenge, 'account' | 'enrolments'>): string | null {
    const usable = held.filter(isUsable);
    const chosen = usable.find(({ isPreferred }) => isPreferred) ?? usable[0];
    return chosen?.label ?? (isGiven(account) ? account.mail : null);
  }

  return {
    name: 'email',

    send({ account, enrolments: held, attempt, language, at }: Challenge) {
      const to = addressFor({ account, enrolments: held });
      if (to === null || attempt === null) return;
      const code = random.digits(codeDigits);
      const link = random.token();
      const issued = {
        account: account.id,
        attempt: attempt.id,
        at,
        expiresAt: Math.min(at + mailedCodeLife, attempt.expiresAt),
        tries: triesACode,
      };
      tokens.issue({ ...issued, purpose: 'reset link', secret: link });
      const token = tokens.issue({ ...issued, purpose: 'reset code', secret: code });
      const variables = { code, link: `${publicUrl}/reset/code/${link}`, minutes: Math.round((issued.expiresAt - at) / minute) };
      deliver.queue({ kind: 'reset-code', to, language, name: account.name, variables, expiresAt: issued.expiresAt, token });
    },

    async judge(challenge, answer) {
      const code = digitsOf(answer);
      const token = challenge?.attempt ? tokens.live('reset code', challenge.account.id, challenge.attempt.id, challenge.at) : null;
      if (!challenge || !token) {
        vault.digest('token', code);
        return 'wrong';
      }
      return atomically(() => {
        if (!tokens.matches(token.id, code) || !tokens.spend(token.id, challenge.at)) return 'wrong';
        const link = tokens.live('reset link', challenge.account.id, token.attempt, challenge.at);
        if (link) tokens.spend(link.id, challenge.at);
        return 'right';
      });
    },

    enrolment: {
      async begin({ account, session, form, held, language, at }: Enrolling) {
        const address = (form.address ?? '').trim().normalize('NFC');
        const refusal = unusable(address, held);
        if (refusal) return refusal.at('address');
        const code = random.digits(codeDigits);
        atomically(() => {
          const token = tokens.issue({
            purpose: 'contact code',
            secret: code,
            account: account.id,
            attempt: null,
            at,
            expiresAt: at + mailedCodeLife,
            tries: triesACode,
            note: vault.seal('contact', JSON.stringify({ session, address } satisfies Waiting)),
          });
          const variables = { code, minutes: mailedCodeLife / minute };
          deliver.queue({
            kind: 'contact-code',
            to: address,
            language,
            name: account.name,
            variables,
            expiresAt: at + mailedCodeLife,
            token,
          });
        });
        return { address };
      },

      async resume(enrolling) {
        const waiting = waitingFor(enrolling);
        return waiting ? { address: waiting.address } : null;
      },

      async finish(enrolling) {
        const { account, form, held, at, settle } = enrolling;
        const waiting = waitingFor(enrolling);
        return atomically((): Enrolment | Refusal => {
          if (!waiting || !tokens.matches(waiting.token, digitsOf(form.answer ?? '')) || !tokens.spend(waiting.token, at))
            return new Refusal('method.code-wrong', { field: 'answer' });
          const { address } = waiting;
          const refusal = unusable(address, held);
          if (refusal) return refusal.at('address');
          const enrolment = enrolments.add({ account: account.id, method: 'email', label: address, secret: '', at });
          settle?.(enrolment);
          return enrolment;
        });
      },
    },

    describe: ({ label }) => ({ label }),
    isUsable,
    isGiven,
    destination: (held) => {
      const to = addressFor(held);
      return to === null ? null : maskMail(to);
    },
  };

  function waitingFor({ account, session, at }: Enrolling): { token: number; address: string } | null {
    const token = tokens.live('contact code', account.id, null, at);
    if (!token?.note) return null;
    const waiting = JSON.parse(vault.open('contact', token.note)) as Waiting;
    return waiting.session === session ? { token: token.id, address: waiting.address } : null;
  }

  function unusable(address: string, held: readonly Enrolment[]): Refusal | null {
    const domain = addressForm.test(address) ? domainOf(address) : null;
    if (domain === null || address.length > longestAddress) return new Refusal('method.address-malformed');
    if (!mayMail(address)) return new Refusal('method.own-domain', { params: { domain } });
    if (held.some(({ label }) => label.toLowerCase() === address.toLowerCase())) return new Refusal('method.already-registered');
    return held.length >= mostAddresses ? new Refusal('method.too-many', { params: { most: mostAddresses } }) : null;
  }
}
