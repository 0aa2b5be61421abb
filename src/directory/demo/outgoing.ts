/** The bytes of answers that ldapjs's server would write wrong: entries, whose names it changes, and the values of controls. */

import { tlv } from '../ber.ts';
import type { Answer, ShownEntry } from './exchange.ts';
import type { PolicyNote } from './password-policy.ts';
import { supported } from './search.ts';

export interface AnswerControl {
  readonly type: string;
  readonly value: Buffer;
}

/** Of those that the request asked for. */
export function controlsOf({ cookie, note }: Answer, asked: ReadonlySet<string>): AnswerControl[] {
  const controls: AnswerControl[] = [];
  if (cookie !== undefined) controls.push({ type: supported.paging, value: tlv(0x30, tlv(0x02, integer(0)), tlv(0x04, cookie)) });
  if (note) controls.push({ type: supported.passwordPolicy, value: policyNote(note) });
  return controls.filter(({ type }) => asked.has(type));
}

/** RFC 4511 4.5.2. */
export const searchEntry = ({ dn, attributes }: ShownEntry, messageId: number): Buffer => {
  const list = attributes.map(({ type, values }) => tlv(0x30, tlv(0x04, type), tlv(0x31, ...values.map((value) => tlv(0x04, value)))));
  return tlv(0x30, tlv(0x02, integer(messageId)), tlv(0x64, tlv(0x04, dn), tlv(0x30, ...list)));
};

/** draft-behera-ldap-password-policy-10 6.2. */
function policyNote({ error, secondsLeft, graceLeft }: PolicyNote): Buffer {
  const warning =
    secondsLeft !== undefined ? tlv(0x80, integer(secondsLeft)) : graceLeft !== undefined ? tlv(0x81, integer(graceLeft)) : null;
  return tlv(0x30, warning === null ? '' : tlv(0xa0, warning), error === undefined ? '' : tlv(0x81, integer(error)));
}

/** The content of a non-negative INTEGER or ENUMERATED below 2^31. */
function integer(value: number): Buffer {
  const octets = Buffer.alloc(4);
  octets.writeInt32BE(value);
  const first = octets.findIndex((octet, index) => index === 3 || octet !== 0 || (octets[index + 1] ?? 0) >= 0x80);
  return octets.subarray(first);
}
