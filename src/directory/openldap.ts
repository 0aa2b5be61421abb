/** OpenLDAP with its password policy overlay (slapo-ppolicy(5), draft-behera-ldap-password-policy-10). Behaviour measured with slapd 2.5. */

import { noDirectoryRules } from '../rules/password.ts';
import { type Instant, second } from '../rules/time.ts';
import type { Dialect, Place, State } from './dialect.ts';
import { isSameDn } from './dn.ts';
import { equal, or, present } from './filter.ts';
import { instantOf } from './generalized-time.ts';
import type { Entry, Link } from './ldap.ts';
import { modifyPasswordOid, modifyPasswordValue, policyAnswer, policyErrors, policyRequest } from './ppolicy.ts';
import { refusalOf } from './refusals.ts';

const controls = [policyRequest];
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const noSuchAttribute = 16;

export const openldap: Dialect = {
  kind: 'openldap',
  isSpokenBy: (root) =>
    root.texts('structuralObjectClass').includes('OpenLDAProotDSE') || root.texts('objectClass').includes('OpenLDAProotDSE'),

  people: equal('objectClass', 'inetOrgPerson'),
  loginAttributes: ['uid', 'mail'],
  attributes: { name: 'cn', mail: 'mail', mobile: 'mobile', phone: 'telephoneNumber' },
  personAttributes: [
    'entryUUID',
    'pwdChangedTime',
    'pwdAccountLockedTime',
    'pwdAccountTmpLockoutEnd',
    'pwdFailureTime',
    'pwdReset',
    'pwdPolicySubentry',
    'pwdStartTime',
    'pwdEndTime',
  ],
  idOf: (entry) => entry.text('entryUUID'),
  withId: (id) => (uuid.test(id) ? equal('entryUUID', id) : null),
  /** The policy overlay has no other way to switch an account off. */
  isDisabled(entry, now) {
    const [start, end] = [instantOf(entry.text('pwdStartTime')), instantOf(entry.text('pwdEndTime'))];
    return (start !== null && start > now) || (end !== null && end <= now);
  },

  isProtected: () => false,
  isNamed: (entry, bindName) => isSameDn(entry.dn, bindName),

  groups: or(equal('objectClass', 'groupOfNames'), equal('objectClass', 'groupOfUniqueNames'), equal('objectClass', 'posixGroup')),
  groupBase: (_root, baseDn) => baseDn,
  administrators: async () => [],
  memberAttributes: ['member', 'uniqueMember'],
  memberRange: null,
  memberNames: { attribute: 'memberUid', means: 'uid', groupsOf: (person) => person.texts('uid').map((uid) => equal('memberUid', uid)) },

  state,

  bindControls: controls,
  /** An expired password is told from a wrong one: slapd says "expired" only after it has compared. */
  verdict(answer) {
    const { error, graceLeft } = policyAnswer(answer);
    if (answer.resultCode === 0) return { mustChange: error === policyErrors.changeAfterReset, isExpired: graceLeft !== null };
    return error === policyErrors.expired ? { mustChange: false, isExpired: true } : refusalOf(answer);
  },

  set: ({ link, dn }, password, beforeSending) =>
    link.extended(modifyPasswordOid, modifyPasswordValue({ dn, password }), { controls, beforeSending }),
  /**
   * As the person wherever they can get in, so that the overlay sees a change and not a reset. Who has expired cannot: then the service
   * account deletes the old value and adds the new one, which the overlay checks against the old (RFC 3062 with the old password is refused
   * to whom may not read it).
   */
  change({ link, dn }, { current, password, own }, beforeSending) {
    if (own) return own.extended(modifyPasswordOid, modifyPasswordValue({ dn, current, password }), { controls, beforeSending });
    const changes = [
      { operation: 'delete', attribute: 'userPassword', values: [current] },
      { operation: 'add', attribute: 'userPassword', values: [password] },
    ] as const;
    return link.modify(dn, changes, { controls, beforeSending });
  },
  /** A delete also clears the failures counted so far, a replace would leave them: the next slip would lock again. Not locked is as good. */
  async unlock({ link, dn }, beforeSending) {
    const answer = await link.modify(dn, [{ operation: 'delete', attribute: 'pwdAccountLockedTime', values: [] }], {
      controls,
      beforeSending,
    });
    return answer.resultCode === noSuchAttribute ? { ...answer, resultCode: 0 } : answer;
  },
  /** With the right `manage` on userPassword, and pwdMustChange, slapd marks what the service account sets as temporary. */
  async settle({ link, dn }) {
    const [now] = await link.search({ base: dn, scope: 'base', filter: present('objectClass'), attributes: ['pwdReset'] });
    if (now?.text('pwdReset') === 'TRUE')
      await link.modify(dn, [{ operation: 'replace', attribute: 'pwdReset', values: [] }], { controls });
  },
  makeTemporary: ({ link, dn }, beforeSending) =>
    link.modify(dn, [{ operation: 'replace', attribute: 'pwdReset', values: ['TRUE'] }], { controls, beforeSending }),
};

/** The fields of a policy that bind one person; null where the policy does not say or cannot be read. */
interface PolicyFields {
  number(name: string): number | null;
  flag(name: string): boolean | null;
}

async function state(place: Place, now: Instant): Promise<State> {
  const { entry } = place;
  const policy = await policyOf(place);
  const seconds = (name: string) => ((policy.number(name) ?? 0) > 0 ? (policy.number(name) ?? 0) * second : null);
  const changedAt = instantOf(entry.text('pwdChangedTime'));
  const mustChange = entry.text('pwdReset') === 'TRUE' && policy.flag('pwdMustChange') !== false;
  const [minimumAge, maximumAge] = [seconds('pwdMinAge'), seconds('pwdMaxAge')];
  const expiresAt = changedAt !== null && maximumAge !== null ? changedAt + maximumAge : null;
  const youngUntil = changedAt !== null && minimumAge !== null ? changedAt + minimumAge : null;
  const length = policy.number('pwdMinLength') ?? 0;
  return {
    marker: entry.text('pwdChangedTime'),
    isDisabled: openldap.isDisabled(entry, now),
    lock: lockOf(entry, policy, now),
    mustChange,
    isExpired: expiresAt !== null && expiresAt <= now,
    changedAt,
    expiresAt,
    // Who must change may, however young the password is (measured).
    changeableAt: youngUntil !== null && youngUntil > now && !mustChange ? youngUntil : null,
    failuresLeft: failuresLeft(entry, policy, now),
    rules: {
      ...noDirectoryRules,
      // slapd compares bytes, and only when it checks quality at all.
      lengthUnit: 'bytes',
      minimumLength: length > 0 && (policy.number('pwdCheckQuality') ?? 0) > 0 ? length : null,
      history: policy.number('pwdInHistory') || null,
      minimumAge,
      maximumAge,
      onReset: { history: true, minimumAge: true },
    },
  };
}

/** Given by an administrator, for good; slapd itself writes it only where a lockout has no end. */
const lockedForGood = '000001010000Z';

function lockOf(entry: Entry, policy: PolicyFields, now: Instant): State['lock'] {
  const locked = entry.text('pwdAccountLockedTime');
  const pause = instantOf(entry.text('pwdAccountTmpLockoutEnd'));
  if (locked === null) return pause !== null && pause > now ? 'lockout' : 'none';
  const duration = policy.number('pwdLockoutDuration') ?? 0;
  if (locked === lockedForGood) {
    const most = policy.number('pwdMaxFailure') ?? 0;
    const isFromFailures = policy.number('pwdLockoutDuration') === 0 && most > 0 && entry.texts('pwdFailureTime').length >= most;
    return isFromFailures ? 'lockout' : 'administrator';
  }
  if (policy.flag('pwdLockout') === false) return 'none';
  const since = instantOf(locked);
  return duration === 0 || since === null || since + duration * second > now ? 'lockout' : 'none';
}

function failuresLeft(entry: Entry, policy: PolicyFields, now: Instant): number | null {
  const most = policy.number('pwdMaxFailure') ?? 0;
  if (policy.flag('pwdLockout') !== true || most === 0) return null;
  const span = (policy.number('pwdFailureCountInterval') ?? 0) * second;
  const counted = entry.texts('pwdFailureTime').filter((time) => span === 0 || (instantOf(time) ?? now) + span > now);
  return Math.max(0, most - counted.length);
}

/** The person's own policy, or the default one: which that is stands in cn=config, out of our sight, so it is looked for by its name. */
async function policyOf({ link, entry, baseDn, root }: Place): Promise<PolicyFields> {
  const own = entry.text('pwdPolicySubentry');
  const [found] = own === null ? await defaultPolicies(link, root.contextOf(baseDn)) : await readPolicy(link, own);
  return {
    number: (name) => {
      const text = found?.text(name) ?? null;
      return text !== null && /^\d+$/.test(text) ? Number(text) : null;
    },
    flag: (name) => ({ TRUE: true, FALSE: false })[found?.text(name) ?? ''] ?? null,
  };
}

const policyAttributes = [
  'cn',
  'pwdMinLength',
  'pwdCheckQuality',
  'pwdInHistory',
  'pwdMinAge',
  'pwdMaxAge',
  'pwdLockout',
  'pwdLockoutDuration',
  'pwdMaxFailure',
  'pwdFailureCountInterval',
  'pwdMustChange',
];

const readPolicy = (link: Link, dn: string) =>
  link.search({ base: dn, scope: 'base', filter: present('objectClass'), attributes: policyAttributes });

async function defaultPolicies(link: Link, context: string): Promise<readonly Entry[]> {
  const policies = await link.search({
    base: context,
    scope: 'sub',
    filter: equal('objectClass', 'pwdPolicy'),
    attributes: policyAttributes,
  });
  const named = policies.filter((policy) => policy.text('cn')?.toLowerCase() === 'default');
  return named.length === 1 ? named : policies.length === 1 ? policies : [];
}
