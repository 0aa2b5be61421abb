/** Generalized Time (RFC 4517 3.3.13) as an instant. */

import type { Instant } from '../rules/time.ts';

const shape = /^(\d{4})(\d{2})(\d{2})(\d{2})(?:(\d{2})(\d{2})?)?(?:[.,](\d+))?(?:Z|([+-])(\d{2})(\d{2})?)$/;

/** Null for what is no time. A fraction is read to the millisecond, and only of seconds. */
export function instantOf(text: string | null): Instant | null {
  if (text === null) return null;
  const found = shape.exec(text);
  if (!found) return null;
  const [, year, month, day, hour, minute = '0', second = '0', fraction = '', sign, offsetHours = '0', offsetMinutes = '0'] = found;
  const local = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  const milliseconds = Number(`${fraction}000`.slice(0, 3));
  const offset = (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000;
  return local + milliseconds + (sign === '+' ? -offset : offset);
}

/** To the second before. */
export const generalizedTime = (at: Instant): string => new Date(at).toISOString().replace(/[-:T]|\.\d+/g, '');
