/** A bench of the directory contract on a real Samba domain controller. */

import type { DirectoryConfig } from '../directory/config.ts';
import { openDirectory } from '../directory/directory.ts';
import type { Account } from '../rules/account.ts';
import type { Bench, BenchPolicy, Traits } from './directory-contract.ts';
import { fileTime, interval, type Samba, type SambaOptions, startSamba } from './samba.ts';
import { accountOf, noLog, realClock } from './slapd-bench.ts';

/** How Latchkey would be configured for this domain. */
export const sambaConfigOf = (samba: Samba, more: Partial<DirectoryConfig> = {}): DirectoryConfig => ({
  id: 'office',
  kind: 'auto',
  urls: [samba.ldaps],
  startTls: false,
  ca: samba.ca,
  bindDn: samba.serviceDn,
  bindPassword: samba.servicePassword,
  baseDn: samba.people,
  accountFilter: null,
  loginAttributes: [],
  attributes: {},
  protectedGroups: [],
  timeoutMillis: 5000,
  ...more,
});

/** The account of an entry that is there. */
export async function sambaAccountOf(samba: Samba, dn: string): Promise<Account> {
  const entry = await samba.read(dn);
  const said = (name: string) => entry.get(name)?.[0] ?? '';
  return accountOf({ home: 'office', remoteId: textOf(said('objectGUID')), login: said('sAMAccountName'), name: said('displayName') });
}

/** Written down a second time, so that the dialect's own way has something to be held against (RFC 9562 4: the first three groups, lowest byte first). */
function textOf(bytes: string): string {
  const hex = Buffer.from(bytes, 'latin1').toString('hex');
  const order = [3, 2, 1, 0, -1, 5, 4, -1, 7, 6, -1, 8, 9, -1, 10, 11, 12, 13, 14, 15];
  return order.map((at) => (at < 0 ? '-' : hex.slice(2 * at, 2 * at + 2))).join('');
}

const policyFields = (policy: Partial<BenchPolicy>): Record<string, string | number> => ({
  ...(policy.minimumLength === undefined ? {} : { minPwdLength: policy.minimumLength }),
  ...(policy.isComplex === undefined ? {} : { pwdProperties: policy.isComplex ? 1 : 0 }),
  ...(policy.history === undefined ? {} : { pwdHistoryLength: policy.history }),
  ...(policy.minimumAge === undefined ? {} : { minPwdAge: interval(policy.minimumAge) }),
  ...(policy.maximumAge === undefined ? {} : { maxPwdAge: interval(policy.maximumAge) }),
  ...(policy.failuresToLock === undefined ? {} : { lockoutThreshold: policy.failuresToLock }),
  // The window may not be longer than the lock.
  ...(policy.lockMillis === undefined
    ? {}
    : { lockoutDuration: interval(policy.lockMillis), lockOutObservationWindow: interval(policy.lockMillis) }),
});

/** `hasHint`: whether this Samba knows the control that holds a reset to the policy, as it does from 4.24 on. */
const traitsOf = ({ base }: Samba, hasHint: boolean): Traits => ({
  holdsResetToLength: true,
  holdsResetToHistory: hasHint,
  holdsResetToMinimumAge: hasHint,
  excusesStaff: true,
  hasAdministratorLock: false,
  hasComplexity: true,
  lengthUnit: 'characters',
  forbiddenInLogins: /["/\\[\]:;|=,+*?<>@]/g,
  groupsOfAll: [`CN=Domain Users,CN=Users,${base}`, `CN=Users,CN=Builtin,${base}`],
});

export async function sambaBench({ hasHint, ...options }: SambaOptions & { hasHint: boolean }): Promise<Bench> {
  const samba = await startSamba(options);
  // The contract's passwords are words; that they must be complex is not among its rules.
  await samba.setPolicy({ pwdProperties: 0 });
  const protectedGroup = `CN=protected,${samba.groups}`;
  const config = sambaConfigOf(samba, { protectedGroups: [protectedGroup.toUpperCase()], pageSize: 7 });
  const directory = openDirectory(config, { clock: realClock, log: noLog });
  const dns = new Map<string, string>();
  const dnOf = (account: Account) => dns.get(account.remoteId ?? '') ?? `no ${account.login}`;
  const setPasswordAt = (dn: string, at: number) => samba.force(dn, { pwdLastSet: fileTime(at) });

  return {
    traits: traitsOf(samba, hasHint),
    directory,
    protectedGroup,
    async addPerson(person) {
      const dn = await samba.addPerson(person);
      const account = await sambaAccountOf(samba, dn);
      dns.set(account.remoteId ?? '', dn);
      await setPasswordAt(dn, Date.now() - 86_400_000);
      return account;
    },
    async addGroup(name, members) {
      const dn = await samba.addGroup(
        name === protectedGroup ? 'protected' : name,
        members.map((member) => (typeof member === 'string' ? member : dnOf(member))),
      );
      return (await samba.read(dn)).get('dn')?.[0] ?? dn;
    },
    nest: (group, into) => samba.extend(into, { member: group }),
    async lock(account, by) {
      if (by === 'administrator') throw new Error('an Active Directory has no such lock');
      await samba.lock(dnOf(account));
    },
    markMustChange: (account) => samba.replace(dnOf(account), { pwdLastSet: 0 }),
    age: (account, milliseconds) => setPasswordAt(dnOf(account), Date.now() - milliseconds),
    disable: (account) => samba.replace(dnOf(account), { userAccountControl: 0x202 }),
    setPolicy: (policy) => samba.setPolicy(policyFields(policy)),
    async givePolicy(account, { minimumLength, history }) {
      const fields = { 'msDS-MinimumPasswordLength': minimumLength, 'msDS-PasswordHistoryLength': history };
      await samba.addPolicy(`policy of ${account.login}`, fields, [dnOf(account)]);
    },
    opens: (account, password) => samba.opens(dnOf(account), password),
    isLocked: async (account) => samba.isLocked(dnOf(account)),
    kept: null,
    async close() {
      await directory.close();
      await samba.close();
    },
  };
}
