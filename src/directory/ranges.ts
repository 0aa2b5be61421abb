/** All values of an attribute that a server hands out in pieces, as Active Directory does with long lists of members: all of them or none. */

import { Refusal } from '../rules/refusal.ts';
import { present } from './filter.ts';
import type { Entry, Link } from './ldap.ts';

interface Piece {
  readonly from: number;
  readonly values: readonly string[];
  /** Where the next piece begins; null after the last. */
  readonly next: number | null;
}

/** MS-ADTS 3.1.1.3.1.3.3: what was asked for as `member` may come as `member;range=0-1499`, and the last piece as `member;range=1500-*`. */
export async function allValues(entry: Entry, attribute: string, link: Link): Promise<readonly string[]> {
  const first = pieceOf(entry, attribute);
  if (first === null) return entry.texts(attribute);
  const values = [...first.values];
  for (let next = first.next; next !== null; ) {
    const piece = await pieceFrom(next, { link, dn: entry.dn, attribute });
    values.push(...piece.values);
    next = piece.next;
  }
  return values;
}

/** A list that ends before its end would take people out of their groups. */
async function pieceFrom(from: number, { link, dn, attribute }: { link: Link; dn: string; attribute: string }): Promise<Piece> {
  const attributes = [`${attribute};range=${from}-*`];
  const [again] = await link.search({ base: dn, scope: 'base', filter: present('objectClass'), attributes });
  const piece = again ? pieceOf(again, attribute) : null;
  if (piece?.from !== from) throw new Refusal('directory.unknown', { raw: `${link.url}: ${dn}: the list of ${attribute} ends at ${from}` });
  return piece;
}

function pieceOf(entry: Entry, attribute: string): Piece | null {
  for (const name of entry.names) {
    const [, base = '', from = '', to = ''] = /^([^;]+);range=(\d+)-(\d+|\*)$/i.exec(name) ?? [];
    if (base.toLowerCase() !== attribute.toLowerCase()) continue;
    return { from: Number(from), values: entry.texts(name), next: to === '*' ? null : Number(to) + 1 };
  }
  return null;
}
