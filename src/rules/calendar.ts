/** Days as people count them: by the date on the wall where the office is, whatever the clocks do in between. */

import { day, type Instant } from './time.ts';

/** The date there, as days since 1970-01-01. Throws a RangeError for a time zone that is none. */
export function dateAt(at: Instant, timezone: string): number {
  const parts = new Intl.DateTimeFormat('en-CA', { timeZone: timezone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(at);
  const [year = 1970, month = 1, date = 1] = parts.split('-').map(Number);
  return Math.round(Date.UTC(year, month - 1, date) / day);
}

/** How many midnights lie between: 0 today, 1 tomorrow; negative when it is past. */
export const daysUntil = (then: Instant, { now, timezone }: { now: Instant; timezone: string }): number =>
  dateAt(then, timezone) - dateAt(now, timezone);

/**
 * Which of the chosen days is to be told now: the smallest that is reached. After a downtime the days that went by are not made up for one by
 * one; null: none is reached, or what it warns of has happened.
 */
export function dayToTell(left: number, days: readonly number[]): number | null {
  if (left < 0) return null;
  const reached = days.filter((chosen) => left <= chosen);
  return reached.length === 0 ? null : Math.min(...reached);
}
