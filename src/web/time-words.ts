/** Instants as a person reads them, in their language. */

import { day, hour, type Instant, minute, second } from '../rules/time.ts';
import { escaped } from './markup.ts';

/** Made once for each language: to make one costs more than all the rest of a page. */
function once<T>(make: (language: string) => T): (language: string) => T {
  const made = new Map<string, T>();
  return (language) => {
    const known = made.get(language) ?? make(language);
    made.set(language, known);
    return known;
  };
}
const long = once((language) => new Intl.DateTimeFormat(language, { dateStyle: 'long' }));
const exactly = once((language) => new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }));
const distances = once((language) => new Intl.RelativeTimeFormat(language, { numeric: 'auto' }));

/** "English", "العربية": a language in its own words. */
export const languageName = once((language) => new Intl.DisplayNames([language], { type: 'language' }).of(language) ?? language);

export const dateWords = (language: string, at: Instant): string => long(language).format(at);

const spans = [
  ['day', day],
  ['hour', hour],
  ['minute', minute],
  ['second', second],
] as const;

/** Relative for reading, exact on hover and in print; past a month the date says more. */
export function timeElement({ language, at, now }: { language: string; at: Instant; now: Instant }): string {
  const exact = escaped(exactly(language).format(at));
  const distance = at - now;
  const [unit, length] = spans.find(([, span]) => Math.abs(distance) >= span) ?? (['second', second] as const);
  const relative = distances(language).format(Math.round(distance / length), unit);
  const words = Math.abs(distance) > 30 * day ? dateWords(language, at) : relative;
  return `<time datetime="${new Date(at).toISOString()}" title="${exact}" data-exact="${exact}">${escaped(words)}</time>`;
}
