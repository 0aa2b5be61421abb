/** A passphrase to offer: words drawn by chance, in a form that keeps every usual rule. It knows no list and no chance by itself. */

/** Five of 2,048 words and two digits: 61 bits, what a person can still remember and a thief of the directory's hashes cannot try. */
const fewestWords = 5;
const mostWords = 16;

/**
 * "Correct-horse-battery-staple-lemon-47": a capital, small letters, digits and signs, of at least `least` characters. `below` draws a
 * whole number from 0 to below its argument, each equally likely.
 */
export function passphrase({ words, least, below }: { words: readonly string[]; least: number; below: (limit: number) => number }): string {
  const drawn: string[] = [];
  const text = (): string => {
    const joined = drawn.join('-');
    return `${joined.slice(0, 1).toUpperCase()}${joined.slice(1)}-`;
  };
  while (drawn.length < fewestWords || (text().length + 2 < least && drawn.length < mostWords))
    drawn.push(words[below(words.length)] ?? '');
  return `${text()}${10 + below(90)}`;
}
