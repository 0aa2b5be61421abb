/** How the demo directory keeps passwords: salted scrypt, so that its state file is worth little to a thief. Not the appliance's own hash. */

import { scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

import type { Random } from '../../world.ts';

export interface PasswordHash {
  hash(password: string): Promise<string>;
  matches(password: string, hash: string): Promise<boolean>;
}

const derive = promisify<string, Uint8Array, number, { N: number; r: number; p: number }, Buffer>(scrypt);

/** About ten milliseconds each: a change compares up to six, and the demo must stay quick on one core. */
const cost = { N: 1 << 12, r: 8, p: 1 };

export const scryptHash = (random: Pick<Random, 'bytes'>): PasswordHash => ({
  async hash(password) {
    const salt = random.bytes(16);
    return `${Buffer.from(salt).toString('base64')}$${(await derive(password, salt, 32, cost)).toString('base64')}`;
  },
  async matches(password, hash) {
    const [salt = '', key = ''] = hash.split('$');
    return timingSafeEqual(await derive(password, Buffer.from(salt, 'base64'), 32, cost), Buffer.from(key, 'base64'));
  },
});
