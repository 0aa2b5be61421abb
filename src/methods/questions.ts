/**
 * Security questions, for offices that must have them: a few of the registered ones are drawn once for each attempt, and all answers must be
 * right. Answers are kept as slow hashes alone. Whoever has none is shown a draw that looks the same. Knows no page.
 */

import type { Account } from '../rules/account.ts';
import { asked } from '../rules/attempt.ts';
import { type Policy, policyFor } from '../rules/policy.ts';
import { Refusal, isRefusal } from '../rules/refusal.ts';
import type { Enrolment, Random } from '../world.ts';
import type { Enrollable, MethodNeeds } from './method.ts';

const builtIn: readonly string[] = Array.from({ length: 35 }, (_unused, nth) => `q${String(nth + 1).padStart(2, '0')}`);
const [shortestAnswer, longestAnswer] = [3, 40];
/** Marks a question that the office has written itself. */
const own = 'own:';

/** How many must be answered, and how many registered for that. */
interface Counts {
  readonly answer: number;
  readonly register: number;
}
const countsIn = ({ questions_to_answer: answer, questions_to_register: register }: Policy): Counts => ({
  answer,
  register: Math.max(answer, register),
});

type Answered = readonly { readonly question: string; readonly hash: string }[];

/** As people remember it: how it was written, spaced and capitalised is not part of an answer. */
const answerForm = (typed: string): string =>
  typed
    .normalize('NFKC')
    .replace(/\p{Cc}/gu, ' ')
    .trim()
    .replace(/\s+/g, ' ')
    .toLocaleLowerCase('en')
    .toLocaleUpperCase('en')
    .toLocaleLowerCase('en');

export function questionsMethod({ slowHash, enrolments, random, settings, vault, atomically }: MethodNeeds): Enrollable {
  const offered = (): readonly string[] => [...settings.policy().questions_own.map((text) => own + text), ...builtIn];
  const countsFor = (account: Pick<Account, 'groups'>): Counts => countsIn(policyFor(account, settings.policy()));

  /** All that somebody or other is asked, the office's own first. */
  function countsAnywhere(): readonly [Counts, ...Counts[]] {
    const office = settings.policy();
    const asking = [office, ...office.profiles.map((profile) => ({ ...office, ...profile }))].filter(({ methods }) =>
      methods.includes('questions'),
    );
    const counts = (asking.length === 0 ? [office] : asking).map(countsIn);
    const different = new Map(counts.map((one) => [`${one.answer} of ${one.register}`, one]));
    return [...different.values()] as [Counts, ...Counts[]];
  }

  const answersIn = ({ secret }: Enrolment): Answered => JSON.parse(secret) as Answered;

  /** All that are offered, in an order that is the same for the same login, whoever asks: as if somebody had once chosen the first. */
  function decoys(loginDigest: string): readonly string[] {
    const rank = (question: string): string => vault.digest('decoy question', `${loginDigest} ${question}`);
    return [...offered()].sort((one, other) => (rank(one) < rank(other) ? -1 : 1));
  }

  /** As many as one profile or another asks for, always the same for the same login. */
  function decoyCounts(loginDigest: string): Counts {
    const among = countsAnywhere();
    const drawn = Buffer.from(vault.digest('decoy question', `${loginDigest} how many`), 'base64url').readUInt32BE() % among.length;
    return among[drawn] ?? among[0];
  }

  return {
    name: 'questions',

    /** Whoever registered another number than policy asks for now is shown as many as a stranger, some of them never chosen. */
    ask({ challenge, loginDigest }) {
      const held = challenge?.enrolments[0];
      const own = held ? answersIn(held).map(({ question }) => question) : [];
      if (challenge?.attempt === null) return { questions: own }; // whoever has signed in answers all: there is no draw to keep
      const { answer, register } = challenge && held ? countsFor(challenge.account) : decoyCounts(loginDigest);
      const set = [...new Set([...own, ...decoys(loginDigest)])].slice(0, register);
      return { questions: drawn(set, answer, random) };
    },

    /** Every answer is judged, right or wrong, and as many as anybody is asked, so that the time tells neither. */
    async judge(challenge, answer) {
      const held = challenge?.enrolments[0];
      const known = new Map((held ? answersIn(held) : []).map(({ question, hash }) => [question, hash]));
      const drawn = challenge?.attempt ? asked(challenge.attempt, 'questions')?.questions : [...(challenge ? known.keys() : [])];
      const questions = (drawn ?? []) as readonly string[];
      const lines = answer.split('\n');
      const least = challenge ? countsFor(challenge.account).answer : 1;
      let right = 0;
      for (let nth = 0; nth < Math.max(questions.length, ...countsAnywhere().map(({ answer }) => answer)); nth += 1) {
        const question = questions[nth];
        const verdict = await slowHash.verify(
          answerForm(lines[nth] ?? ''),
          (question === undefined ? undefined : known.get(question)) ?? null,
        );
        if (isRefusal(verdict)) return verdict;
        if (verdict.isRight) right += 1;
      }
      if (right < least || right !== questions.length || lines.length !== right) return 'wrong';
      if (challenge?.attempt === null && held) enrolments.spend(held.id, held.secret, held.secret, challenge.at);
      return 'right';
    },

    enrolment: {
      offer: (account) => ({ questions: offered(), count: countsFor(account).register, shortest: shortestAnswer, longest: longestAnswer }),

      /** Stores them at once, in place of earlier ones: there is nothing to prove about a memory. */
      async begin({ account, form, at, settle }) {
        const chosen = Array.from({ length: countsFor(account).register }, (_unused, nth) => ({
          field: `answer_${nth + 1}`,
          question: form[`question_${nth + 1}`] ?? '',
          answer: answerForm(form[`answer_${nth + 1}`] ?? ''),
        }));
        const refusal = chosen.map((one, nth) => unfit(one, chosen.slice(0, nth))).find((found) => found !== null);
        if (refusal) return refusal;
        const hashes: string[] = [];
        for (const { answer } of chosen) {
          const hash = await slowHash.hash(answer);
          if (isRefusal(hash)) return hash;
          hashes.push(hash);
        }
        const kept: Answered = chosen.map(({ question }, nth) => ({ question, hash: hashes[nth] ?? '' }));
        atomically(() => {
          enrolments.removeAll(account.id, 'questions');
          const added = enrolments.add({ account: account.id, method: 'questions', label: '', secret: JSON.stringify(kept), at });
          settle?.(added);
        });
        return {};
      },

      resume: async () => null,
      finish: async ({ held }) => held[0] ?? new Refusal('method.unknown'),
    },

    describe: () => ({ label: '' }),
    /** Fewer than are asked now were enough once. */
    isUsable: (enrolment, account) => answersIn(enrolment).length >= countsFor(account).answer,
  };

  function unfit(
    one: { field: string; question: string; answer: string },
    before: readonly { question: string; answer: string }[],
  ): Refusal | null {
    const { field, question, answer } = one;
    const length = [...answer].length;
    if (!offered().includes(question)) return new Refusal('method.question-missing', { field: field.replace('answer', 'question') });
    if (before.some((other) => other.question === question))
      return new Refusal('method.question-repeated', { field: field.replace('answer', 'question') });
    if (length < shortestAnswer || length > longestAnswer)
      return new Refusal('method.answer-length', { field, params: { least: shortestAnswer, most: longestAnswer } });
    return before.some((other) => other.answer === answer) ? new Refusal('method.answer-repeated', { field }) : null;
  }
}

/** So many of them, each order equally likely (Fisher and Yates). */
function drawn(set: readonly string[], count: number, random: Random): readonly string[] {
  const cards = [...set];
  for (let left = cards.length; left > 1; left -= 1) {
    const at = random.below(left);
    [cards[left - 1], cards[at]] = [cards[at] as string, cards[left - 1] as string];
  }
  return cards.slice(0, count);
}
