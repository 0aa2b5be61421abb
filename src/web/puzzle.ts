/**
 * What is asked of an address from which much went wrong: a little work that its browser does by itself, or, without a script, a sum in words
 * that anybody can hear or read. Nobody else is called, and nothing is kept but that one was solved. Knows no door.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import { addressKey, isOver, limits } from '../rules/throttle.ts';
import { type Instant, minute } from '../rules/time.ts';
import type { World } from '../world.ts';

export interface Puzzle {
  /** Bound to the address and the hour; comes back with the answer. */
  readonly seed: string;
  /** Leading zero bits of SHA-256 over seed and number: 2^16 tries are a second of a telephone. */
  readonly bits: number;
  readonly sum: { readonly one: number; readonly other: number };
}

export interface Puzzles {
  /** Null for an address with few troubles. */
  owedBy(address: string, at: Instant): Puzzle | null;
  /** Whether the form may pass: nothing is owed, or it brings a solution that nobody has used. Takes the solution. */
  admits(address: string, form: Readonly<Record<string, string>>, at: Instant): boolean;
}

const bits = 16;
const life = 10 * minute;

type Needs = {
  readonly throttle: Pick<World['throttle'], 'count' | 'hit'>;
  readonly vault: Pick<World['vault'], 'digest'>;
  readonly random: Pick<World['random'], 'token'>;
};

export function createPuzzles({ throttle, vault, random }: Needs): Puzzles {
  const isOwed = (address: string, at: Instant): boolean =>
    isOver(throttle.count(limits.troubles, addressKey(address), at), limits.troubles);
  const signed = (body: string, address: string): string => `${body}.${vault.digest('puzzle', `${addressKey(address)} ${body}`)}`;
  /** The same seed always asks for the same sum. */
  function sumOf(seed: string): Puzzle['sum'] {
    const [one = 0, other = 0] = createHash('sha256').update(vault.digest('puzzle sum', seed)).digest();
    return { one: 2 + (one % 8), other: 2 + (other % 8) };
  }

  function isSolved(
    address: string,
    { puzzle: seed = '', puzzle_work: work = '', puzzle_answer: answer = '' }: Readonly<Record<string, string>>,
    at: Instant,
  ): boolean {
    const [issued = '', chance = '', ...rest] = seed.split('.');
    if (rest.length !== 1 || !isSame(seed, signed(`${issued}.${chance}`, address))) return false;
    const age = at - Number.parseInt(issued, 36);
    if (age < 0 || age > life) return false;
    const { one, other } = sumOf(seed);
    return isWorked(seed, work) || digitsIn(answer) === String(one + other);
  }

  return {
    owedBy(address, at) {
      if (!isOwed(address, at)) return null;
      const seed = signed(`${at.toString(36)}.${random.token().slice(0, 12)}`, address);
      return { seed, bits, sum: sumOf(seed) };
    },
    admits(address, form, at) {
      if (!isOwed(address, at)) return true;
      const key = vault.digest('puzzle', form.puzzle ?? '');
      if (!isSolved(address, form, at) || isOver(throttle.count(limits.puzzleSolved, key, at), limits.puzzleSolved)) return false;
      throttle.hit(limits.puzzleSolved, key, at);
      return true;
    },
  };
}

function isWorked(seed: string, work: string): boolean {
  if (!/^\d{1,12}$/.test(work)) return false;
  const hash = createHash('sha256').update(`${seed}.${work}`).digest();
  return hash.readUInt32BE(0) >>> (32 - bits) === 0;
}

/** Of any script: 9, ९ and ٩ are one digit. */
const digitsIn = (answer: string): string =>
  [...answer.normalize('NFKC')]
    .filter((sign) => /\p{Nd}/u.test(sign))
    .map((sign) => String(digitValue(sign)))
    .join('');

/** Unicode keeps the ten digits of every script in a row, the zero first. */
function digitValue(sign: string): number {
  const code = sign.codePointAt(0) ?? 0;
  let zero = code;
  while (code - zero < 9 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero -= 1;
  return code - zero;
}

function isSame(given: string, right: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(right)];
  return one.length === other.length && timingSafeEqual(one, other);
}
