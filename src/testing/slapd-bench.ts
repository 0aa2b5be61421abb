/** A bench of the directory contract on a real slapd. */

import { openDirectory } from '../directory/directory.ts';
import type { DirectoryConfig } from '../directory/config.ts';
import { escapeValue } from '../directory/dn.ts';
import type { Account } from '../rules/account.ts';
import { type Bench, type BenchPolicy, overlayTraits } from './directory-contract.ts';
import { ldifLine, type Slapd, type SlapdOptions, startSlapd } from './slapd.ts';

export const realClock = {
  now: () => Date.now(),
  sleep: (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds)),
};
export const noLog = { info: () => undefined, warn: () => undefined };

/** How Latchkey would be configured for this slapd. */
export const configOf = (
  slapd: Pick<Slapd, 'ldaps' | 'ca' | 'serviceDn' | 'servicePassword' | 'base'>,
  more: Partial<DirectoryConfig> = {},
): DirectoryConfig => ({
  id: 'office',
  kind: 'auto',
  urls: [slapd.ldaps],
  startTls: false,
  ca: slapd.ca,
  bindDn: slapd.serviceDn,
  bindPassword: slapd.servicePassword,
  baseDn: slapd.base,
  accountFilter: null,
  loginAttributes: [],
  attributes: {},
  protectedGroups: [],
  timeoutMillis: 5000,
  ...more,
});

export const accountOf = (person: { home: string; remoteId: string; login: string; name: string }): Account => ({
  id: 1,
  dn: null,
  mail: null,
  mobile: null,
  role: 'person',
  groups: [],
  isProtected: false,
  isDisabled: false,
  suspendedAt: null,
  language: null,
  home: person.home,
  remoteId: person.remoteId,
  login: person.login,
  name: person.name,
});

/** LDIF of a person, named in the DN by `cn`. */
export function personLdif(
  slapd: Pick<Slapd, 'people'>,
  person: { login: string; name: string; password: string; mail?: string; mobile?: string },
): string {
  const optional = [
    person.mail === undefined ? [] : ldifLine('mail', person.mail),
    person.mobile === undefined ? [] : ldifLine('mobile', person.mobile),
  ];
  return [
    ldifLine('dn', dnOf(slapd, person.name)),
    'objectClass: inetOrgPerson',
    ldifLine('cn', person.name),
    'sn: Person',
    ldifLine('uid', person.login),
    ldifLine('userPassword', person.password),
    ...optional.flat(),
    '\n',
  ].join('\n');
}
export const dnOf = ({ people }: Pick<Slapd, 'people'>, name: string): string => `cn=${escapeValue(name)},${people}`;

/** Generalized time of so many milliseconds ago, in whole seconds. */
export const timeAgo = (milliseconds: number): string =>
  `${new Date(Date.now() - milliseconds).toISOString().replace(/[-:T]|\.\d+Z/g, '')}Z`;

const seconds = (milliseconds: number): number => Math.round(milliseconds / 1000);
const policyFields = (policy: Partial<BenchPolicy>): Record<string, number> => ({
  ...(policy.minimumLength === undefined ? {} : { pwdMinLength: policy.minimumLength }),
  ...(policy.history === undefined ? {} : { pwdInHistory: policy.history }),
  ...(policy.minimumAge === undefined ? {} : { pwdMinAge: seconds(policy.minimumAge) }),
  ...(policy.maximumAge === undefined ? {} : { pwdMaxAge: seconds(policy.maximumAge) }),
  ...(policy.failuresToLock === undefined ? {} : { pwdMaxFailure: policy.failuresToLock }),
  ...(policy.lockMillis === undefined ? {} : { pwdLockoutDuration: seconds(policy.lockMillis) }),
});

/** With the right `manage`, the overlay takes the service account for a password administrator and holds its resets to nothing. */
export async function slapdBench(options: Pick<SlapdOptions, 'passwordRight'> = {}): Promise<Bench> {
  const slapd = await startSlapd(options);
  const isHeld = options.passwordRight !== 'manage';
  const protectedGroup = `cn=protected,${slapd.groups}`;
  const config = configOf(slapd, { protectedGroups: [protectedGroup.toUpperCase()], pageSize: 7 });
  const directory = openDirectory(config, { clock: realClock, log: noLog });
  const dnFor = (account: Account) => dnOf(slapd, account.name);
  const change = (account: Account, lines: string) => slapd.force(`${ldifLine('dn', dnFor(account))}\nchangetype: modify\n${lines}\n`);
  const replace = (account: Account, attribute: string, value: string) =>
    change(account, `replace: ${attribute}\n${attribute}: ${value}\n`);
  const groupDn = (name: string) => (name.includes(',ou=') ? name : `cn=${escapeValue(name)},${slapd.groups}`);

  return {
    traits: { ...overlayTraits, holdsResetToLength: isHeld, holdsResetToHistory: isHeld, holdsResetToMinimumAge: isHeld },
    directory,
    protectedGroup,
    async addPerson(person) {
      await slapd.add(personLdif(slapd, person));
      const entry = await slapd.read(dnOf(slapd, person.name));
      const account = accountOf({
        home: directory.id,
        remoteId: entry.get('entryUUID')?.[0] ?? '',
        login: person.login,
        name: person.name,
      });
      await replace(account, 'pwdChangedTime', timeAgo(86_400_000));
      return account;
    },
    async addGroup(name, members) {
      const dn = groupDn(name);
      const lines = members.map((member) => ldifLine('member', typeof member === 'string' ? member : dnFor(member)));
      const cn = name === protectedGroup ? 'protected' : name;
      await slapd.add([ldifLine('dn', dn), 'objectClass: groupOfNames', ldifLine('cn', cn), ...lines, '\n'].join('\n'));
      const entry = await slapd.read(dn);
      return entry.get('dn')?.[0] ?? dn;
    },
    nest: (group, into) => slapd.modify(`${ldifLine('dn', into)}\nchangetype: modify\nadd: member\n${ldifLine('member', group)}\n\n`),
    async lock(account, by) {
      if (by === 'administrator') return replace(account, 'pwdAccountLockedTime', '000001010000Z');
      for (let tries = 0; tries < 3; tries++) await slapd.opens(dnFor(account), 'a wrong password');
      if (!(await slapd.read(dnFor(account))).has('pwdAccountLockedTime')) throw new Error('not locked');
    },
    markMustChange: (account) => replace(account, 'pwdReset', 'TRUE'),
    age: (account, milliseconds) => replace(account, 'pwdChangedTime', timeAgo(milliseconds)),
    disable: (account) => replace(account, 'pwdEndTime', timeAgo(3_600_000)),
    setPolicy: (policy) => slapd.setPolicy(policyFields(policy)),
    async givePolicy(account, policy) {
      await replace(account, 'pwdPolicySubentry', await slapd.addPolicy(`policy of ${account.login}`, policyFields(policy)));
    },
    opens: (account, password) => slapd.opens(dnFor(account), password),
    isLocked: async (account) => (await slapd.read(dnFor(account))).has('pwdAccountLockedTime'),
    kept: async (account) => (await slapd.read(dnFor(account))).get('userPassword')?.[0] ?? '',
    async close() {
      await directory.close();
      await slapd.close();
    },
  };
}
