/** The entries of the demo directory: what each shows and where it hangs. It knows no client, no request and no clear password. */

import type { Instant } from '../../rules/time.ts';
import { type FoldedName, foldName, isBelow } from './folding.ts';
import type { Credential, PasswordPolicy } from './password-policy.ts';

export type Attributes = Readonly<Record<string, readonly string[]>>;

export interface Entry {
  readonly dn: string;
  readonly name: FoldedName;
  /** entryUUID: never changes, not even over a restart. */
  readonly uuid: string;
  readonly createdAt: Instant;
  modifiedAt: Instant;
  /** User attributes, as they are now. */
  readonly attributes: () => Attributes;
  /** Of a group: its direct members. */
  readonly members?: Entry[];
  credential: Credential | null;
  /** Whether the password policy applies. The service account has none, as slapd needs it too. */
  readonly isGoverned: boolean;
}

export interface Entries {
  readonly baseDn: string;
  policy: PasswordPolicy;
  readonly policyDn: string;
  readonly all: readonly Entry[];
  add(entry: Entry): void;
  /** Null when there is none, or the text is no name. */
  find(dn: string): Entry | null;
  groupsOf(entry: Entry): readonly Entry[];
}

export function newEntries({ baseDn, policyDn, policy }: { baseDn: string; policyDn: string; policy: PasswordPolicy }): Entries {
  const all: Entry[] = [];
  const groups: Entry[] = [];
  const byName = new Map<string, Entry>();
  const key = (name: FoldedName) => name.join('\u0000');
  return {
    baseDn,
    policyDn,
    policy,
    all,
    add(entry) {
      if (byName.has(key(entry.name))) throw new Error(`the demo directory has ${entry.dn} already`);
      byName.set(key(entry.name), entry);
      all.push(entry);
      if (entry.members) groups.push(entry);
    },
    find(dn) {
      const name = foldName(dn);
      return name === null ? null : (byName.get(key(name)) ?? null);
    },
    groupsOf: (entry) => groups.filter(({ members }) => members?.includes(entry)),
  };
}

/** The entries in the scope of a search, in the order in which they were added. */
export function inScope(entries: Entries, base: FoldedName, scope: 'base' | 'one' | 'sub'): readonly Entry[] {
  const depth = { base: 0, one: 1 } as const;
  return entries.all.filter(({ name }) => isBelow(name, base) && (scope === 'sub' || name.length === base.length + depth[scope]));
}

/** Shown only when named or asked for with `+`. */
export function operationalAttributes(entry: Entry, entries: Entries): Attributes {
  const { objectClass = [] } = entry.attributes();
  return present({
    structuralObjectClass: objectClass.slice(-1),
    entryUUID: [entry.uuid],
    entryDN: [entry.dn],
    entryCSN: [`${generalizedTime(entry.modifiedAt, 6)}#000000#000#000000`],
    createTimestamp: [generalizedTime(entry.createdAt)],
    modifyTimestamp: [generalizedTime(entry.modifiedAt)],
    memberOf: entries.groupsOf(entry).map(({ dn }) => dn),
    ...(entry.credential === null ? {} : credentialAttributes(entry.credential, entry, entries)),
  });
}

/** As in slapd, a lock whose time is over stays to be seen until the next sign-in. */
function credentialAttributes(credential: Credential, { isGoverned }: Entry, { policyDn }: Entries): Attributes {
  const { changedAt, lockedAt } = credential;
  // Two changes within a second must differ, for clients watch this value.
  const pwdChangedTime = [generalizedTime(changedAt, changedAt % 1000 === 0 ? 0 : 3)];
  if (!isGoverned) return { pwdChangedTime };
  return {
    pwdPolicySubentry: [policyDn],
    pwdChangedTime,
    pwdReset: credential.mustChange ? ['TRUE'] : [],
    pwdFailureTime: credential.failedAt.map((at) => generalizedTime(at, 6)),
    pwdAccountLockedTime: lockedAt === null ? [] : [lockedAt === 'for good' ? lockedForGood : generalizedTime(lockedAt)],
    pwdGraceUseTime: credential.graceUsedAt.map((at) => generalizedTime(at, 6)),
    pwdEndTime: credential.endsAt === null ? [] : [generalizedTime(credential.endsAt)],
  };
}

/** draft-behera 5.3.3: this value of pwdAccountLockedTime is a lock that only an administrator ends. */
export const lockedForGood = '000001010000Z';

/** RFC 4517 3.3.13, in UTC. */
export function generalizedTime(at: Instant, fractionDigits = 0): string {
  const [seconds, fraction = ''] = new Date(at)
    .toISOString()
    .replace(/[-:TZ]/g, '')
    .split('.');
  return `${seconds}${fractionDigits > 0 ? `.${fraction.padEnd(fractionDigits, '0')}` : ''}Z`;
}

const present = (attributes: Attributes): Attributes =>
  Object.fromEntries(Object.entries(attributes).filter(([, values]) => values.length > 0));
