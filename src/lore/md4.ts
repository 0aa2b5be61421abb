/** MD4 (RFC 1320), of which OpenSSL 3 makes a legacy that Node does not load: for looking up NT hashes in public lists, and nothing else. */

const rounds = [
  { constant: 0, order: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], shifts: [3, 7, 11, 19] },
  { constant: 0x5a827999, order: [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15], shifts: [3, 5, 9, 13] },
  { constant: 0x6ed9eba1, order: [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15], shifts: [3, 9, 11, 15] },
] as const;

const mixes = [
  (x: number, y: number, z: number) => (x & y) | (~x & z),
  (x: number, y: number, z: number) => (x & y) | (x & z) | (y & z),
  (x: number, y: number, z: number) => x ^ y ^ z,
] as const;

export function md4(message: Uint8Array): Buffer {
  const padded = Buffer.alloc(Math.ceil((message.length + 9) / 64) * 64);
  padded.set(message);
  padded[message.length] = 0x80;
  padded.writeBigUInt64LE(BigInt(message.length) * 8n, padded.length - 8);
  let state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
  for (let at = 0; at < padded.length; at += 64) {
    const mixed = mixBlock(padded.subarray(at, at + 64), state);
    state = state.map((word, place) => (word + (mixed[place] ?? 0)) | 0);
  }
  const digest = Buffer.alloc(16);
  for (const [place, word] of state.entries()) digest.writeInt32LE(word, place * 4);
  return digest;
}

function mixBlock(block: Buffer, state: readonly number[]): readonly number[] {
  let [a = 0, b = 0, c = 0, d = 0] = state;
  for (const [round, { constant, order, shifts }] of rounds.entries())
    for (const [step, place] of order.entries()) {
      const sum = (a + (mixes[round]?.(b, c, d) ?? 0) + block.readInt32LE(place * 4) + constant) | 0;
      const shift = shifts[step % 4] ?? 0;
      [a, b, c, d] = [d, (sum << shift) | (sum >>> (32 - shift)), b, c];
    }
  return [a, b, c, d];
}
