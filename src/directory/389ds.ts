/**
 * 389 Directory Server, which is also Red Hat's. Behaviour measured with 2.3. FreeIPA runs on it and calls itself the same, but judges, locks and
 * expires passwords by plug-ins of its own, which are not spoken here: what another than the person sets there expires at once (ipa-pwd-extop,
 * unless that one is in passSyncManagersDNs).
 */

import { setTimeout as pause } from 'node:timers/promises';
import { Refusal } from '../rules/refusal.ts';
import type { Dialect, Place } from './dialect.ts';
import { byModifyTimestamp } from './change-stamps.ts';
import { firstSignIn, isDisabled, readState, stateAttributes } from './389ds-state.ts';
import { isFailure } from './failure.ts';
import { equal, or, present } from './filter.ts';
import type { Answer, Change, Link } from './ldap.ts';
import { internetSchema } from './internet-schema.ts';
import { policyAnswer, policyErrors, policyRequest } from './ppolicy.ts';
import { rawAnswer, refusalOf } from './refusals.ts';

const controls = [policyRequest];
const uniqueId = /^[0-9a-f]{8}(-[0-9a-f]{8}){3}$/i;
const constraintViolation = 19;
const expiration = 'passwordExpirationTime';

export const directoryServer389: Dialect = {
  kind: '389ds',
  /** RFC 3045. */
  isSpokenBy: (root) => root.text('vendorName') === '389 Project',

  ...internetSchema,
  /** `dsidm user create` makes the second kind. */
  people: or(equal('objectClass', 'inetOrgPerson'), equal('objectClass', 'nsPerson')),
  personAttributes: ['nsUniqueId', ...stateAttributes],
  idAttribute: 'nsUniqueId',
  idOf: (entry) => entry.text('nsUniqueId'),
  withId: (id) => (uniqueId.test(id) ? equal('nsUniqueId', id) : null),
  isDisabled,

  changes: byModifyTimestamp,

  state: readState,

  obstacle: async () => null,

  bindControls: controls,
  /** "Expired" is said of the right password only, locked and disabled of any. */
  verdict(answer) {
    const { error, graceLeft } = policyAnswer(answer);
    if (answer.resultCode === 0) return { mustChange: error === policyErrors.changeAfterReset, isExpired: graceLeft !== null };
    if (error === policyErrors.expired) return { mustChange: false, isExpired: true };
    // Without passwordLegacyPolicy the failure that locks is answered with the code alone.
    if (answer.resultCode === constraintViolation && answer.diagnosticMessage === '')
      return new Refusal('directory.locked', { raw: rawAnswer(answer) });
    return refusalOf(answer);
  },

  /** Not by RFC 3062: that answer names no rule ("Failed to update password"), and where passwordMustChange is on the password is temporary. */
  set: (place, password, beforeSending) =>
    putPassword(place, [{ operation: 'replace', attribute: 'userPassword', values: [password] }], { link: place.link, beforeSending }),
  /**
   * The server compares the old value before it takes it away, whoever asks. As the person wherever they can get in: who must change is
   * excused from the minimum age only there, and passwordChange: off is meant for them.
   */
  change(place, { current, password, own }, beforeSending) {
    const changes: readonly Change[] = [
      { operation: 'delete', attribute: 'userPassword', values: [current] },
      { operation: 'add', attribute: 'userPassword', values: [password] },
    ];
    return putPassword(place, changes, { link: own ?? place.link, beforeSending });
  },
  /** The time alone would leave the count, and the next slip would lock again. Not locked is as good. */
  unlock({ link, dn }, beforeSending) {
    const changes = [
      { operation: 'replace', attribute: 'accountUnlockTime', values: [] },
      { operation: 'replace', attribute: 'passwordRetryCount', values: ['0'] },
    ] as const;
    return link.modify(dn, changes, { controls, beforeSending });
  },
  /** What a password administrator (passwordAdminDN) sets is temporary where passwordMustChange is on. The next sign-in writes the time anew. */
  async settle({ link, dn }) {
    const [now] = await link.search({ base: dn, scope: 'base', filter: present('objectClass'), attributes: [expiration] });
    if (now?.text(expiration) === firstSignIn) await link.modify(dn, [{ operation: 'replace', attribute: expiration, values: [] }]);
  },
  /** Heeded only where passwordMustChange is on. */
  makeTemporary: ({ link, dn }, beforeSending) =>
    link.modify(dn, [{ operation: 'replace', attribute: expiration, values: [firstSignIn] }], { controls, beforeSending }),
};

/**
 * The server answers first and does its accounts afterwards, on its own time: the end of the password, the failures, the time of the change. What
 * one writes meanwhile, "temporary" for one, it writes over, and a sign-in is judged by what was before. So the answer waits for them.
 */
async function putPassword(place: Place, changes: readonly Change[], by: { link: Link; beforeSending: () => void }): Promise<Answer> {
  const answer = await by.link.modify(place.dn, changes, { controls, beforeSending: by.beforeSending });
  if (answer.resultCode === 0) await accountsDone(place);
  return answer;
}

const accounts = ['pwdUpdateTime', expiration];
/** 1 to 13 ms were measured, and once 252 on a busy machine. Nothing at all moves where changes are neither tracked nor expire. */
const waitsMillis = [0, 2, 4, 8, 16, 32, 64, 128, 256];

async function accountsDone({ link, dn, entry }: Place): Promise<void> {
  for (const wait of waitsMillis) {
    await pause(wait);
    try {
      const [now] = await link.search({ base: dn, scope: 'base', filter: present('objectClass'), attributes: accounts });
      if (!now || accounts.some((attribute) => now.text(attribute) !== entry.text(attribute))) return;
    } catch (error) {
      // The password was set, whatever becomes of this.
      if (isFailure(error)) return;
      throw error;
    }
  }
}
