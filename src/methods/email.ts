/** A code of eight digits by mail, or the link beside it that only a POST spends. */

import { type Account, maskMail } from '../rules/account.ts';
import { mailedCodeLife } from '../rules/attempt.ts';
import { isMailbox } from '../rules/mailbox.ts';
import { isDirectoryProof } from '../rules/policy.ts';
import { Refusal } from '../rules/refusal.ts';
import { minute } from '../rules/time.ts';
import type { Enrolment } from '../world.ts';
import { contactEnrolment, judgeSentCode, sendProofCode, triesACode } from './contact.ts';
import type { Challenge, Enrollable, MethodNeeds } from './method.ts';
import { domainOf, mailable } from './own-domains.ts';

const codeDigits = 8;
const mostAddresses = 2;
/** Not a machine of the office's own network: `bob@localhost` is nobody's mailbox outside. */
const hasDottedDomain = (address: string): boolean => /@.+\.[^.]{2,}$/.test(address);

export function emailMethod(needs: MethodNeeds): Enrollable {
  const { tokens, deliver, random, settings, publicUrl, ownDomains } = needs;
  const mayMail = mailable({ settings, ownDomains });
  const isUsable = ({ label }: Enrolment): boolean => mayMail(label);
  const isGiven = (account: Account): boolean =>
    account.mail !== null && isDirectoryProof('mail', account, settings.policy()) && mayMail(account.mail);

  const mailed = { life: mailedCodeLife, draw: () => random.digits(codeDigits) };
  const proof: Parameters<typeof sendProofCode>[2] = {
    ...mailed,
    send: (code, letter) => deliver.queue({ kind: 'proof-code', ...letter, variables: { code, minutes: mailedCodeLife / minute } }),
  };

  function addressFor({ account, enrolments: held }: Pick<Challenge, 'account' | 'enrolments'>): string | null {
    const usable = held.filter(isUsable);
    const chosen = usable.find(({ isPreferred }) => isPreferred) ?? usable[0];
    return chosen?.label ?? (isGiven(account) ? account.mail : null);
  }

  return {
    name: 'email',

    send(challenge: Challenge) {
      const { account, attempt, language, at } = challenge;
      const to = addressFor(challenge);
      if (to === null) return;
      if (attempt === null) return sendProofCode(needs, challenge, proof);
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

    judge: async (challenge, answer) =>
      judgeSentCode(needs, {
        ...{ purpose: 'reset code', challenge, answer },
        stands(code, { account, at }) {
          const link = tokens.live('reset link', account.id, code.attempt, at);
          if (link) tokens.spend(link.id, at);
          return true;
        },
      }),

    enrolment: contactEnrolment(needs, {
      ...{ method: 'email', purpose: 'contact code', field: 'address' },
      ...mailed,
      read: readAddress,
      send: (code, letter) => deliver.queue({ kind: 'contact-code', ...letter, variables: { code, minutes: mailedCodeLife / minute } }),
    }),

    describe: ({ label }) => ({ label }),
    isUsable,
    isGiven,
    destination: (held) => {
      const to = addressFor(held);
      return to === null ? null : maskMail(to);
    },
  };

  function readAddress(typed: string, held: readonly Enrolment[]): string | Refusal {
    const address = typed.trim().normalize('NFC');
    const domain = isMailbox(address) && hasDottedDomain(address) ? domainOf(address) : null;
    if (domain === null) return new Refusal('method.address-malformed');
    if (!mayMail(address)) return new Refusal('method.own-domain', { params: { domain } });
    if (held.some(({ label }) => label.toLowerCase() === address.toLowerCase())) return new Refusal('method.already-registered');
    return held.length >= mostAddresses ? new Refusal('method.too-many', { params: { most: mostAddresses } }) : address;
  }
}
