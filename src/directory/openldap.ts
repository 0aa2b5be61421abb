/** OpenLDAP with its password policy overlay (slapo-ppolicy(5), draft-behera-ldap-password-policy-10). Behaviour measured with slapd 2.5. */

import { Refusal } from '../rules/refusal.ts';
import { byEntryCsn } from './change-stamps.ts';
import type { Dialect } from './dialect.ts';
import { equal, present } from './filter.ts';
import { internetSchema } from './internet-schema.ts';
import { isOutsideItsTime, pausedUntil, readState, showsLock } from './openldap-state.ts';
import { modifyPasswordOid, modifyPasswordValue, policyAnswer, policyErrors, policyRequest } from './ppolicy.ts';
import { refusalOf } from './refusals.ts';

const controls = [policyRequest];
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const [noSuchAttribute, insufficientAccess, unwilling] = [16, 50, 53];

export const openldap: Dialect = {
  kind: 'openldap',
  isSpokenBy: (root) =>
    root.texts('structuralObjectClass').includes('OpenLDAProotDSE') || root.texts('objectClass').includes('OpenLDAProotDSE'),

  ...internetSchema,
  people: equal('objectClass', 'inetOrgPerson'),
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
    'pwdLastSuccess',
  ],
  idAttribute: 'entryUUID',
  idOf: (entry) => entry.text('entryUUID'),
  withId: (id) => (uuid.test(id) ? equal('entryUUID', id) : null),
  /** Without a policy, which is read live: the policy overlay has no other way to switch an account off for good. */
  isDisabled: isOutsideItsTime,

  changes: byEntryCsn,

  state: readState,
  /** A pause after a wrong password nobody can end: slapd keeps its time from being written, and a reset leaves it (measured). */
  async obstacle(place, now) {
    const at = pausedUntil(place.entry, now);
    if (place.state.lock === 'lockout' && at !== null) return new Refusal('directory.locked-until', { params: { at } });
    if (await showsLock(place)) return null;
    return new Refusal('directory.no-permission', { raw: `${place.dn}: pwdAccountLockedTime cannot be searched` });
  },

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
   * As the person wherever they can get in, so that the overlay sees a change and not a reset. Who has expired cannot: the service account
   * sets it in their place, for the old one was proved, and names that one where the policy wants it (pwdSafeModify). slapd compares it for
   * whom the access rules let authenticate by it (`=xw`), and is "unwilling" for others. Never by a modify: that is stored in clear, unless
   * olcPPolicyHashCleartext is on.
   */
  async change({ link, dn }, { current, password, own }, beforeSending) {
    const value = modifyPasswordValue({ dn, current, password });
    if (own) return own.extended(modifyPasswordOid, value, { controls, beforeSending });
    const answer = await link.extended(modifyPasswordOid, modifyPasswordValue({ dn, password }), { controls, beforeSending });
    if (policyAnswer(answer).error !== policyErrors.mustSupplyOld) return answer;
    const withOld = await link.extended(modifyPasswordOid, value, { controls });
    return withOld.resultCode === unwilling ? { ...withOld, resultCode: insufficientAccess } : withOld;
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
