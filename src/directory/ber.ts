/** The few pieces of BER (X.690) that Latchkey writes itself, because ldapjs sends them wrong. It writes only; what reads is ldapjs, and search-entry.ts. */

/** One tag-length-value; the parts are joined as its content. Lengths in their shortest form. */
export function tlv(tag: number, ...parts: readonly (Buffer | string)[]): Buffer {
  const content = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'utf8') : part)));
  return Buffer.concat([Buffer.from([tag, ...lengthOctets(content.length)]), content]);
}

function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length];
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return [0x80 | octets.length, ...octets];
}

/** Universal tags (X.690 8.1.2). */
export const sequence = 0x30;
export const octetString = 0x04;
export const boolean = 0x01;

/** Up to 127. */
export const enumerated = (value: number): Buffer => tlv(0x0a, Buffer.from([value]));

/** A whole number from 0 to below 2^31. */
export function integer(value: number): Buffer {
  const octets = Buffer.alloc(5);
  octets.writeUInt32BE(value, 1);
  const first = octets.findIndex((octet, at) => at === 4 || octet !== 0 || (octets[at + 1] ?? 0) >= 0x80);
  return tlv(0x02, octets.subarray(first));
}
