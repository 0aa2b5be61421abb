/** Where each account's password lives: in Latchkey itself or in its directory, behind the same verbs. */

import { type LocalNeeds, localPasswords } from './local-passwords.ts';
import type { Account } from './rules/account.ts';
import { Refusal } from './rules/refusal.ts';
import type { Passwords, World } from './world.ts';

export function homes({ directories, ...needs }: LocalNeeds & Pick<World, 'directories'>): World['passwordsFor'] {
  const local = localPasswords(needs);
  return (account) => (account.home === null ? local(account) : (directories.of(account)?.passwords(account) ?? nowhere(account)));
}

/** A directory that was taken out of the configuration: to its people it is away, and what became of what was sent to it nobody can tell. */
function nowhere({ home }: Account): Passwords {
  const refusal = new Refusal('directory.unreachable', { raw: `no directory "${home}" is configured` });
  const refused = async () => ({ kind: 'refused', refusal }) as const;
  const away = async () => refusal;
  return {
    status: away,
    verify: away,
    set: refused,
    setTemporary: refused,
    change: refused,
    unlock: refused,
    outcome: async () => 'cannot tell',
  };
}
