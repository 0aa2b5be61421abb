/**
 * The doctor's look at one account of an OpenLDAP. slapd has no way to ask "might I?", so it is asked to take away values that cannot be
 * there: whoever may not gets 50, whoever may gets 16, and nothing can change (measured with slapd 2.5).
 */

import { equal, present } from '../filter.ts';
import type { Change } from '../ldapjs.ts';
import { askedNow } from '../openldap-hold.ts';
import { showsLock } from '../openldap-state.ts';
import { policyRequest } from '../ppolicy.ts';
import { rawAnswer } from '../refusals.ts';
import { type CheckUp, grantPlace, type Patient } from './check-up.ts';
import { fault, type Observation, type Sentence, warning, well } from './finding.ts';
import { policyWords } from './policy-words.ts';

const pagedResults = '1.2.840.113556.1.4.319';
const passwordModify = '1.3.6.1.4.1.4203.1.11.1';
const [noSuchAttribute, noAccess] = [16, 50];

export const openldapCheckUp: CheckUp = {
  offers(root) {
    if (root.entry === null) return [];
    const missed: Observation[] = [];
    if (!root.offers(pagedResults)) missed.push(fault('controls.no-paging'));
    if (!root.offers(passwordModify)) missed.push(fault('controls.no-password-operation'));
    if (!root.offers(policyRequest.type)) missed.push(warning('controls.no-policy-overlay', { cure: overlayCure }));
    return missed.length > 0 ? missed : [well('controls.good')];
  },
  rootCure: () => configure('olcDatabase={-1}frontend,cn=config', 'olcAccess: {0}to dn.base="" by * read'),
  sizeCure: ({ bindDn }) => configure(database, openldapGrants.limit(bindDn)),
  examine: async (patient) => [...(await policy(patient)), ...(await rights(patient)), await power(patient)],
};

/** The rules of docs/directory-setup.md, each of which leaves everybody else's rights as they are. */
export const openldapGrants = {
  reset: (people: string, service: string) =>
    `olcAccess: {0}to dn.subtree="${people}" attrs=userPassword by dn.exact="${service}" =w by * break`,
  unlock: (people: string, service: string) =>
    `olcAccess: {1}to dn.subtree="${people}" attrs=pwdAccountLockedTime,pwdReset by dn.exact="${service}" =wrscd by * break`,
  hide: (service: string) => `olcAccess: {2}to attrs=userPassword,pwdHistory by dn.exact="${service}" none by * break`,
  policies: (service: string) => `olcAccess: {0}to filter="(objectClass=pwdPolicy)" by dn.exact="${service}" =rscd by * break`,
  limit: (service: string) => `olcLimits: {0}dn.exact="${service}" size.soft=unlimited size.hard=unlimited size.prtotal=unlimited`,
};

const database = 'olcDatabase={1}mdb,cn=config';
/** Run on the server, as root. A rule that is to come first is written in front, whatever its number in the documentation. */
const configure = (dn: string, line: string): string => {
  const attribute = line.slice(0, line.indexOf(':'));
  const lines = [`dn: ${dn}`, 'changetype: modify', `add: ${attribute}`, line.replace(/^(\w+: )\{\d+\}/, '$1{0}')];
  const which =
    dn === database ? ["# Which database is yours: ldapsearch -Y EXTERNAL -H ldapi:/// -b cn=config -LLL '(olcSuffix=*)' dn"] : [];
  return [...which, "ldapmodify -Y EXTERNAL -H ldapi:/// <<'END'", ...lines, 'END'].join('\n');
};
const overlayCure = [
  "ldapmodify -Y EXTERNAL -H ldapi:/// <<'END'",
  'dn: cn=module{0},cn=config',
  'changetype: modify',
  'add: olcModuleLoad',
  'olcModuleLoad: ppolicy',
  'END',
].join('\n');

/** What a policy leaves on an account even where the policy itself is hidden. */
const traces = ['pwdChangedTime', 'pwdHistory', 'pwdFailureTime', 'pwdAccountLockedTime', 'pwdReset'];

async function policy(patient: Patient): Promise<Observation[]> {
  const { link, entry, root, baseDn, state, bindDn } = patient;
  const own = entry.text('pwdPolicySubentry');
  const context = root.contextOf(baseDn);
  const cure = configure(database, openldapGrants.policies(bindDn));
  if (own !== null) {
    const [found] = await link.search({ base: own, scope: 'base', filter: present('objectClass'), attributes: ['pwdAttribute'] });
    return [found ? policyWords(state) : fault('policy.own-unreadable', { params: { policy: own }, cure })];
  }
  const found = await link.search({ base: context, scope: 'sub', filter: equal('objectClass', 'pwdPolicy'), attributes: ['pwdAttribute'] });
  if (found.some((one) => one.text('pwdAttribute') !== null)) return [policyWords(state)];
  const isGoverned = root.offers(policyRequest.type) && traces.some((name) => entry.text(name) !== null);
  return [isGoverned ? fault('policy.unreadable', { cure }) : warning('policy.none')];
}

interface Probe {
  readonly changes: readonly Change[];
  readonly may: Observation;
  readonly mayNot: Sentence;
  readonly cure: string;
}

async function rights(patient: Patient): Promise<Observation[]> {
  const { entry, bindDn, dn } = patient;
  const [people, id] = [grantPlace(patient), entry.text('entryUUID') ?? dn];
  const takeAway = (attribute: string, value: string): Change[] => [{ operation: 'delete', attribute, values: [value] }];
  const unlockCure = configure(database, openldapGrants.unlock(people, bindDn));
  const probes: Probe[] = [
    {
      changes: takeAway('userPassword', `no password is this one: ${id}`),
      ...{ may: well('rights.reset'), mayNot: 'rights.no-reset' },
      cure: configure(database, openldapGrants.reset(people, bindDn)),
    },
    {
      changes: takeAway('pwdAccountLockedTime', neverLocked),
      may: (await showsLock(patient)) ? well('rights.unlock') : fault('rights.hidden-lock', { cure: unlockCure }),
      mayNot: 'rights.no-unlock',
      cure: unlockCure,
    },
    {
      changes: takeAway('pwdReset', entry.text('pwdReset') === 'FALSE' ? 'TRUE' : 'FALSE'),
      ...{ may: well('rights.must-change'), mayNot: 'rights.no-must-change' },
      cure: unlockCure,
    },
  ];
  const found: Observation[] = [];
  for (const { changes, may, mayNot, cure } of probes) {
    const answer = await patient.link.modify(dn, changes);
    const raw = rawAnswer(answer);
    if (answer.resultCode === noSuchAttribute) found.push(may);
    else if (answer.resultCode === noAccess) found.push(fault(mayNot, { cure, raw }));
    else found.push(warning('rights.unclear', { params: { attribute: changes[0]?.attribute ?? '' }, raw }));
  }
  return found;
}

/** A moment at which no slapd has locked anybody. */
const neverLocked = '19700101000000Z';

/** Whether the service account may more than it needs: rootdn, `manage`, or a rule too many. */
async function power(patient: Patient): Promise<Observation> {
  const { dn, bindDn, baseDn, link } = patient;
  const elsewhere = await link.modify(dn, [{ operation: 'delete', attribute: 'description', values: ['no description is this one'] }]);
  const writesMore = elsewhere.resultCode === noSuchAttribute;
  const ownRight = (service: string) => configure(database, openldapGrants.reset(grantPlace(patient), service));
  if (await skipsPolicy(patient))
    return writesMore
      ? warning('power.root', { params: { name: bindDn }, cure: ownRight(`cn=latchkey,ou=services,${baseDn}`) })
      : warning('power.skips-policy', { cure: ownRight(bindDn) });
  if (await readsPassword(patient)) return warning('power.reads-passwords', { cure: configure(database, openldapGrants.hide(bindDn)) });
  return writesMore ? warning('power.writes-more', { params: { attribute: 'description' } }) : well('power.least');
}

async function readsPassword({ link, dn }: Patient): Promise<boolean> {
  const [found] = await link.search({ base: dn, scope: 'base', filter: present('objectClass'), attributes: ['userPassword'] });
  return (found?.bytes('userPassword') ?? null) !== null;
}

/** A policy that asks for no length is skipped by nobody, as far as can be seen. */
const skipsPolicy = async (patient: Patient): Promise<boolean> =>
  (patient.state.rules.minimumLength ?? 0) > 1 && (await askedNow(patient)) === false;
