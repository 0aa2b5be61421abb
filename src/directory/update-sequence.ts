/** What changed at one domain controller, by the number that it gives to each change (MS-ADTS 3.1.1.1.9). Wrong passwords are not counted. */

import type { ChangeLog } from './dialect.ts';
import { present } from './filter.ts';
import type { Link } from './ldap.ts';

interface Standing {
  /** Of the controller's database: another one after it was restored (MS-ADTS 3.1.1.1.9), and then its numbers mean something else. */
  readonly database: string;
  /** A whole number up to 2^63. */
  readonly highest: string;
}

export const byUpdateSequence: ChangeLog = {
  stamp: null,
  asksBy: null,
  async standing(link) {
    const root = await read(link, '', ['highestCommittedUSN', 'dsServiceName']);
    const highest = root?.text('highestCommittedUSN') ?? null;
    const settings = root?.text('dsServiceName') ?? null;
    const database = settings === null ? null : (await read(link, settings, ['invocationId']))?.bytes('invocationId')?.toString('hex');
    return highest === null || !database ? null : JSON.stringify({ database, highest } satisfies Standing);
  },
  since(before, after) {
    const [then, now] = [before, after].map((text) => JSON.parse(text) as Standing);
    if (!then || !now || then.database !== now.database || BigInt(now.highest) < BigInt(then.highest)) return null;
    return { kind: 'at least', attribute: 'uSNChanged', value: Buffer.from(String(BigInt(then.highest) + 1n)) };
  },
};

const read = async (link: Link, base: string, attributes: readonly string[]) =>
  (await link.search({ base, scope: 'base', filter: present('objectClass'), attributes }))[0];
