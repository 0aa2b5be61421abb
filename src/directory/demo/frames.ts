/** Reading BER (X.690, as RFC 4511 5.1 narrows it) where ldapjs reads it unsafely: a stream cut into whole, sound messages. Knows no LDAP. */

export interface Element {
  readonly tag: number;
  readonly content: Buffer;
  /** Tag, length and content. */
  readonly whole: Buffer;
}

/** Far more than any request here needs: a bound on what one connection can make the process keep. */
const longest = 1 << 20;
const deepest = 100;

/** The first element of `bytes`, or null while it has not all arrived. Throws on what can never become one. */
export function firstElement(bytes: Buffer): Element | null {
  const [tag, short] = bytes;
  if (tag === undefined || short === undefined) return null;
  const lengthOctets = short < 0x80 ? 0 : short & 0x7f;
  if (short === 0x80 || lengthOctets > 4) throw new Error('BER length is indefinite or too long');
  const start = 2 + lengthOctets;
  if (bytes.length < start) return null;
  const length = lengthOctets === 0 ? short : bytes.readUIntBE(2, lengthOctets);
  if (length > longest) throw new Error('BER element is too long');
  const whole = bytes.subarray(0, start + length);
  return whole.length < start + length ? null : { tag, content: whole.subarray(start), whole };
}

/** The elements that `bytes` consists of. Throws when they do not fill it exactly. */
export function elements(bytes: Buffer): readonly Element[] {
  const found: Element[] = [];
  for (let rest = bytes; rest.length > 0; ) {
    const element = firstElement(rest);
    if (element === null) throw new Error('BER element is cut off');
    found.push(element);
    rest = rest.subarray(element.whole.length);
  }
  return found;
}

/** Throws unless every constructed element, however deep, is exactly filled: ldapjs's readers loop for ever on one that is not. */
export function requireSound(bytes: Buffer, depth = 0): void {
  if (depth > deepest) throw new Error('BER is nested too deep');
  for (const { tag, content } of elements(bytes)) if (tag & 0x20) requireSound(content, depth + 1);
}

/** Gives each whole message of a stream to `take`, as its pieces arrive. Throws on an unsound one. */
export function frames(take: (message: Buffer) => void): (piece: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (piece) => {
    rest = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    for (let next = firstElement(rest); next !== null; next = firstElement(rest)) {
      rest = rest.subarray(next.whole.length);
      if (next.tag !== 0x30) throw new Error('not an LDAP message');
      requireSound(next.whole);
      take(next.whole);
    }
  };
}
