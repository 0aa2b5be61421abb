/** A bench of the directory contract on a real 389 Directory Server. */

import { openDirectory } from '../directory/directory.ts';
import { escapeValue } from '../directory/dn.ts';
import type { Account } from '../rules/account.ts';
import { day } from '../rules/time.ts';
import { type Dirsrv, startDirsrv } from './389ds.ts';
import { type Bench, type BenchPolicy, benchPolicy, overlayTraits, type Traits } from './directory-contract.ts';
import { ldifLine } from './slapd.ts';
import { accountOf, configOf, dnOf, noLog, personLdif, realClock, timeAgo } from './slapd-bench.ts';

const traits: Traits = {
  ...overlayTraits,
  // `nsAccountLock` disables; there is no lock of the administrator's besides.
  hasAdministratorLock: false,
  hasComplexity: true,
  lengthUnit: 'characters',
  // Its "7-bit check" of uid and mail is on unless somebody turns it off.
  forbiddenInLogins: /[^ -~]/g,
};

const seconds = (milliseconds: number): number => Math.round(milliseconds / 1000);
const policyFields = (policy: BenchPolicy) => ({
  passwordMinLength: policy.minimumLength,
  passwordMinCategories: policy.isComplex ? 3 : 1,
  passwordInHistory: policy.history,
  passwordMinAge: seconds(policy.minimumAge),
  passwordMaxAge: seconds(policy.maximumAge),
  passwordMaxFailure: policy.failuresToLock,
  passwordLockoutDuration: seconds(policy.lockMillis),
});

export const replaceAttributes = (dirsrv: Dirsrv, dn: string, fields: Readonly<Record<string, string>>): Promise<void> =>
  dirsrv.modify(
    `${ldifLine('dn', dn)}\nchangetype: modify\n${Object.entries(fields)
      .map(([name, value]) => `replace: ${name}\n${name}: ${value}\n-\n`)
      .join('')}\n`,
  );

/** Writes what the server would have written had the password been set then: it fixes each time by the policy of that day. */
export const agePassword = (dirsrv: Dirsrv, dn: string, since: { age: number; minimumAge: number; maximumAge: number }): Promise<void> =>
  replaceAttributes(dirsrv, dn, {
    pwdUpdateTime: timeAgo(since.age),
    passwordAllowChangeTime: timeAgo(since.age - since.minimumAge),
    passwordExpirationTime: timeAgo(since.age - since.maximumAge),
  });

export async function dirsrvBench(): Promise<Bench> {
  const dirsrv = await startDirsrv();
  const protectedGroup = `cn=protected,${dirsrv.groups}`;
  const config = configOf(dirsrv, { protectedGroups: [protectedGroup.toUpperCase()], pageSize: 7 });
  const directory = openDirectory(config, { clock: realClock, log: noLog });
  const dnFor = (account: Account) => dnOf(dirsrv, account.name);
  const groupDn = (name: string) => (name.includes(',ou=') ? name : `cn=${escapeValue(name)},${dirsrv.groups}`);
  let policy = benchPolicy;
  const age = (account: Account, milliseconds: number) => agePassword(dirsrv, dnFor(account), { age: milliseconds, ...policy });

  async function isLocked(account: Account): Promise<boolean> {
    const entry = await dirsrv.read(dnFor(account));
    return Number(entry.get('passwordRetryCount')?.[0] ?? 0) >= policy.failuresToLock && entry.has('accountUnlockTime');
  }

  return {
    traits,
    directory,
    protectedGroup,
    async addPerson(person) {
      await dirsrv.modify(personLdif(dirsrv, person));
      const entry = await dirsrv.read(dnOf(dirsrv, person.name));
      const remoteId = entry.get('nsUniqueId')?.[0] ?? '';
      const account = accountOf({ home: directory.id, remoteId, login: person.login, name: person.name });
      await age(account, day);
      return account;
    },
    async addGroup(name, members) {
      const dn = groupDn(name);
      const lines = members.map((member) => ldifLine('member', typeof member === 'string' ? member : dnFor(member)));
      const cn = name === protectedGroup ? 'protected' : name;
      await dirsrv.modify([ldifLine('dn', dn), 'objectClass: groupOfNames', ldifLine('cn', cn), ...lines, '\n'].join('\n'));
      const entry = await dirsrv.read(dn);
      return entry.get('dn')?.[0] ?? dn;
    },
    nest: (group, into) => dirsrv.modify(`${ldifLine('dn', into)}\nchangetype: modify\nadd: member\n${ldifLine('member', group)}\n\n`),
    async lock(account, by) {
      if (by === 'administrator') throw new Error('there is no such lock');
      for (let tries = 0; tries < policy.failuresToLock; tries++) await dirsrv.opens(dnFor(account), 'a wrong password');
      if (!(await isLocked(account))) throw new Error('not locked');
    },
    markMustChange: (account) => replaceAttributes(dirsrv, dnFor(account), { passwordExpirationTime: '19700101000000Z' }),
    age,
    disable: (account) => replaceAttributes(dirsrv, dnFor(account), { nsAccountLock: 'true' }),
    async setPolicy(more) {
      policy = { ...policy, ...more };
      await dirsrv.setPolicy(policyFields(policy));
    },
    async givePolicy(account, { minimumLength, history }) {
      const [container, dn] = [
        `cn=nsPwPolicyContainer,${dirsrv.people}`,
        `cn=policy of ${account.login},cn=nsPwPolicyContainer,${dirsrv.people}`,
      ];
      const rules = [
        'passwordCheckSyntax: on',
        `passwordMinLength: ${minimumLength}`,
        'passwordHistory: on',
        `passwordInHistory: ${history}`,
      ];
      await dirsrv.modify(`dn: ${container}\nobjectClass: nsContainer\ncn: nsPwPolicyContainer\n\n`);
      await dirsrv.modify([`dn: ${dn}`, 'objectClass: ldapSubentry', 'objectClass: passwordPolicy', ...rules, '\n'].join('\n'));
      await replaceAttributes(dirsrv, dnFor(account), { pwdPolicySubentry: dn });
    },
    opens: (account, password) => dirsrv.opens(dnFor(account), password),
    isLocked,
    kept: async (account) => (await dirsrv.read(dnFor(account))).get('userPassword')?.[0] ?? '',
    async close() {
      await directory.close();
      await dirsrv.close();
    },
  };
}
