/**
 * Many words at once: where they occur in a text (Aho and Corasick, 1975), and whether a text is one of them but for one letter. The time
 * of both depends on the text's length and the longest word, not on how many words there are. Texts are lists of code points.
 */

export type Letters = readonly number[];
export const lettersOf = (text: string): Letters => Array.from(text, (letter) => letter.codePointAt(0) ?? 0);

export interface WordTrie {
  /** For each place in the text the lengths of the words that end there, longest first. */
  endings(text: Letters): readonly (readonly number[])[];
  /** One of the words, or one letter more, less or other than one. */
  isNear(text: Letters): boolean;
}

const root = 0;
const none = -1;
/** Above every code point, so that a place and a letter make one key. Lists of numbers take a fraction of what an object each would. */
const codePoints = 0x110000;

export function wordTrie(words: Iterable<string>): WordTrie {
  const edges = new Map<number, number>();
  const [letter, depth, firstChild, sibling] = [[0], [0], [none], [none]];
  const isWord = [false];
  /** The longest proper suffix of a place's letters that is a place too, and the nearest of those that is a word. */
  const [fallback, shorter] = [[root], [none]];
  let longest = 0;

  const next = (from: number, point: number): number => edges.get(from * codePoints + point) ?? none;

  function plant(word: Letters): void {
    let at = root;
    for (const point of word) {
      const known = next(at, point);
      at = known === none ? grow(at, point) : known;
    }
    isWord[at] = true;
    longest = Math.max(longest, word.length);
  }

  function grow(from: number, point: number): number {
    const made = letter.push(point) - 1;
    edges.set(from * codePoints + point, made);
    depth.push((depth[from] ?? 0) + 1);
    sibling.push(firstChild[from] ?? none);
    firstChild[from] = made;
    firstChild.push(none);
    isWord.push(false);
    return made;
  }

  function* childrenOf(place: number): Generator<number> {
    for (let child = firstChild[place] ?? none; child !== none; child = sibling[child] ?? none) yield child;
  }

  /** Breadth first, so that all that is shorter is linked already. */
  function link(): void {
    const queue = [root];
    for (const at of queue)
      for (const child of childrenOf(at)) {
        const suffix = at === root ? root : follow(fallback[at] ?? root, letter[child] ?? 0);
        fallback[child] = suffix;
        shorter[child] = isWord[suffix] ? suffix : (shorter[suffix] ?? none);
        queue.push(child);
      }
  }

  function follow(from: number, point: number): number {
    for (let at = from; ; at = fallback[at] ?? root) {
      const found = next(at, point);
      if (found !== none) return found;
      if (at === root) return root;
    }
  }

  function isWordFrom(from: number, text: Letters, place: number): boolean {
    let at = from;
    for (let here = place; at !== none && here < text.length; here += 1) at = next(at, text[here] ?? 0);
    return at !== none && place <= text.length && isWord[at] === true;
  }

  for (const word of words) if (word !== '') plant(lettersOf(word));
  link();

  return {
    endings(text) {
      let at = root;
      return text.map((point) => {
        at = follow(at, point);
        const lengths: number[] = [];
        for (let end = isWord[at] ? at : (shorter[at] ?? none); end !== none; end = shorter[end] ?? none) lengths.push(depth[end] ?? 0);
        return lengths;
      });
    },
    isNear(text) {
      if (text.length > longest + 1) return false;
      for (let [at, place] = [root, 0]; at !== none && place <= text.length; at = next(at, text[place] ?? 0), place += 1) {
        if (isWordFrom(at, text, place + 1)) return true; // one letter too many here
        for (const child of childrenOf(at)) if (isWordFrom(child, text, place + 1) || isWordFrom(child, text, place)) return true; // another letter here, or one missing
      }
      return false;
    },
  };
}
