/** A copy of the database while it is in use, and its way back. */

import { copyFileSync, constants } from 'node:fs';
import { resolve } from 'node:path';
import { keyFileIn, openHouse } from '../app.ts';
import type { Given } from './given.ts';
import { backUp, restoreFrom } from '../store/backup.ts';
import { lockFolder } from '../store/database.ts';
import { systemRandom } from '../system.ts';
import { openKeyFile } from '../vault.ts';

export async function backup({ words: [file = ''], options, config }: Given): Promise<number> {
  const house = await openHouse(config());
  try {
    await backUp(house.db, resolve(file));
    process.stdout.write(`${file} holds the database. It opens only with key ${house.keyFile.name}, which is not in it.\n`);
    const keyCopy = options['with-key'];
    if (typeof keyCopy === 'string') {
      copyFileSync(keyFileIn(house.config.data.folder), keyCopy, constants.COPYFILE_EXCL);
      process.stdout.write(`${keyCopy} holds the key. Keep the two apart.\n`);
    }
    house.world.journal.append({ event: 'backup', result: 'succeeded' });
    return 0;
  } finally {
    await house.close();
  }
}

export async function restore({ words: [file = ''], config }: Given): Promise<number> {
  const { folder } = config().data;
  const lock = lockFolder(folder);
  try {
    const key = openKeyFile(keyFileIn(folder), systemRandom);
    const kept = restoreFrom(resolve(file), { folder, keyName: key.name });
    process.stdout.write(`${file} is the database now.${kept === null ? '' : ` What was there is kept as ${kept}.`}\n`);
    return 0;
  } finally {
    lock.release();
  }
}
