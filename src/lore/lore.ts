/** What is known of passwords outside this house: the commonest, the breached, a guess at strength, and words to make new ones of. */

import { plain } from '../rules/banned.ts';
import type { Commonest, Lore } from '../world.ts';
import { openPrefixFile } from './prefix-file.ts';
import { askRange, type RangeService } from './range.ts';
import { strengthGauge } from './strength.ts';
import { wordsIn } from './words.ts';

export interface LoreConfig {
  /** What `latchkey breached build` made; null: only the commonest are known. */
  readonly breachedFile: string | null;
  readonly range: RangeService;
}

/** What ships with the product, and where the range service is that a policy may call. */
export const standardLore: LoreConfig = { breachedFile: null, range: { url: 'https://api.pwnedpasswords.com/range/', ca: null } };

/** How many of the commonest may not even be parts of a password. */
const wordsAmongThem = 1000;

/** Throws a `ListProblem` when the file is not one. A list that is put in its place is read from the next start on. */
export function openLore({ breachedFile, range }: LoreConfig): Lore & { close(): Promise<void> } {
  const list = breachedFile === null ? null : openPrefixFile(breachedFile);
  const gauge = strengthGauge();
  let commonest: Promise<Commonest> | null = null;
  return {
    commonest() {
      commonest ??= readCommonest();
      return commonest;
    },
    isBreached: (password) => list?.has(password) ?? false,
    askRange: (password) => askRange(password, range),
    strength: gauge.estimate,
    words: wordsIn,
    async close() {
      list?.close();
      await gauge.close();
    },
  };
}

/** The list ships with the product, in the order of use. It is loaded when the first password is judged. */
async function readCommonest(): Promise<Commonest> {
  const { dictionary } = await import('@zxcvbn-ts/language-common');
  const all = dictionary['passwords-common'].map(String);
  const known = new Set(all.map(plain));
  return { words: all.slice(0, wordsAmongThem), has: (text) => known.has(text) };
}
