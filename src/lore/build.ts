/** Makes the offline list out of a public one ("HASH:COUNT" lines ordered by hash), in one pass and with little memory. */

import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { encodeHead, type Head, headBytes, type HashKind, ListProblem } from './prefix-file.ts';

/** A billion hashes in seven bytes each: one good password in seventy million is taken for a listed one. */
const width = 7;
const bufferBytes = width * 150_000;
/** A hash, a colon and a count: nothing else stands in such a line. */
const longestLine = 100;
const kindOfDigits: ReadonlyMap<number, HashKind> = new Map([
  [40, 'SHA-1'],
  [32, 'NT'],
]);

export interface Built extends Head {
  readonly read: number;
}

/** `out` appears when it is whole; what was there before stays until then. Throws a `ListProblem` that names the line. */
export async function buildPrefixFile({
  source,
  out,
  least,
}: {
  source: AsyncIterable<Uint8Array>;
  out: string;
  /** Passwords seen less often than this are left out. */
  least: number;
}): Promise<Built> {
  const draft = `${out}.part`;
  try {
    const built = await writeList(draft, source, least);
    renameSync(draft, out);
    return built;
  } catch (problem) {
    rmSync(draft, { force: true });
    throw problem;
  }
}

async function writeList(file: string, source: AsyncIterable<Uint8Array>, least: number): Promise<Built> {
  const handle = openSync(file, 'w', 0o644);
  try {
    const records = recordsInto(handle, least);
    const lines = lineCutting();
    for await (const piece of source) for (const line of lines.cut(piece)) records.add(line);
    if (lines.rest().length > 0) records.add(lines.rest());
    const built = records.end();
    writeSync(handle, encodeHead(built), 0, headBytes, 0);
    fsyncSync(handle);
    return built;
  } finally {
    closeSync(handle);
  }
}

function recordsInto(handle: number, least: number): { add(line: Buffer): void; end(): Built } {
  const buffer = Buffer.alloc(bufferBytes);
  let [filled, written, read] = [0, 0, 0];
  let kind: HashKind | null = null;
  let before: Buffer | null = null;

  function flush(): void {
    writeSync(handle, buffer, 0, filled, headBytes + written * width);
    written += filled / width;
    filled = 0;
  }

  return {
    add(line) {
      read += 1;
      const { digits, count } = partsOf(line, read);
      const hash = Buffer.from(line.toString('latin1', 0, digits), 'hex');
      const found = kindOfDigits.get(digits);
      if (found === undefined || hash.length * 2 !== digits || (kind ?? found) !== found) throw notAList(read);
      kind = found;
      if (before !== null && before.compare(hash) >= 0)
        throw new ListProblem(`Line ${read} is out of order: the list must be the one ordered by hash.`);
      const isNew = before === null || before.compare(hash, 0, width, 0, width) !== 0;
      before = hash;
      if (count < least || !isNew) return;
      if (filled === bufferBytes) flush();
      filled += hash.copy(buffer, filled, 0, width);
    },
    end() {
      flush();
      if (kind === null || written === 0) throw new ListProblem('There is nothing in the list to keep.');
      return { kind, width, count: written, read };
    },
  };
}

const colon = 58;
const newline = 10;
const carriageReturn = 13;

function partsOf(line: Buffer, number: number): { digits: number; count: number } {
  const cut = line.indexOf(colon);
  if (cut < 0) return { digits: line.length, count: 1 };
  const count = line.toString('latin1', cut + 1);
  if (!/^\d{1,15}$/.test(count)) throw notAList(number);
  return { digits: cut, count: Number(count) };
}

const notAList = (line: number): ListProblem =>
  new ListProblem(`Line ${line} is not a SHA-1 or NT hash in hexadecimal digits with a count after a colon.`);

/** Lines without their ends and without empty ones; `rest` is what no end has come for yet. */
function lineCutting(): { cut(piece: Uint8Array): Generator<Buffer>; rest(): Buffer } {
  let rest = Buffer.alloc(0);
  return {
    *cut(piece) {
      const held = rest.length === 0 ? Buffer.from(piece) : Buffer.concat([rest, piece]);
      let from = 0;
      for (let end = held.indexOf(newline); end >= 0; end = held.indexOf(newline, from)) {
        const line = held.subarray(from, held[end - 1] === carriageReturn ? end - 1 : end);
        from = end + 1;
        if (line.length > 0) yield line;
      }
      rest = held.subarray(from);
      if (rest.length > longestLine) throw new ListProblem('This is not a list of lines with a hash in each.');
    },
    rest: () => rest,
  };
}
