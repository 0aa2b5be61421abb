/** What is remembered for a while, and not across a clock that was put back: then nobody knows how long ago it was. */

import type { Instant } from '../rules/time.ts';

/** Whether it was less than `span` milliseconds before `now`. */
export const isRecent = (at: Instant | null, span: number, now: Instant): boolean => at !== null && at <= now && now < at + span;
