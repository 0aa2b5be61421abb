/** The password policy control (draft-behera-ldap-password-policy-10, section 6) and RFC 3062, as OpenLDAP and 389 Directory Server speak them. */

import { sequence, tlv } from './ber.ts';
import type { Answer, RequestControl } from './ldap.ts';

const policyOid = '1.3.6.1.4.1.42.2.27.8.5.1';
/** Not critical: a server without the overlay ignores it. */
export const policyRequest: RequestControl = { type: policyOid };

export const policyErrors = {
  expired: 0,
  locked: 1,
  changeAfterReset: 2,
  changeNotAllowed: 3,
  mustSupplyOld: 4,
  quality: 5,
  tooShort: 6,
  tooYoung: 7,
  inHistory: 8,
  /** Not in the draft: OpenLDAP from 2.5 on, with pwdMaxLength. */
  tooLong: 9,
} as const;

export interface PolicyAnswer {
  readonly error: number | null;
  /** Only said of a password that has expired and may still be used that often. */
  readonly graceLeft: number | null;
}

/** What the control of an answer says. Lengths in BER's long form, as 389 writes them, are read as well. */
export function policyAnswer({ controls }: Pick<Answer, 'controls'>): PolicyAnswer {
  const found = controls.find(({ type }) => type === policyOid)?.value;
  const { error, graceAuthNsRemaining } = (found ?? {}) as { error?: unknown; graceAuthNsRemaining?: unknown };
  return {
    error: typeof error === 'number' ? error : null,
    graceLeft: typeof graceAuthNsRemaining === 'number' ? graceAuthNsRemaining : null,
  };
}

/** RFC 3062: the server hashes, so its own rules see the password. Left out, `current` makes it a reset. */
export const modifyPasswordOid = '1.3.6.1.4.1.4203.1.11.1';
export function modifyPasswordValue({ dn, current, password }: { dn: string; current?: string; password: string }): Buffer {
  if (password === '') throw new RangeError('without a new password the server would invent one');
  return tlv(sequence, tlv(0x80, dn), current === undefined ? '' : tlv(0x81, current), tlv(0x82, password));
}
