/** What the key file opens: sealing, keyed digests and the pepper of slow hashes, each purpose under a key of its own. */

import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Random, Vault } from './world.ts';

const keyBytes = 32;
const nonceBytes = 12; // NIST SP 800-38D section 8.2.2: random 96-bit nonces, far below 2^32 uses of one key here
const tagBytes = 16;

export interface KeyFile {
  readonly key: Buffer;
  /** Names the key without telling it: a backup says which key opens it. */
  readonly name: string;
}

/** A reason why the key file cannot be used, in words for the operator. */
export class KeyProblem extends Error {
  override readonly name = 'KeyProblem';
}

/** Reads the key file, or makes one (mode 0600) when there is none. A file of another length, or open to others, is an error. */
export function openKeyFile(file: string, random: Random): KeyFile {
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, `${Buffer.from(random.bytes(keyBytes)).toString('base64')}\n`, { mode: 0o600, flag: 'wx', flush: true });
    chmodSync(file, 0o600);
  }
  if ((statSync(file).mode & 0o077) !== 0) throw new KeyProblem(`${file} can be read by others: chmod 600 it`);
  return keyFrom(readFileSync(file, 'utf8'), file);
}

export function keyFrom(text: string, file = 'the key'): KeyFile {
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length !== keyBytes || key.toString('base64') !== text.trim())
    throw new KeyProblem(`${file} is not a Latchkey key file (32 bytes in base64)`);
  return { key, name: createHmac('sha256', key).update('latchkey key name').digest('base64url').slice(0, 16) };
}

export function createVault({ key }: KeyFile, random: Random): Vault {
  // A key object is made ready once; bare bytes would be at every digest, which takes four times as long.
  const derived = new Map<string, KeyObject>();
  const keyFor = (purpose: string): KeyObject => {
    const known = derived.get(purpose);
    if (known) return known;
    const made = createSecretKey(Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), `latchkey ${purpose}`, keyBytes)));
    derived.set(purpose, made);
    return made;
  };
  return {
    seal(purpose, secret) {
      const nonce = random.bytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', keyFor('seal'), nonce).setAAD(Buffer.from(purpose));
      const body = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
      return `v1.${Buffer.concat([nonce, body, cipher.getAuthTag()]).toString('base64url')}`;
    },
    open(purpose, sealed) {
      if (!sealed.startsWith('v1.')) throw new Error('not sealed by this version');
      const bytes = Buffer.from(sealed.slice(3), 'base64url');
      if (bytes.length < nonceBytes + tagBytes) throw new Error('sealed value is cut short');
      const decipher = createDecipheriv('aes-256-gcm', keyFor('seal'), bytes.subarray(0, nonceBytes))
        .setAAD(Buffer.from(purpose))
        .setAuthTag(bytes.subarray(bytes.length - tagBytes));
      return Buffer.concat([decipher.update(bytes.subarray(nonceBytes, bytes.length - tagBytes)), decipher.final()]).toString('utf8');
    },
    digest: (purpose, value) =>
      createHmac('sha256', keyFor(`digest ${purpose}`))
        .update(value)
        .digest('base64url'),
  };
}
