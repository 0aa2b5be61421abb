/** Instants as a person reads them, in their language. */

import { day, hour, type Instant, minute, second } from '../rules/time.ts';
import { escaped } from './markup.ts';

export const dateWords = (language: string, at: Instant): string => new Intl.DateTimeFormat(language, { dateStyle: 'long' }).format(at);

const spans = [
  ['day', day],
  ['hour', hour],
  ['minute', minute],
  ['second', second],
] as const;

/** Relative for reading, exact on hover and in print; past a month the date says more. */
export function timeElement({ language, at, now }: { language: string; at: Instant; now: Instant }): string {
  const exact = escaped(new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }).format(at));
  const distance = at - now;
  const [unit, length] = spans.find(([, span]) => Math.abs(distance) >= span) ?? (['second', second] as const);
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(Math.round(distance / length), unit);
  const words = Math.abs(distance) > 30 * day ? dateWords(language, at) : relative;
  return `<time datetime="${new Date(at).toISOString()}" title="${exact}" data-exact="${exact}">${escaped(words)}</time>`;
}
