/** The short code at the foot of a page, said over the telephone: "BDKF-RTWX". */

import type { Random } from '../world.ts';

/** No vowels, so no words; no digits, so never taken for a code that was mailed. 20^8 is enough to be found in a journal; it opens nothing. */
const letters = 'BCDFGHJKMNPQRSTVWXYZ';

export function newSupportCode(random: Pick<Random, 'below'>): string {
  const four = (): string => Array.from({ length: 4 }, () => letters.charAt(random.below(letters.length))).join('');
  return `${four()}-${four()}`;
}
