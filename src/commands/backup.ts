/** A copy of the database while it is in use, and its way back. */

import { chmodSync, constants, copyFileSync, existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { keyFileIn, openHouse, prepareFolder } from '../app.ts';
import type { Config } from '../config.ts';
import type { Given } from './given.ts';
import { backUp, restoreFrom } from '../store/backup.ts';
import { lockFolder, StoreProblem } from '../store/database.ts';
import { systemRandom } from '../system.ts';
import { openKeyFile } from '../vault.ts';

export async function backup({ words: [file = ''], options, config }: Given): Promise<number> {
  const keyCopy = typeof options['with-key'] === 'string' ? resolve(options['with-key']) : null;
  if (keyCopy !== null && existsSync(keyCopy)) throw new StoreProblem(`${keyCopy} is there already: a backup never overwrites.`);
  const house = await openHouse(config());
  try {
    await backUp(house.db, resolve(file));
    house.world.journal.append({ event: 'backup', result: 'succeeded' });
    process.stdout.write(`${file} holds the database. It opens only with key ${house.keyFile.name}, which is not in it.\n`);
    if (keyCopy !== null) {
      copyKey(keyFileIn(house.config.data.folder), keyCopy);
      process.stdout.write(`${keyCopy} holds the key. Keep the two apart.\n`);
    }
    return 0;
  } finally {
    await house.close();
  }
}

function copyKey(from: string, to: string): void {
  try {
    copyFileSync(from, to, constants.COPYFILE_EXCL);
    chmodSync(to, 0o600);
  } catch (problem) {
    throw new StoreProblem(`The key was not copied to ${to}: ${(problem as Error).message}`);
  }
}

export async function restore({ words: [file = ''], config: read }: Given): Promise<number> {
  const config = read();
  const { folder } = config.data;
  const lock = lockFolder(folder);
  try {
    if (!existsSync(keyFileIn(folder)))
      throw new StoreProblem(`Put the key file of the backup at ${keyFileIn(folder)} first: nothing opens without it.`);
    const key = openKeyFile(keyFileIn(folder), systemRandom);
    const kept = restoreFrom(resolve(file), { folder, keyName: key.name });
    process.stdout.write(`${file} is the database now.${kept === null ? '' : ` What was there is kept as ${kept}.`}\n`);
  } finally {
    lock.release();
  }
  return record(config);
}

/** A backup of an older version is brought up to date first, as at any start. */
async function record(config: Config): Promise<number> {
  prepareFolder(config.data.folder).release();
  const house = await openHouse(config);
  house.world.journal.append({ event: 'restore', result: 'succeeded' });
  await house.close();
  return 0;
}
