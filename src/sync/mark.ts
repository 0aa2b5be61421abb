/** How far a directory has been read, so that the next reading need not begin at its beginning. It decides how much is read. */

import { hour, type Instant, minute } from '../rules/time.ts';
import type { Settings, SyncRun } from '../world.ts';

export type Extent = SyncRun['extent'];

export interface Mark {
  /** The directory's own; null: there is no going on. */
  readonly bookmark: string | null;
  /** What the plan depends on beside the directory. */
  readonly terms: string;
  /** How many people there were. */
  readonly people: number;
  readonly everybodyAt: Instant;
  readonly idsAt: Instant;
}

/** A little less than an hour and a day: a run of a timetable may begin a moment earlier than the one before it did. */
const idsEvery = 55 * minute;
const everybodyEvery = 23 * hour + 30 * minute;

/** The end of an account by the calendar, or a change that a server did not tell of, is found at the latest after a day; who is gone, after an hour. */
export function extentDue(mark: Mark | null, { terms, now }: { terms: string; now: Instant }): Extent {
  if (!mark || mark.bookmark === null || mark.terms !== terms) return 'everybody';
  const isDue = (since: Instant, every: number): boolean => now < since || now - since >= every;
  if (isDue(mark.everybodyAt, everybodyEvery)) return 'everybody';
  return isDue(mark.idsAt, idsEvery) ? 'changes and ids' : 'changes';
}

const nameOf = (directory: string): string => `sync mark ${directory}`;

export function markOf({ settings }: { settings: Settings }, directory: string): Mark | null {
  return JSON.parse(settings.note(nameOf(directory)) ?? 'null') as Mark | null;
}

export function setMark({ settings }: { settings: Settings }, directory: string, mark: Mark): void {
  settings.setNote(nameOf(directory), JSON.stringify(mark));
}

/** The next reading is of everybody. */
export function forget(needs: { settings: Settings }, directory: string): void {
  const mark = markOf(needs, directory);
  if (mark) setMark(needs, directory, { ...mark, bookmark: null });
}
