/** What an account is: who may sign in, where its password lives, and which role it holds. */

import type { Instant } from './time.ts';

export type AccountId = number;
export type Role = 'administrator' | 'helpdesk' | 'auditor' | 'person';

export interface Account {
  readonly id: AccountId;
  /** As typed at the door; compared by `foldLogin`. */
  readonly login: string;
  /** Where the password lives: in Latchkey (null) or in the directory of this id. A write can go nowhere else. */
  readonly home: string | null;
  /** The directory's immutable id of the entry (entryUUID, objectGUID), null for a local account. */
  readonly remoteId: string | null;
  /** Where the entry lies, as the directory spelled it; null for a local account. It changes with a rename or a move. */
  readonly dn: string | null;
  /** The DN of whom the directory names as this person's manager. */
  readonly manager?: string | null;
  readonly name: string;
  /** Unproved addresses from the directory: used to write to the person, never as a proof unless policy says so. */
  readonly mail: string | null;
  readonly mobile: string | null;
  readonly role: Role;
  /** Names of the groups, nested ones included, as the directory spells them (a DN) . */
  readonly groups: readonly string[];
  readonly isProtected: boolean;
  /** As the last sync saw it; a deleted or moved-out entry counts as disabled. Acts read the directory live. */
  readonly isDisabled: boolean;
  /** Self-service suspended by "this was not me", until helpdesk lifts it. */
  readonly suspendedAt: Instant | null;
  readonly language: string | null;
}

export const isLocal = (account: Account): boolean => account.home === null;

/** The home of local accounts, as people write it; no directory may be called so. */
export const localPlace = 'local';

/** The login with its home: what one types where somebody else has the same login in another home. */
export const placedLogin = ({ login, home }: Pick<Account, 'login' | 'home'>): string => `${login}@${home ?? localPlace}`;

/** Nearly every login is, and they are compared by the hundred thousand. */
const isFolded = /^[ -@[-~]*$/;

/** RFC 4518-like preparation that is enough to compare logins: compatibility-free NFC, case folded. */
export const foldLogin = (login: string): string =>
  isFolded.test(login) ? login : login.normalize('NFC').toLocaleLowerCase('en').toLocaleUpperCase('en').toLocaleLowerCase('en');

/** j•••@e•••.org : enough to recognise one's own address, too little to learn another's. */
export function maskMail(address: string): string {
  const at = address.lastIndexOf('@');
  const domain = address.slice(at + 1);
  const dot = domain.lastIndexOf('.');
  const [first = ''] = address;
  const [host = ''] = domain;
  return `${first}•••@${host}•••${dot > 0 ? domain.slice(dot) : ''}`;
}
