/** Whether an entry meets a search filter (RFC 4511 4.5.1.7). It reads attributes by name and knows nothing else of entries. */

import type { Filter } from '../filter.ts';
import { foldName, foldValue } from './folding.ts';

/** The values of an attribute, by its name in lower case; null when nobody may ask. */
export type ValuesOf = (attribute: string) => readonly string[] | null;

type Item = Exclude<Filter, { kind: 'and' | 'or' | 'not' }>;

/** Three-valued, as RFC 4511 wants it: null is "undefined", and the negation of undefined is undefined. */
export function meets(filter: Filter, valuesOf: ValuesOf): boolean | null {
  switch (filter.kind) {
    case 'and':
      return all(filter.parts.map((part) => meets(part, valuesOf)));
    case 'or':
      return negated(all(filter.parts.map((part) => negated(meets(part, valuesOf)))));
    case 'not':
      return negated(meets(filter.part, valuesOf));
    default: {
      const attribute = filter.attribute?.toLowerCase() ?? '';
      const values = valuesOf(attribute);
      return values === null ? null : matches(filter, attribute, values);
    }
  }
}

const negated = (truth: boolean | null): boolean | null => (truth === null ? null : !truth);

const all = (truths: readonly (boolean | null)[]): boolean | null => (truths.includes(false) ? false : truths.includes(null) ? null : true);

function matches(item: Item, attribute: string, values: readonly string[]): boolean | null {
  if (item.kind === 'present') return values.length > 0;
  if (item.kind === 'substring') return values.some((value) => holds(foldValue(value), item.pieces));
  const wanted = item.value.toString();
  const comparisons = values.map((value) => order(comparable(attribute, value), comparable(attribute, wanted)));
  switch (item.kind) {
    case 'equal':
    case 'like':
      return comparisons.includes(0);
    case 'at least':
      return comparisons.some((comparison) => comparison >= 0);
    case 'at most':
      return comparisons.some((comparison) => comparison <= 0);
    case 'rule':
      if (exactRules.has(item.rule?.toLowerCase() ?? '')) return values.includes(wanted);
      return item.rule === null || ownRules.has(item.rule.toLowerCase()) ? comparisons.includes(0) : null;
  }
}

const exactRules = new Set(['caseexactmatch', '2.5.13.5']);
/** Rules that are an attribute's own here, so that naming them changes nothing. */
const ownRules = new Set(['caseignorematch', '2.5.13.2', 'distinguishednamematch', '2.5.13.1']);
const nameAttributes = new Set(['member', 'memberof', 'entrydn', 'pwdpolicysubentry']);
const telephoneAttributes = new Set(['telephonenumber', 'mobile']);

/** A value in the form in which its attribute's matching rule compares it. */
function comparable(attribute: string, value: string): string {
  if (nameAttributes.has(attribute)) return foldName(value)?.join('\u0000') ?? value;
  if (telephoneAttributes.has(attribute)) return value.replace(/[ -]/g, '');
  // Generalized time: without its Z, a fraction sorts after the bare second.
  return /^\d{14}(\.\d+)?Z$/.test(value) ? value.slice(0, -1) : foldValue(value);
}

function order(one: string, other: string): number {
  const areNumbers = [one, other].every((value) => /^\d{1,13}$/.test(value));
  if (areNumbers) return Number(one) - Number(other);
  return one === other ? 0 : one < other ? -1 : 1;
}

function holds(value: string, pieces: readonly Buffer[]): boolean {
  const [start = '', ...others] = pieces.map(foldPiece);
  const end = others.pop() ?? '';
  if (!value.startsWith(start) || !value.endsWith(end)) return false;
  let from = start.length;
  for (const piece of others) {
    const at = value.indexOf(piece, from);
    if (at < 0) return false;
    from = at + piece.length;
  }
  return from <= value.length - end.length;
}

/** Like foldValue, but spaces at its ends are part of what is looked for. */
const foldPiece = (piece: Buffer): string => foldValue(`|${piece.toString()}|`).slice(1, -1);
