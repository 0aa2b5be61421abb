/**
 * What changed, by the time that every entry was last written at, on the server that it was written on. Ours is taken for its clock, and an
 * hour is read again with every reading: so much may a clock be behind, or a copy of the directory. What comes to a copy later than that is
 * seen when everybody is read. Wrong passwords show as changes, too (measured with slapd 2.5).
 */

import { hour } from '../rules/time.ts';
import type { ChangeLog } from './dialect.ts';
import { generalizedTime } from './generalized-time.ts';

interface Stamps extends Pick<ChangeLog, 'stamp'> {
  readonly asksBy: string;
  /** What is the least of all that are given in the second of a Generalized Time. */
  readonly least: (time: string) => string;
}

const since = ({ asksBy, least, stamp }: Stamps): ChangeLog => ({
  stamp,
  asksBy,
  standing: async (_link, now) => generalizedTime(now - hour),
  since: (before) => ({ kind: 'at least', attribute: asksBy, value: Buffer.from(least(before)) }),
});

/** RFC 4512 3.4.4. */
export const byModifyTimestamp = since({ stamp: null, asksBy: 'modifyTimestamp', least: (time) => time });

/** OpenLDAP's own: time, count, server, modification. Servers that give their changes to others should keep an index on it (slapo-syncprov(5)). */
export const byEntryCsn = since({
  stamp: 'entryCSN',
  asksBy: 'entryCSN',
  least: (time) => `${time.replace('Z', '.000000Z')}#000000#000#000000`,
});
