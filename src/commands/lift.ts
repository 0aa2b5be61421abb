/** Lets one person in again from the console: a suspension by "this was not me" is lifted, and what is counted against them. */

import { lifts } from '../admin/lifts.ts';
import { openHouse } from '../app.ts';
import { placedLogin } from '../rules/account.ts';
import type { Given } from './given.ts';
import { knownAccount } from './known-account.ts';

export async function lift({ words: [login = ''], config }: Given): Promise<number> {
  const house = await openHouse(config());
  try {
    const account = knownAccount(house, login.trim());
    const { clearCounters } = house.desk;
    const { liftCounters, liftSuspension } = lifts({ ...house.world, publicUrl: house.config.publicUrl, clearCounters });
    const by = { actor: 'console' };
    liftCounters(account, by);
    const isOpened = liftSuspension(account, by) === 'lifted';
    const more = isOpened ? ', and self-service is open for them again' : '';
    process.stdout.write(`Nothing is counted against ${placedLogin(account)} any more${more}.\n`);
    return 0;
  } finally {
    await house.close();
  }
}
