/** The account of a login that an operator typed, or the mistake in it. */

import type { House } from '../app.ts';
import { frontDoor, isSeveral } from '../front-door.ts';
import { type Account, placedLogin } from '../rules/account.ts';
import { Mistake } from './given.ts';

export function knownAccount({ world }: House, login: string): Account {
  const found = frontDoor(world).known(login);
  if (found === null) throw new Mistake(`${login} is not known: misspelt, or not synced yet.`);
  if (isSeveral(found)) throw new Mistake(`${login} is a login in several homes: say ${found.several.map(placedLogin).join(' or ')}.`);
  return found;
}
