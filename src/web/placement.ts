/** Where each refusal of a page stands: at its field, in the summary on top, or both; none is ever lost. */

import { isRefusal, type Refusal } from '../rules/refusal.ts';

export interface Placement {
  readonly isEmpty: boolean;
  /** The sentences for a field, which shows them itself from now on; `id` is its control, for the summary's link. */
  at(field: string, id: string): readonly string[];
  /** Whether the cursor starts here: at the one field that was refused, or at the page's first; the summary takes it where there is one. */
  isFocus(isFirst: boolean, errors: readonly string[]): boolean;
  /** For the summary, asked after the page's own fields are made: all of two or more, else what no field has shown. */
  summary(): readonly { words: string; field: string | null }[];
}

export function placementOf(given: readonly unknown[] | undefined, sentence: (refusal: Refusal) => string): Placement {
  const refusals = (given ?? []).filter(isRefusal);
  const places = new Map<Refusal, string>();
  return {
    isEmpty: refusals.length === 0,
    at(field, id) {
      const own = refusals.filter((refusal) => refusal.field === field);
      for (const refusal of own) places.set(refusal, id);
      return own.map(sentence);
    },
    isFocus: (isFirst, errors) => (refusals.length === 0 ? isFirst : refusals.length === 1 && errors.length > 0),
    summary: () =>
      refusals
        .filter((refusal) => refusals.length > 1 || !places.has(refusal))
        .map((refusal) => ({ words: sentence(refusal), field: places.get(refusal) ?? null })),
  };
}
