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
const policyFields =
  'passwordTrackUpdateTime || passwordCheckSyntax || passwordMinLength || passwordMinCategories || passwordHistory || passwordInHistory || ' +
  'passwordMinAge || passwordExp || passwordMaxAge || passwordMustChange || passwordLockout || passwordMaxFailure || passwordUnlock';
/** Lines of docs/directory-setup.md. */
export const dirsrvGrants = {
  policy: (service: string) =>
    `aci: (target = "ldap:///cn=config")(targetattr = "objectClass || nsslapd-pwpolicy-local || ${policyFields}")` +
    `(version 3.0; acl "Latchkey reads the password policy"; allow (read, search) userdn = "ldap:///${service}";)`,
  ownPolicies: (service: string) =>
    `aci: (targetfilter = "(objectClass=passwordPolicy)")(targetattr = "objectClass || ${policyFields}")` +
    `(version 3.0; acl "Latchkey reads local password policies"; allow (read, search) userdn = "ldap:///${service}";)`,
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

/** What is always there to be read: a policy of one's own may leave every setting to the server's. */
const [toldByServer, toldByOwn] = ['passwordMinLength', 'objectClass'];

async function policy(patient: Patient): Promise<Observation> {
  const { link, entry, state, bindDn } = patient;
  const own = entry.text('pwdPolicySubentry');
  const [place, told] = own === null ? ['cn=config', toldByServer] : [own, toldByOwn];
  const shown = await search(() => link.search({ base: place, scope: 'base', filter: present('objectClass'), attributes: [told] }));
  if ((shown?.text(told) ?? null) !== null) return policyWords(state);
  if (own === null) return fault('policy.unreadable', { cure: modify('cn=config', ['add: aci', dirsrvGrants.policy(bindDn)]) });
  const cure = modify(grantPlace(patient), ['add: aci', dirsrvGrants.ownPolicies(bindDn)]);
  return fault('policy.own-unreadable', { params: { policy: own }, cure });
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
    power(letters, patient),
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

function power(letters: ReadonlyMap<string, string>, patient: Patient): Observation {
  const writesMore = letters.get('description')?.includes('w') === true;
  const readsPasswords = letters.get('userpassword')?.includes('r') === true;
  const ownRight = ['add: aci', dirsrvGrants.reset(`cn=latchkey,ou=services,${patient.root.contextOf(patient.baseDn)}`)];
  if (writesMore && readsPasswords)
    return warning('power.root', { params: { name: patient.bindDn }, cure: modify(grantPlace(patient), ownRight) });
  if (readsPasswords) return warning('power.reads-passwords');
  return writesMore ? warning('power.writes-more', { params: { attribute: 'description' } }) : well('power.least');
}
