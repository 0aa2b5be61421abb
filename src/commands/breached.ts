/** `latchkey breached build`: the offline list out of a public one. It needs no configuration and no house. */

import { createReadStream } from 'node:fs';
import { buildPrefixFile } from '../lore/build.ts';
import { type Given, Mistake } from './given.ts';

export async function buildBreached({ words: [from = '', out = ''], options }: Given): Promise<number> {
  const least = options.least ?? '1';
  if (typeof least !== 'string' || !/^[1-9]\d{0,8}$/.test(least)) throw new Mistake('--least is a whole number from 1 on.');
  const source = from === '-' ? process.stdin : createReadStream(from, { highWaterMark: 1 << 20 });
  const { kind, width, count, read } = await buildPrefixFile({ source, out, least: Number(least) }).catch(unreadable);
  const once = Math.round(256 ** width / count);
  process.stdout.write(
    `${out} holds ${count} of ${read} ${kind} hashes in ${width} bytes each.\n` +
      `One good password in ${once.toLocaleString('en')} would be taken for one of them.\n`,
  );
  return 0;
}

function unreadable(problem: NodeJS.ErrnoException): never {
  const { code, path } = problem;
  throw code === 'ENOENT' || code === 'EISDIR' ? new Mistake(`${path ?? 'The file'} cannot be read or written: ${code}.`) : problem;
}
