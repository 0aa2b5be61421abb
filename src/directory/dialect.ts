/** What one kind of directory says differently. A further kind is one more file that fulfils `Dialect` and one more line in `dialects.ts`. */

import type { Refusal } from '../rules/refusal.ts';
import type { Instant } from '../rules/time.ts';
import type { DirectoryRefusalKey } from '../rules/vocabulary.ts';
import type { PasswordStatus, Verified } from '../world.ts';
import type { AttributeNames, DirectoryKind } from './config.ts';
import type { Filter } from './filter.ts';
import type { Answer, Entry, Link, RequestControl } from './ldap.ts';
import type { Root } from './root.ts';

/** What a person's entry says of the password; the rest of a PasswordStatus is the same for all kinds. */
export type State = Omit<PasswordStatus, 'server' | 'isProtected'>;

/** One person's entry on one server, and the service account's connection to it. */
export interface Place {
  readonly link: Link;
  readonly dn: string;
  readonly entry: Entry;
  readonly baseDn: string;
  readonly root: Root;
  /** Of config.toml: the policy of who has none of their own, where the kind does not tell. */
  readonly policyDn: string | null;
}

/** How a server tells what changed. Both standings are opaque. */
export interface ChangeLog {
  /** Where this server stands now; null when it does not say. */
  standing(link: Link, now: Instant): Promise<string | null>;
  /** What it has taken in from the one standing to the other, and perhaps a little more; null when they are not of one server. */
  since(before: string, after: string): Filter | null;
  /** An attribute that is another after every change, where `since` may tell of a change more than once. */
  readonly stamp: string | null;
  /** What `since` asks by, where a server may hide it: then it would find nobody, and call that an answer (RFC 4511 4.5.1.7). */
  readonly asksBy: string | null;
}

export interface Dialect {
  readonly kind: Exclude<DirectoryKind, 'auto'>;
  /** By the server's root entry (RFC 4512 5.1). */
  isSpokenBy(root: Entry): boolean;

  readonly people: Filter;
  readonly loginAttributes: readonly string[];
  readonly attributes: AttributeNames;
  /** The entry's immutable id, and what else `isDisabled` and `state` need. */
  readonly personAttributes: readonly string[];
  /** The attribute that `idOf` reads. */
  readonly idAttribute: string;
  idOf(entry: Entry): string | null;
  /** Null when this cannot be an id. */
  withId(id: string): Filter | null;
  isDisabled(entry: Entry, now: Instant): boolean;
  /** By what the directory itself says of the entry, groups aside. */
  isProtected(entry: Entry): boolean;
  /** Whether somebody who binds by this name is this entry: not every server wants a DN. */
  isNamed(entry: Entry, bindName: string): boolean;

  readonly groups: Filter;
  /** Below it lie the groups that count, which may lie outside the people's base. */
  groupBase(root: Root, baseDn: string): string;
  /**
   * DNs of the groups whose members, nested ones included, the directory itself guards from a service account with few rights. Throws a Refusal
   * where they are hidden.
   */
  administrators(link: Link, base: string): Promise<readonly string[]>;
  /** Attributes that hold members' DNs. */
  readonly memberAttributes: readonly string[];
  /** As which they are asked for, where a server gives so many values and no more at once; see `ranges.ts`. */
  readonly memberRange: string | null;
  /** What else of a group names members: which attribute of a person it means, and how one person's groups of that sort are found. */
  readonly memberNames: { readonly attribute: string; readonly means: string; groupsOf(person: Entry): readonly Filter[] } | null;

  readonly changes: ChangeLog;

  state(place: Place, now: Instant): Promise<State>;

  /** What stands against writing, whatever is written, that the state alone does not tell. */
  obstacle(place: Place & { readonly state: State }, now: Instant): Promise<Refusal | null>;

  readonly bindControls: readonly RequestControl[];
  /** What the answer to a person's bind says of the password; a refusal when it was wrong or cannot be told. */
  verdict(answer: Answer): Verified | Refusal;

  /** Each sends one changing request, after `beforeSending`, and returns its answer. */
  set(place: Place, password: string, beforeSending: () => void): Promise<Answer>;
  /** As `set`, for a password by staff, where one is excused from history and minimum age: `rules.onReset.excusesStaff`. */
  setByStaff?(place: Place, password: string, beforeSending: () => void): Promise<Answer>;
  /** `own` is bound as the person, or null where the right password does not let one in (expired, must change). The current password was proved. */
  change(place: Place, passwords: { current: string; password: string; own: Link | null }, beforeSending: () => void): Promise<Answer>;
  unlock(place: Place, beforeSending: () => void): Promise<Answer>;
  /** Where a server does not name the rule behind a no: what it must be, by the state before; null when that tells nothing either. */
  unnamed?(answer: Answer, state: State): DirectoryRefusalKey | null;
  /** After a set that the person asked for: takes away what would make the new password a temporary one. */
  settle(place: Place): Promise<void>;
  /** The password in force is good for one sign-in, which must choose another. */
  makeTemporary(place: Place, beforeSending: () => void): Promise<Answer>;
  /** Where a new password leaves a lockout in place, which then goes by a request of its own. */
  readonly setKeepsLock?: true;
}
