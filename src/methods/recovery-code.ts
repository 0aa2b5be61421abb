/** Ten one-time codes of 64 bits to print. A code carries its number, so that one try costs one slow hash. */

import { isRefusal, Refusal } from '../rules/refusal.ts';
import type { Enrolment, Random } from '../world.ts';
import type { Enrollable, Enrolling, MethodNeeds } from './method.ts';

const codesASet = 10;
const symbols = '0123456789abcdefghjkmnpqrstvwxyz'; // Crockford base 32: no i, l, o, u
const symbolsACode = 13; // 65 bits
const codeForm = /^(\d)([0-9a-z]{13})$/;

/** The slow hash of each code at its number; null once it is spent. */
type CodeSet = readonly (string | null)[];

const leftIn = (secret: string): number => (JSON.parse(secret) as CodeSet).filter((code) => code !== null).length;

/** "3-k7f2-9xqd-0mvz-p": hyphens and case are for the eye; i, l and o are read as what they resemble. */
function numberAndSecret(answer: string): { number: number; secret: string } | null {
  const plain = answer.normalize('NFKC').toLowerCase().replace(/[\s-]/g, '').replace(/[il]/g, '1').replace(/o/g, '0');
  const [, number, secret] = codeForm.exec(plain) ?? [];
  return number === undefined || secret === undefined ? null : { number: Number(number), secret };
}

function drawCode(random: Random, number: number): { written: string; secret: string } {
  const secret = Array.from({ length: symbolsACode }, () => symbols.charAt(random.below(symbols.length))).join('');
  return { written: `${number}-${secret.slice(0, 4)}-${secret.slice(4, 8)}-${secret.slice(8, 12)}-${secret.slice(12)}`, secret };
}

export function recoveryCodeMethod({ slowHash, enrolments, random, atomically }: MethodNeeds): Enrollable {
  return {
    name: 'recovery-code',

    async judge(challenge, answer) {
      const typed = numberAndSecret(answer);
      const enrolment = challenge?.enrolments[0];
      const codes = enrolment ? (JSON.parse(enrolment.secret) as CodeSet) : [];
      const hash = typed ? (codes[typed.number] ?? null) : null;
      const verdict = await slowHash.verify(typed?.secret ?? '', hash);
      if (isRefusal(verdict)) return verdict;
      if (!verdict.isRight || !enrolment || !typed || !challenge) return 'wrong';
      const left = codes.map((code, number) => (number === typed.number ? null : code));
      return enrolments.spend(enrolment.id, enrolment.secret, JSON.stringify(left), challenge.at) ? 'right' : 'wrong';
    },

    enrolment: {
      /** Makes and stores a fresh set at once, in place of the old one; the codes are shown this one time. */
      async begin({ account, at, settle }: Enrolling) {
        const codes = Array.from({ length: codesASet }, (_unused, number) => drawCode(random, number));
        const hashes = await Promise.all(codes.map(({ secret }) => slowHash.hash(secret)));
        const busy = hashes.find(isRefusal);
        if (busy) return busy;
        atomically(() => {
          enrolments.removeAll(account.id, 'recovery-code');
          // Not within the call: the arguments of a call that is not made are not computed.
          const added = enrolments.add({ account: account.id, method: 'recovery-code', label: '', secret: JSON.stringify(hashes), at });
          settle?.(added);
        });
        return { codes: codes.map(({ written }) => written) };
      },

      resume: async () => null,

      /** Nothing is left to prove: having seen them is all there is. */
      async finish({ held }): Promise<Enrolment | Refusal> {
        return held[0] ?? new Refusal('method.unknown');
      },
    },

    describe: ({ secret }) => ({ label: '', left: leftIn(secret) }),
    isUsable: ({ secret }) => leftIn(secret) > 0,
  };
}
