/**
 * What changed, by the operational attribute that every entry has (RFC 4512 3.4.4). No server tells its clock, so ours is taken, and an hour is
 * read again with every reading: a server's clock may be behind by so much. Wrong passwords show as changes, too (measured with slapd 2.5).
 */

import { hour } from '../rules/time.ts';
import type { ChangeLog } from './dialect.ts';
import { generalizedTime } from './generalized-time.ts';

export const byModifyTimestamp = (stamp: string | null): ChangeLog => ({
  stamp,
  standing: async (_link, now) => generalizedTime(now - hour),
  since: (before) => ({ kind: 'at least', attribute: 'modifyTimestamp', value: Buffer.from(before) }),
});
