/** The offline list of breached passwords: sorted beginnings of their hashes in one file, looked up by reading a few pages of it. */

import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { md4 } from './md4.ts';

export const hashKinds = ['SHA-1', 'NT'] as const;
export type HashKind = (typeof hashKinds)[number];

/** The file's first 32 bytes; numbers are big-endian. Then `count` records of `width` bytes, each greater than the one before. */
export const headBytes = 32;
const magic = Buffer.from('LATCHKEY');
const version = 1;

export interface Head {
  readonly kind: HashKind;
  /** Bytes kept of each hash: a good password is taken for a listed one once in 256^width / count times. */
  readonly width: number;
  readonly count: number;
}

export function encodeHead({ kind, width, count }: Head): Buffer {
  const head = Buffer.alloc(headBytes);
  magic.copy(head);
  head.writeUInt8(version, 8);
  head.writeUInt8(hashKinds.indexOf(kind) + 1, 9);
  head.writeUInt8(width, 10);
  head.writeBigUInt64BE(BigInt(count), 16);
  return head;
}

/** Why a file is not such a list, in words for the operator. */
export class ListProblem extends Error {
  override readonly name = 'ListProblem';
}

function decodeHead(head: Buffer, { file, size }: { file: string; size: number }): Head {
  const kind = hashKinds[head.readUInt8(9) - 1];
  const width = head.readUInt8(10);
  const count = Number(head.readBigUInt64BE(16));
  if (!magic.equals(head.subarray(0, 8)) || head.readUInt8(8) !== version || kind === undefined || width < 6)
    throw new ListProblem(`${file} is not a list that latchkey breached build has made.`);
  if (size !== headBytes + count * width) throw new ListProblem(`${file} is not whole: it was cut short, or is still being copied.`);
  return { kind, width, count };
}

export interface PrefixFile extends Head {
  has(password: string): boolean;
  close(): void;
}

const pageBytes = 4096;

export function openPrefixFile(file: string): PrefixFile {
  const handle = open(file);
  try {
    const head = Buffer.alloc(headBytes);
    readSync(handle, head, 0, headBytes, 0);
    const shape = decodeHead(head, { file, size: fstatSync(handle).size });
    const find = search(handle, shape);
    return { ...shape, has: (password) => find(hashOf(password, shape.kind)), close: () => closeSync(handle) };
  } catch (problem) {
    closeSync(handle);
    throw problem;
  }
}

function open(file: string): number {
  try {
    return openSync(file, 'r');
  } catch (problem) {
    throw new ListProblem(`${file} cannot be read: ${(problem as NodeJS.ErrnoException).code}.`);
  }
}

/** The NT hash is MD4 over UTF-16LE (MS-NLMP 3.3.1). */
const hashOf = (password: string, kind: HashKind): Buffer =>
  kind === 'NT' ? md4(Buffer.from(password, 'utf16le')) : createHash('sha1').update(password, 'utf8').digest();

/** Hashes lie evenly, so the first page is guessed from the value: two or three pages are read, and never more than halving would take twice. */
function search(handle: number, { width, count }: Head): (hash: Buffer) => boolean {
  const perPage = Math.floor(pageBytes / width);
  const page = Buffer.alloc(perPage * width);
  const valueAt = (place: number): number => page.readUIntBE(place * width, 6);

  return (hash) => {
    const wanted = hash.subarray(0, width);
    const value = wanted.readUIntBE(0, 6);
    let [low, high] = [0, count];
    let [least, most] = [0, 2 ** 48];
    for (let step = 0; low < high; step += 1) {
      const share = step % 2 === 1 || most <= least ? 0.5 : Math.min(1, Math.max(0, (value - least) / (most - least)));
      const middle = low + Math.floor((high - low) * share) - Math.floor(perPage / 2);
      const start = Math.max(low, Math.min(middle, high - perPage));
      const held = Math.min(perPage, high - start);
      readSync(handle, page, 0, held * width, headBytes + start * width);
      if (compareAt(page, 0, wanted) > 0) [high, most] = [start, valueAt(0)];
      else if (compareAt(page, held - 1, wanted) < 0) [low, least] = [start + held, valueAt(held - 1)];
      else return isInPage(page, held, wanted);
    }
    return false;
  };
}

const compareAt = (page: Buffer, place: number, wanted: Buffer): number =>
  page.compare(wanted, 0, wanted.length, place * wanted.length, (place + 1) * wanted.length);

function isInPage(page: Buffer, held: number, wanted: Buffer): boolean {
  let [low, high] = [0, held];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = compareAt(page, middle, wanted);
    if (order === 0) return true;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return false;
}
