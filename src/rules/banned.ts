/**
 * Words that no password may be built from, judged as Microsoft Entra Password Protection documents it ("Eliminate bad passwords", How are
 * passwords evaluated), and names, which may not occur at all. It knows no list by itself.
 */

import { lettersOf, wordTrie } from './word-trie.ts';

/** Fewer points than this, and the password is mostly banned words. */
export const fewestPoints = 5;
/** Shorter words, names and parts of names are not looked for. */
export const shortestWord = 4;
/** A core this long may differ by a letter; a shorter one would catch too many others. */
const shortestNearCore = 6;

export interface BannedWords {
  /** One point for each banned word found and one for each character that is left over, counted as low as can be. */
  points(password: string): number;
  /** Built of banned words (fewer than five points), or nearly one of them, also with digits and signs around it. */
  isBanned(password: string): boolean;
}

const lookalikes: Readonly<Record<string, string>> = { '0': 'o', '1': 'l', $: 's', '@': 'a' };

/** Lower case, and the four usual replacements undone. */
export const plain = (text: string): string =>
  text
    .normalize('NFC')
    .toLowerCase()
    .replace(/[01$@]/g, (sign) => lookalikes[sign] ?? sign);

export function bannedWords(words: Iterable<string>): BannedWords {
  const known = [...words].map(plain).filter((word) => [...word].length >= shortestWord);
  const trie = wordTrie(known);

  function points(password: string): number {
    const letters = lettersOf(plain(password));
    const least = [0];
    for (const [place, lengths] of trie.endings(letters).entries()) {
      let best = (least[place] ?? 0) + 1;
      for (const length of lengths) best = Math.min(best, (least[place + 1 - length] ?? 0) + 1);
      least.push(best);
    }
    return least.at(-1) ?? 0;
  }

  const isNear = (text: string): boolean => trie.isNear(lettersOf(text));
  const isWord = (text: string): boolean => points(text) === 1 && [...text].length >= shortestWord;

  return {
    points,
    isBanned: (password) =>
      points(password) < fewestPoints ||
      isNear(plain(password)) ||
      coresOf(password).some((core) => ([...core].length >= shortestNearCore ? isNear(core) : isWord(core))),
  };
}

/**
 * What is left without the digits and signs around it, where that is the better half: "Contoso#2026" is "contoso". Microsoft's score would let
 * it pass; ASVS 5.0 6.2.11 would not.
 */
export function coresOf(password: string): readonly string[] {
  const letters = [...password.normalize('NFC').toLowerCase()];
  const cores = edges.flatMap((before) => edges.map((after) => between(letters, before, after)));
  const least = Math.max(letters.length / 2, shortestWord);
  return [...new Set(cores.filter((core) => core.length >= least).map((core) => plain(core.join(''))))];
}

/** What is not part of a word, at its start or end. $ and @ may be letters in disguise, so both readings are tried. */
const edges = [/[^\p{L}]/u, /[^\p{L}$@]/u];

/** By hand: an expression for the end of a text tries every place in it anew. */
function between(letters: readonly string[], before: RegExp, after: RegExp): readonly string[] {
  const start = letters.findIndex((letter) => !before.test(letter));
  const end = letters.findLastIndex((letter) => !after.test(letter));
  return start < 0 ? [] : letters.slice(start, end + 1);
}

/** The parts of a name that a password may not contain: those of `least` characters and more, in lower case and lookalikes undone. */
export const partsOf = (name: string, least: number = shortestWord): readonly string[] => [
  ...new Set(
    name
      .normalize('NFC')
      .split(/[^\p{L}\p{M}\p{N}]+/u)
      .map(plain)
      .filter((part) => [...part].length >= least),
  ),
];

export const containsPart = (password: string, parts: readonly string[]): boolean => {
  const text = plain(password);
  return parts.some((part) => text.includes(part));
};
