/**
 * An entry of a search, read straight from the message that brought it (RFC 4511 4.5.2). The library makes a dozen objects of each entry and
 * as many copies of its bytes, four fifths of the time of reading an office; this one remembers where things lie, and makes a text when
 * it is asked for one. It knows no connection.
 */

export interface Entry {
  /** As the server spelled it, to be sent back as it is. */
  readonly dn: string;
  /** Of the attributes that came, as the server spelled them, options included (RFC 4512 2.5). */
  readonly names: readonly string[];
  text(attribute: string): string | null;
  texts(attribute: string): readonly string[];
  bytes(attribute: string): Buffer | null;
  allBytes(attribute: string): readonly Buffer[];
}

const tags = { message: 0x30, integer: 0x02, entry: 0x64, reference: 0x73, octets: 0x04, sequence: 0x30, set: 0x31 } as const;

/** One message of a server: which request it answers and, if it is one of a search's results but its last, what it brings. */
export interface Result {
  readonly messageId: number;
  /** Null: a reference to another server (RFC 4511 4.5.3), which nobody follows. */
  readonly entry: Entry | null;
}

/** In the message that begins at `from`; null for every other kind of message. Throws a RangeError for bytes that are none. */
export function resultIn(bytes: Buffer, from: number): Result | null {
  const end = endAt(bytes, expected(bytes, from, tags.message));
  const idAt = expected(bytes, contentAt(bytes, from), tags.integer);
  const at = endAt(bytes, idAt);
  const tag = bytes[at];
  if (tag !== tags.entry && tag !== tags.reference) return null;
  const idFrom = contentAt(bytes, idAt);
  if (at - idFrom > 4) throw new RangeError('no message number');
  within(endAt(bytes, at), end);
  const messageId = bytes.readUIntBE(idFrom, at - idFrom);
  return { messageId, entry: tag === tags.entry ? new SearchEntry(bytes, at) : null };
}

/** The names of the entry before: those of one search are nearly always the same, and need not be made anew for each. */
let usual: readonly string[] = [];

class SearchEntry implements Entry {
  readonly dn: string;
  readonly names: readonly string[];
  readonly #bytes: Buffer;
  /** Of each name, where the set of its values lies. */
  readonly #sets: readonly number[];

  constructor(bytes: Buffer, at: number) {
    const end = endAt(bytes, at);
    const dnAt = expected(bytes, contentAt(bytes, at), tags.octets);
    const [names, sets]: [string[], number[]] = [[], []];
    this.#bytes = bytes;
    this.dn = textAt(bytes, dnAt);
    const list = expected(bytes, endAt(bytes, dnAt), tags.sequence);
    const listEnd = within(endAt(bytes, list), end);
    for (let pair = contentAt(bytes, list); pair < listEnd; ) {
      const name = contentAt(bytes, expected(bytes, pair, tags.sequence));
      const set = endAt(bytes, expected(bytes, name, tags.octets));
      const pairEnd = within(endAt(bytes, pair), listEnd);
      within(endAt(bytes, expected(bytes, set, tags.set)), pairEnd);
      names.push(nameAt(bytes, name, usual[names.length]));
      sets.push(set);
      pair = pairEnd;
    }
    this.names = names;
    this.#sets = sets;
    usual = names;
  }

  text(attribute: string): string | null {
    const set = this.#setOf(attribute);
    if (set < 0) return null;
    const value = contentAt(this.#bytes, set);
    const end = endAt(this.#bytes, set);
    if (value >= end) return null;
    within(endAt(this.#bytes, expected(this.#bytes, value, tags.octets)), end);
    return textAt(this.#bytes, value);
  }
  texts(attribute: string): readonly string[] {
    return this.#values(attribute).map((at) => textAt(this.#bytes, at));
  }
  bytes(attribute: string): Buffer | null {
    return this.allBytes(attribute)[0] ?? null;
  }
  allBytes(attribute: string): readonly Buffer[] {
    return this.#values(attribute).map((at) => Buffer.from(this.#bytes.subarray(contentAt(this.#bytes, at), endAt(this.#bytes, at))));
  }

  /** Where each value lies. */
  #values(attribute: string): readonly number[] {
    const values: number[] = [];
    const set = this.#setOf(attribute);
    const end = set < 0 ? set : endAt(this.#bytes, set);
    for (let at = set < 0 ? set : contentAt(this.#bytes, set); at < end; at = within(endAt(this.#bytes, at), end))
      values.push(expected(this.#bytes, at, tags.octets));
    return values;
  }

  /** Names are compared without case (RFC 4512 2.5); where one came twice, the last one counts. */
  #setOf(attribute: string): number {
    for (let at = this.names.length - 1; at >= 0; at--) {
      const name = this.names[at] as string;
      if (name === attribute || (name.length === attribute.length && name.toLowerCase() === attribute.toLowerCase()))
        return this.#sets[at] as number;
    }
    return -1;
  }
}

/** Where the content begins of what lies at `at` (X.690 8.1.3). LDAP knows no indefinite lengths (RFC 4511 5.1). */
function contentAt(bytes: Buffer, at: number): number {
  const first = bytes[at + 1] ?? 0x80;
  if (first < 0x80) return at + 2;
  if (first === 0x80 || first > 0x84) throw new RangeError('no length');
  return at + 2 + (first & 0x7f);
}

/** Where it ends. */
function endAt(bytes: Buffer, at: number): number {
  const first = bytes[at + 1] ?? 0x80;
  const content = contentAt(bytes, at);
  let length = first;
  if (first >= 0x80) {
    length = 0;
    for (let octet = at + 2; octet < content; octet++) length = length * 256 + (bytes[octet] ?? 0);
  }
  return within(content + length, bytes.length);
}

function within(end: number, outer: number): number {
  if (end > outer) throw new RangeError('longer than what it lies in');
  return end;
}

function expected(bytes: Buffer, at: number, tag: number): number {
  if (bytes[at] !== tag) throw new RangeError(`tag ${tag} expected`);
  return at;
}

const textAt = (bytes: Buffer, at: number): string => bytes.toString('utf8', contentAt(bytes, at), endAt(bytes, at));

/** `likely`, if that is the name. */
function nameAt(bytes: Buffer, at: number, likely: string | undefined): string {
  const from = contentAt(bytes, at);
  const end = endAt(bytes, at);
  let same = likely !== undefined && likely.length === end - from ? 0 : -1;
  while (same >= 0 && same < end - from) same = bytes[from + same] === likely?.charCodeAt(same) ? same + 1 : -1;
  return same < 0 ? textAt(bytes, at) : (likely as string);
}
