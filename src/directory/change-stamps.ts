/**
 * What changed, by the time that every entry was last written at. No server tells its clock, so ours is taken, and an hour is read again with
 * every reading: a server's clock may be behind by so much. Wrong passwords show as changes, too (measured with slapd 2.5).
 */

import { hour } from '../rules/time.ts';
import type { ChangeLog } from './dialect.ts';
import { generalizedTime } from './generalized-time.ts';

interface Stamps extends Pick<ChangeLog, 'stamp'> {
  readonly attribute: string;
  /** What is the least of all that are given in the second of a Generalized Time. */
  readonly least: (time: string) => string;
}

const since = ({ attribute, least, stamp }: Stamps): ChangeLog => ({
  stamp,
  standing: async (_link, now) => generalizedTime(now - hour),
  since: (before) => ({ kind: 'at least', attribute, value: Buffer.from(least(before)) }),
});

/** RFC 4512 3.4.4. */
export const byModifyTimestamp = since({ stamp: null, attribute: 'modifyTimestamp', least: (time) => time });

/** OpenLDAP's own: time, count, server, modification. Servers that give their changes to others keep an index on it (slapo-syncprov(5)). */
export const byEntryCsn = since({
  stamp: 'entryCSN',
  attribute: 'entryCSN',
  least: (time) => `${time.replace('Z', '.000000Z')}#000000#000#000000`,
});
