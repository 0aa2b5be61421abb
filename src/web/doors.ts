/** Who may come through which door, and where the others are sent. Closed by default: a door that names nobody opens for nobody. */

import type { Account, Role } from '../rules/account.ts';
import type { Instant } from '../rules/time.ts';
import type { Session } from '../world.ts';
import type { Route, Who } from './visit.ts';

type Standing = Session['standing'];

/** What somebody who has signed in must do before anything else that takes a session. It is asked at such doors alone. */
export interface Duty {
  isOwed(account: Account, at: Instant): boolean;
  /** The page that asks for it, which is told `next`. */
  readonly page: string;
  /** The portal in which it is done. */
  readonly portal: string;
}

interface Key {
  readonly standings: readonly Standing[];
  readonly roles: readonly Role[];
}
const everyRole: readonly Role[] = ['administrator', 'helpdesk', 'auditor', 'person'];

const keys: Readonly<Record<Exclude<Who, 'anyone'>, Key>> = {
  'signed in': { standings: ['full'], roles: everyRole },
  'second step': { standings: ['second step'], roles: everyRole },
  /** Who has signed in fully enrols here too. */
  enrolment: { standings: ['enrolment', 'full'], roles: everyRole },
  administrator: { standings: ['full'], roles: ['administrator'] },
  staff: { standings: ['full'], roles: ['administrator', 'helpdesk', 'auditor'] },
};

/** 'sign in': a session of another standing, or none, would be needed. 'not for you': no session of this account opens it. */
export function standingAt(who: Who, person: { session: Session; account: Account } | null): 'welcome' | 'sign in' | 'not for you' {
  if (who === 'anyone') return 'welcome';
  const key = keys[who];
  if (person === null || !key.standings.includes(person.session.standing)) return 'sign in';
  return key.roles.includes(person.account.role) ? 'welcome' : 'not for you';
}

/** Doors without a lock stay open: whoever signs out comes through them as well. */
export const isBehind = ({ portal }: Duty, { who, path }: Route): boolean =>
  who !== 'anyone' && path !== portal && !path.startsWith(`${portal}/`);

/** Where a half-finished sign-in goes on: the page made for it, or sign-in itself. Never back to the page that sent it away. */
export function placeToGoOn(routes: readonly Route[], person: { session: Session } | null): string | null {
  if (person === null) return null;
  const { standing } = person.session;
  const made = routes.find(
    ({ method, who, path }) => method === 'GET' && who === (standing === 'full' ? 'signed in' : standing) && !path.includes(':'),
  );
  return made?.path ?? null;
}
