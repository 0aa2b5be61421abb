/** The limits, each one named row with its numbers. Counted on attempt, before any bind, for unknown logins too. */

import { day, hour, minute, second } from './time.ts';

export interface Limit {
  readonly name: string;
  readonly most: number;
  /** Milliseconds that a hit counts for. */
  readonly span: number;
}

const limit = (name: string, most: number, span: number): Limit => ({ name, most, span });

export const limits = {
  /** Wrong proofs per account and method; over it the method is silent for the rest of the hour. */
  wrongProofs: limit('wrong proofs', 5, hour),
  /** Attempts with a wrong proof, per account and address; then blocked there. */
  failedAttempts: limit('failed attempts', 5, day),
  /** The same per account over all addresses: then only a link to a proved address still works. */
  failedAttemptsAnywhere: limit('failed attempts anywhere', 20, day),
  /** Codes sent per account and address: less than a day's, so that no single address uses up the day of another's account. */
  mailsHere: limit('mails here', 8, day),
  mails: limit('mails', 10, 10 * minute),
  mailsADay: limit('mails a day', 20, day),
  /** Mails that ask one colleague to approve, whoever asks; more are only listed. */
  approvalMails: limit('approval mails', 10, hour),
  /** Texts per number, whoever asks for them. */
  texts: limit('texts', 5, hour),
  /** The whole desk's: each costs money. `most` is the policy's. */
  textsADay: limit('texts a day', 100, day),
  /** Logins typed per address; over it 429 with a growing wait. */
  loginsTyped: limit('logins typed', 300, 10 * minute),
  /** Failed sign-ins per account, the current password of /change included. */
  signIn: limit('sign-in', 10, day),
  /** Wrong proofs and refused sign-ins of one address; over it a puzzle is asked at every door that takes a login. */
  troubles: limit('troubles', 20, hour),
  /** A puzzle's solution is good once. */
  puzzleSolved: limit('puzzle solved', 1, 10 * minute),
  /** Help forms per address: each mails a human. */
  help: limit('help', 5, hour),
  /** Networks from which a member of staff has signed in: not new for so long. */
  knownAddress: limit('known address', 1, 90 * day),
  /** Kept for the wrong-password memory. */
  wrongPassword: limit('wrong password', 1, hour),
} as const;

/** After 10 failures 60 s, then doubling with each further one, up to an hour. */
export function signInWait(failures: number): number {
  if (failures < limits.signIn.most) return 0;
  return Math.min(60 * second * 2 ** (failures - limits.signIn.most), hour);
}

/** How long an address waits once it has typed too many logins: 1 s, doubling, up to ten minutes. */
export function addressWait(typed: number): number {
  if (typed < limits.loginsTyped.most) return 0;
  return Math.min(second * 2 ** Math.floor((typed - limits.loginsTyped.most) / 5), 10 * minute);
}

export const isOver = (count: number, { most }: Limit): boolean => count >= most;

/** IPv4 as it is, mapped ones too (RFC 4291 2.5.5.2); IPv6 by its /64, since one subscriber holds at least that much. */
export function addressKey(address: string): string {
  if (!address.includes(':')) return address;
  const parts = hextets(address);
  const isMapped = parts.slice(0, 6).join(':') === '0:0:0:0:0:ffff';
  return isMapped ? dotted(parts.slice(6)) : `${parts.slice(0, 4).join(':')}::/64`;
}

/** The eight parts of an IPv6 address, as RFC 5952 writes each. */
function hextets(address: string): readonly string[] {
  const [front = [], back] = withoutDots(address)
    .split('::')
    .map((side) => side.split(':').filter((part) => part !== ''));
  const zeros = back === undefined ? 0 : Math.max(0, 8 - front.length - back.length);
  return [...front, ...Array<string>(zeros).fill('0'), ...(back ?? [])].map((part) => part.toLowerCase().replace(/^0+(?=.)/, ''));
}

/** An address may end like IPv4: "::ffff:192.0.2.1" is "::ffff:c000:201". */
const withoutDots = (address: string): string =>
  address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_all, a, b, c, d) => `${(a * 256 + +b).toString(16)}:${(c * 256 + +d).toString(16)}`);

const dotted = (pair: readonly string[]): string =>
  pair
    .map((part) => Number.parseInt(part, 16))
    .map((value) => `${value >> 8}.${value & 255}`)
    .join('.');

/** Keys of counters: an account by its number, a stranger by the digest of what was typed; counted the same. */
export const accountKey = (account: number | null, loginDigest: string): string => (account === null ? `s${loginDigest}` : `a${account}`);
