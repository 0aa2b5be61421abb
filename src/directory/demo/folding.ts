/** How the demo directory compares values and names (RFC 4518): texts in, comparable forms out. Knows no entries. */

import { parseDn } from '../dn.ts';

/** A name as its steps from the entry to the root, each folded so that equal steps are equal strings. */
export type FoldedName = readonly string[];

/** As caseIgnoreMatch sees a value: NFKC, no case, spaces trimmed and squeezed. Accents count. */
export const foldValue = (value: string): string =>
  value.normalize('NFKC').toLowerCase().toUpperCase().toLowerCase().trim().replace(/\s+/g, ' ');

/** Null when the text is no distinguished name. Attributes joined by `+` count in any order. */
export function foldName(name: string): FoldedName | null {
  try {
    return parseDn(name).map((step) =>
      step
        .map(({ attribute, value }) => `${attribute.toLowerCase()}=${foldValue(value)}`)
        .sort()
        .join('\u0001'),
    );
  } catch {
    return null;
  }
}

/** Whether a name is `base` itself or lies somewhere below it. */
export const isBelow = (name: FoldedName, base: FoldedName): boolean =>
  name.length >= base.length && base.every((step, index) => step === name[name.length - base.length + index]);
