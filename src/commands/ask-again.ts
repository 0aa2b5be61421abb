/** Asks one person or everybody from the console to go through their registration anew, at the next sign-in. */

import { openHouse } from '../app.ts';
import { placedLogin } from '../rules/account.ts';
import { askingAgain } from '../registration/ask-again.ts';
import { type Given, Mistake } from './given.ts';
import { knownAccount } from './known-account.ts';

export async function askAgain({ words: [typed], options: { all }, config }: Given): Promise<number> {
  if ((typed === undefined) !== (all === true)) throw new Mistake('Say whom to ask again: either a LOGIN, or --all.');
  const house = await openHouse(config());
  try {
    const account = typed === undefined ? null : knownAccount(house, typed.trim());
    const asked = askingAgain({ ...house.world, publicUrl: house.config.publicUrl })(account, { actor: 'console' });
    process.stdout.write(
      account
        ? `${placedLogin(account)} is asked again at the next sign-in.\n`
        : `Everybody is asked again at the next sign-in: ${asked} enabled accounts, those apart who are exempt or could not reset here.\n`,
    );
    return 0;
  } finally {
    await house.close();
  }
}
