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
  const text = password.normalize('NFC').toLowerCase();
  const half = [...text].length / 2;
  const cores = around.flatMap((before) => around.map((after) => text.replace(before.start, '').replace(after.end, '')));
  return [...new Set(cores.map(plain))].filter((core) => [...core].length >= Math.max(half, shortestWord));
}

/** $ and @ at an end may be letters in disguise. */
const around = [
  { start: /^\P{L}+/u, end: /\P{L}+$/u },
  { start: /^[^\p{L}$@]+/u, end: /[^\p{L}$@]+$/u },
];

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
