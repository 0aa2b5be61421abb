/** Active Directory's instants and spans: tenths of microseconds since 1601, and the same, negative, as a length (MS-DTYP 2.3.3, MS-ADTS 3.1.1.3.4). */

import type { Instant } from '../rules/time.ts';

const number = /^-?\d{1,19}$/;
const perMillisecond = 10_000n;
const sinceUnix = 11_644_473_600_000n;
const highest = 0x7fff_ffff_ffff_ffffn;
const lowest = -0x8000_0000_0000_0000n;

/** Null for what is no instant: nothing, 0 and "never". */
export function instantOf(text: string | null): Instant | null {
  if (text === null || !number.test(text)) return null;
  const value = BigInt(text);
  return value <= 0n || value >= highest ? null : Number(value / perMillisecond - sinceUnix);
}

/** Milliseconds; null for nothing, 0 and for ever. */
export function spanOf(text: string | null): number | null {
  if (text === null || !number.test(text)) return null;
  const value = BigInt(text);
  return value >= 0n || value <= lowest ? null : Number(-value / perMillisecond);
}
