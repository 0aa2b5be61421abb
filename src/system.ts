/** The real clock, chance and scrypt: the only file that reads time or randomness. */

import { createHmac, randomBytes, randomInt, scrypt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import Scrypt from 'scrypt-kdf';
import { Refusal } from './rules/refusal.ts';
import type { Clock, Random, SlowHash } from './world.ts';

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (milliseconds) => {
    await sleep(milliseconds);
  },
};

export const systemRandom: Random = {
  token: () => randomBytes(32).toString('base64url'),
  digits: (count) => Array.from({ length: count }, () => randomInt(10)).join(''),
  bytes: (count) => randomBytes(count),
  below: (limit) => randomInt(limit),
};

/** ASVS 5.0 appendix C: scrypt N=2^15 r=8 p=3, which takes 32 MiB. */
export const standardCost = { logN: 15, r: 8, p: 3 } as const;
export interface Cost {
  readonly logN: number;
  readonly r: number;
  readonly p: number;
}

const running = 2; // libuv's four threads also serve files and names: two stay free for them
const waitingAtMost = 64;

/**
 * scrypt over the secret's HMAC under `pepper`, stored with its parameters (the scrypt file format, base64, 96 bytes).
 * Two at once; beyond 64 waiting `desk.busy`.
 */
export function createSlowHash(pepper: string, cost: Cost = standardCost): SlowHash {
  const queue: (() => void)[] = [];
  let busy = 0;
  const decoy = Scrypt.kdf('decoy', cost);

  async function inTurn<T>(work: () => Promise<T>): Promise<T | Refusal> {
    if (busy >= running) {
      if (queue.length >= waitingAtMost) return new Refusal('desk.busy');
      await new Promise<void>((go) => queue.push(go));
    } else busy += 1;
    try {
      return await work();
    } finally {
      const next = queue.shift();
      if (next) next();
      else busy -= 1;
    }
  }
  const peppered = (secret: string): Buffer => createHmac('sha256', pepper).update(secret).digest();

  return {
    hash: (secret) => inTurn(async () => Buffer.from(await Scrypt.kdf(peppered(secret), cost)).toString('base64')),
    verify: (secret, hash) =>
      inTurn(async () => {
        const stored = hash === null ? await decoy : Buffer.from(hash, 'base64');
        const isEqual = await Scrypt.verify(stored, peppered(secret));
        const { logN, r, p } = Scrypt.viewParams(stored);
        return { isRight: isEqual && hash !== null, isOutdated: logN !== cost.logN || r !== cost.r || p !== cost.p };
      }),
    salt: (earlier) => (earlier?.startsWith(saltHead(cost)) ? earlier : saltHead(cost) + randomBytes(saltBytes).toString('base64url')),
    withSalt: (secret, salt) => inTurn(async () => (await derive(peppered(secret), salt)).toString('base64url')),
  };
}

/** A salt carries the cost it asks for, so that what was hashed under it stays comparable when the cost is raised. */
const saltHead = ({ logN, r, p }: Cost): string => `${logN}$${r}$${p}$`;
const saltBytes = 16; // NIST SP 800-132 section 5.1
const hashBytes = 32;
const scryptAsync = promisify<Buffer, Buffer, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(scrypt);

function derive(secret: Buffer, salt: string): Promise<Buffer> {
  const [logN = 0, r = 0, p = 0] = salt.split('$', 3).map(Number);
  const bytes = Buffer.from(salt.slice(salt.lastIndexOf('$') + 1), 'base64url');
  return scryptAsync(secret, bytes, hashBytes, { N: 2 ** logN, r, p, maxmem: 256 * r * (2 ** logN + p) }); // twice what it needs (RFC 7914)
}
