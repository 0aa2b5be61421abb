/** The doctor's look at one account of a 389 Directory Server, which tells what one might do when it is asked (Get Effective Rights control). */

import { isFailure } from '../failure.ts';
import { present } from '../filter.ts';
import type { Entry, Search } from '../ldap.ts';
import { policyRequest } from '../ppolicy.ts';
import { type CheckUp, grantPlace, type Patient } from './check-up.ts';
import { fault, type Observation, type Sentence, warning, well } from './finding.ts';
import { policyWords } from './policy-words.ts';

const pagedResults = '1.2.840.113556.1.4.319';
/** draft-ietf-ldapext-acl-model-08 section 10: whose rights are asked for is given as an authorization identity. */
const effectiveRights = '1.3.6.1.4.1.42.2.27.9.5.2';

export const dirsrvCheckUp: CheckUp = {
  offers(root) {
    if (root.entry === null) return [];
    const missed: Observation[] = [];
    if (!root.offers(pagedResults)) missed.push(fault('controls.no-paging'));
    if (!root.offers(policyRequest.type)) missed.push(warning('controls.no-policy-overlay'));
    return missed.length > 0 ? missed : [well('controls.good')];
  },
  rootCure: () => null,
  sizeCure: ({ bindDn }) =>
    modify(bindDn, ['replace: nsSizeLimit', 'nsSizeLimit: -1', '-', 'replace: nsLookThroughLimit', 'nsLookThroughLimit: -1']),
  examine: async (patient) => [await policy(patient), ...(await rights(patient))],
};

const rights389 = (targets: string, what: string, verb: string) => (service: string) =>
  `aci: (targetattr = "${targets}")(version 3.0; acl "${what}"; allow (${verb}) userdn = "ldap:///${service}";)`;
/** Lines of docs/directory-setup.md. */
export const dirsrvGrants = {
  reset: rights389('userPassword', 'Latchkey sets passwords and reads none', 'write'),
  unlock: rights389(
    'accountUnlockTime || passwordRetryCount || passwordExpirationTime',
    'Latchkey unlocks, and makes a password temporary',
    'write',
  ),
};
/** Run where the server runs, or with its address. */
const modify = (dn: string, lines: readonly string[]): string =>
  ["ldapmodify -x -W -D 'cn=Directory Manager' <<'END'", `dn: ${dn}`, 'changetype: modify', ...lines, 'END'].join('\n');

/** One setting of the policy, which each of them has. */
const told = 'passwordMinLength';

async function policy({ link, entry, state }: Patient): Promise<Observation> {
  const own = entry.text('pwdPolicySubentry');
  const read = (base: string) =>
    search(() => link.search({ base, scope: 'base', filter: present('objectClass'), attributes: [told, 'objectClass'] }));
  if (own !== null) return (await read(own)) ? policyWords(state) : fault('policy.own-unreadable', { params: { policy: own } });
  return (await read('cn=config'))?.text(told) ? policyWords(state) : fault('policy.unreadable');
}

async function search(ask: () => Promise<readonly Entry[]>): Promise<Entry | null> {
  try {
    return (await ask())[0] ?? null;
  } catch (error) {
    if (isFailure(error) && error.answer) return null;
    throw error;
  }
}

async function rights(patient: Patient): Promise<Observation[]> {
  const { link, dn, bindDn, root } = patient;
  const people = grantPlace(patient);
  const asking: Search = {
    ...{ base: dn, scope: 'base', filter: present('objectClass'), attributes: [...attributes] },
    controls: [{ type: effectiveRights, isCritical: true, value: Buffer.from(`dn:${bindDn}`) }],
  };
  const shown = root.entry === null || root.offers(effectiveRights) ? await search(() => link.search(asking)) : null;
  const letters = lettersOf(shown?.text('attributeLevelRights') ?? '');
  if (letters.size === 0) return [warning('rights.unclear', { params: { attribute: 'userPassword' } })];
  const writes = (...names: readonly string[]) => names.every((name) => letters.get(name.toLowerCase())?.includes('w') === true);
  const say = (isGranted: boolean, right: 'reset' | 'unlock' | 'must-change'): Observation => {
    const line = right === 'reset' ? dirsrvGrants.reset(bindDn) : dirsrvGrants.unlock(bindDn);
    const raw = shown?.text('attributeLevelRights') ?? null;
    const no: Sentence = `rights.no-${right}`;
    return isGranted ? well(`rights.${right}`) : fault(no, { cure: modify(people, ['add: aci', line]), raw });
  };
  return [
    say(writes('userPassword'), 'reset'),
    say(writes('accountUnlockTime', 'passwordRetryCount'), 'unlock'),
    say(writes('passwordExpirationTime'), 'must-change'),
    power(letters, bindDn),
  ];
}

const attributes = ['userPassword', 'accountUnlockTime', 'passwordRetryCount', 'passwordExpirationTime', 'description'];

/** "userPassword:wo, description:none" */
const lettersOf = (text: string): ReadonlyMap<string, string> =>
  new Map(
    [...text.matchAll(/([a-z0-9;-]+):([a-z]+)/gi)].map(([, name = '', letters = '']) => [
      name.toLowerCase(),
      letters === 'none' ? '' : letters,
    ]),
  );

function power(letters: ReadonlyMap<string, string>, bindDn: string): Observation {
  const writesMore = letters.get('description')?.includes('w') === true;
  const readsPasswords = letters.get('userpassword')?.includes('r') === true;
  if (writesMore && readsPasswords) return warning('power.root', { params: { name: bindDn } });
  if (readsPasswords) return warning('power.reads-passwords');
  return writesMore ? warning('power.writes-more', { params: { attribute: 'description' } }) : well('power.least');
}
