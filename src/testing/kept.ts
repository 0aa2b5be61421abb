/** What takes long to make and may be made once: kept beside other temporary files, under the name of its recipe. */

import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The path, whether or not it exists. A folder that others could write to would let them choose what runs here. */
export function keptFile(name: string, recipe: readonly string[]): string {
  const folder = join(tmpdir(), `latchkey-kept-${process.getuid?.()}`);
  mkdirSync(folder, { recursive: true });
  if (statSync(folder).uid !== process.getuid?.()) throw new Error(`${folder} belongs to somebody else`);
  chmodSync(folder, 0o700);
  const digest = createHash('sha256').update(recipe.join('\n')).digest('hex').slice(0, 16);
  return join(folder, `${name}-${digest}.tar`);
}
