/** Puts the demo office's people, groups and policy up as entries, as an OpenLDAP of a small office has them. It answers nothing. */

import type { Instant } from '../../rules/time.ts';
import type { Random } from '../../world.ts';
import { escapeValue } from '../dn.ts';
import { type Attributes, type Entries, type Entry, newEntries } from './entries.ts';
import { foldName } from './folding.ts';
import type { DemoOffice, DemoPerson } from './office.ts';
import type { PasswordHash } from './password-hash.ts';
import { type Credential, freshCredential, lockedByFailures, type PasswordPolicy } from './password-policy.ts';
import type { KeptEntry } from './state-file.ts';

export const baseDn = 'dc=latchkey,dc=example';
export const serviceDn = `cn=latchkey,ou=services,${baseDn}`;
export const personDn = (login: string): string => `uid=${escapeValue(login)},ou=people,${baseDn}`;
export const groupDn = (name: string): string => `cn=${escapeValue(name)},ou=groups,${baseDn}`;

interface Needs {
  readonly now: () => Instant;
  readonly random: Pick<Random, 'bytes'>;
  readonly passwords: PasswordHash;
  readonly kept: ReadonlyMap<string, KeptEntry>;
}

export interface Building {
  readonly entries: Entries;
  readonly service: Entry;
  /** Resolves to the new entry; its password is the one given, unless an earlier run kept another. */
  addPerson(person: DemoPerson): Promise<Entry>;
  addGroup(name: string, members: readonly Entry[]): Entry;
}

export async function build({ people, groups, policy }: DemoOffice, servicePassword: string, needs: Needs): Promise<Building> {
  const { now, passwords, kept } = needs;
  const entries = newEntries({ baseDn, policyDn: `cn=default,ou=policies,${baseDn}`, policy });

  function add(dn: string, attributes: () => Attributes, more: Partial<Pick<Entry, 'credential' | 'members' | 'isGoverned'>> = {}): Entry {
    const { uuid = newUuid(needs.random), createdAt = now(), modifiedAt = now(), credential = null } = kept.get(dn) ?? {};
    const entry: Entry = { dn, name: foldName(dn) ?? [], uuid, createdAt, modifiedAt, attributes, credential, isGoverned: false, ...more };
    entries.add(entry);
    return entry;
  }

  /** Null where an earlier run's is kept. */
  async function firstCredential({ login, password, begins }: DemoPerson): Promise<Credential | null> {
    if (kept.has(personDn(login))) return null;
    const credential = freshCredential(await passwords.hash(password), now());
    if (begins === 'must change') return { ...credential, mustChange: true };
    return begins === 'locked' ? lockedByFailures(credential, entries.policy, now()) : credential;
  }

  function place(person: DemoPerson, credential: Credential | null): Entry {
    const attributes = personAttributes(person);
    return add(personDn(person.login), () => attributes, { isGoverned: true, ...(credential === null ? {} : { credential }) });
  }

  function addGroup(name: string, members: readonly Entry[]): Entry {
    const list = [...members];
    return add(groupDn(name), () => ({ objectClass: ['top', 'groupOfNames'], cn: [name], member: list.map(({ dn }) => dn) }), {
      members: list,
    });
  }

  add(baseDn, () => ({ objectClass: ['top', 'dcObject', 'organization'], dc: ['latchkey'], o: ['Latchkey demo office'] }));
  for (const unit of ['people', 'groups', 'policies', 'services']) {
    add(`ou=${unit},${baseDn}`, () => ({ objectClass: ['top', 'organizationalUnit'], ou: [unit] }));
  }
  add(entries.policyDn, () => policyAttributes(entries.policy));
  const service = add(serviceDn, () => ({ objectClass: ['top', 'organizationalRole', 'simpleSecurityObject'], cn: ['latchkey'] }), {
    credential: freshCredential(await passwords.hash(servicePassword), now()),
  });
  const credentials = await Promise.all(people.map(firstCredential));
  for (const [index, person] of people.entries()) place(person, credentials[index] ?? null);
  const find = (dn: string): Entry => entries.find(dn) ?? fail(dn);
  // All groups before any member, for they may hold each other.
  for (const { name } of groups) addGroup(name, []);
  for (const { name, people: logins, groups: inner = [] } of groups) {
    find(groupDn(name)).members?.push(...[...logins.map(personDn), ...inner.map(groupDn)].map(find));
  }
  return { entries, service, addPerson: async (person) => place(person, await firstCredential(person)), addGroup };
}

function fail(dn: string): never {
  throw new Error(`the demo office names ${dn}, which it does not have`);
}

function personAttributes({ login, name, mail, mobile, title }: DemoPerson): Attributes {
  const family = name.split(' ').at(-1) || name;
  return {
    objectClass: ['top', 'person', 'organizationalPerson', 'inetOrgPerson'],
    uid: [login],
    cn: [name],
    sn: [family],
    displayName: [name],
    ...(title === undefined ? {} : { title: [title] }),
    ...(mail === undefined ? {} : { mail: [mail] }),
    ...(mobile === undefined ? {} : { mobile: [mobile] }),
  };
}

/** Spans in whole seconds, as the draft has them. */
function policyAttributes(policy: PasswordPolicy): Attributes {
  const seconds = (milliseconds: number) => [String(Math.round(milliseconds / 1000))];
  return {
    objectClass: ['top', 'device', 'pwdPolicy'],
    cn: ['default'],
    pwdAttribute: ['userPassword'],
    pwdMinLength: [String(policy.minimumLength)],
    pwdCheckQuality: ['2'],
    pwdInHistory: [String(policy.history)],
    pwdMinAge: seconds(policy.minimumAge),
    pwdMaxAge: seconds(policy.maximumAge),
    pwdExpireWarning: seconds(policy.warning),
    pwdGraceAuthNLimit: [String(policy.graceLogins)],
    pwdLockout: [policy.failuresToLock > 0 ? 'TRUE' : 'FALSE'],
    pwdMaxFailure: [String(policy.failuresToLock)],
    pwdLockoutDuration: seconds(policy.lockMillis),
    pwdFailureCountInterval: seconds(policy.failureMillis),
    pwdMustChange: ['TRUE'],
    pwdAllowUserChange: ['TRUE'],
    pwdSafeModify: [policy.safeModify ? 'TRUE' : 'FALSE'],
  };
}

/** RFC 9562 5.4. */
function newUuid(random: Pick<Random, 'bytes'>): string {
  const octets = Buffer.from(random.bytes(16));
  octets[6] = ((octets[6] ?? 0) & 0x0f) | 0x40;
  octets[8] = ((octets[8] ?? 0) & 0x3f) | 0x80;
  return octets.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
