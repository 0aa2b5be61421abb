/**
 * Active Directory as MS-ADTS and MS-SAMR describe it. What is measured was measured with Samba's (`samba.ts`); of Windows' own only public
 * texts and reports were at hand.
 */

import { Refusal } from '../rules/refusal.ts';
import { domainOf, isDisabled, readState } from './active-directory-state.ts';
import { integer, sequence, tlv } from './ber.ts';
import type { Dialect } from './dialect.ts';
import { isSameDn } from './dn.ts';
import { equal, or, present } from './filter.ts';
import type { Answer, RequestControl } from './ldap.ts';
import { builtin, guidBytes, guidText, neighbour, relativeId, within } from './object-id.ts';
import { rawAnswer, refusalOf } from './refusals.ts';
import type { Root } from './root.ts';
import { byUpdateSequence } from './update-sequence.ts';

/** MS-ADTS 3.1.1.3.4.3: a domain controller, from Windows 2000 on. */
const capability = '1.2.840.113556.1.4.800';
/** SAM_USER_OBJECT (MS-SAMR 2.2.1.9): people, and neither machines nor trusted domains. */
const personType = '805306368';
/** Numbers below belong to the system itself: Administrator, Guest, krbtgt (MS-DTYP 2.4.2.4). */
const firstOrdinary = 1000;

export const activeDirectory: Dialect = {
  kind: 'active-directory',
  isSpokenBy: (root) => root.texts('supportedCapabilities').includes(capability),

  people: equal('sAMAccountType', personType),
  loginAttributes: ['sAMAccountName', 'userPrincipalName', 'mail'],
  attributes: { name: 'displayName', mail: 'mail', mobile: 'mobile', phone: 'telephoneNumber', manager: 'manager' },
  personAttributes: [
    ...['objectGUID', 'objectSid', 'cn', 'sAMAccountName', 'userPrincipalName'],
    ...['userAccountControl', 'accountExpires', 'adminCount', 'lockoutTime'],
  ],
  idAttribute: 'objectGUID',
  idOf: (entry) => guidText(entry.bytes('objectGUID')),
  withId(id) {
    const bytes = guidBytes(id);
    return bytes && equal('objectGUID', bytes);
  },
  isDisabled,

  /** What AdminSDHolder guards (MS-ADTS 3.1.1.6.1), a service account with few rights could not reset anyway: its rights are taken away. */
  isProtected(entry) {
    const relative = relativeId(entry.bytes('objectSid'));
    return entry.text('adminCount') === '1' || relative === null || relative < firstOrdinary;
  },
  /** A name to bind by may be a DN, `name@domain` or `DOMAIN\name` (MS-ADTS 5.1.1.1.1). */
  isNamed(entry, bindName) {
    const fold = (text: string | null) => text?.toLowerCase() ?? null;
    const name = fold(bindName);
    const short = /^(?:[^\\]+\\)?([^\\@]+)(?:@.+)?$/.exec(name ?? '')?.[1] ?? null;
    return (
      isSameDn(entry.dn, bindName) ||
      name === fold(entry.text('userPrincipalName')) ||
      (short !== null && short === fold(entry.text('sAMAccountName')))
    );
  },

  groups: equal('objectClass', 'group'),
  groupBase: (_root, baseDn) => domainOf(baseDn),
  /** Fewer of them would protect fewer people: where those that every domain has are hidden, nobody's protection is known. */
  async administrators(link, base) {
    const [domain] = await link.search({ base, scope: 'base', filter: present('objectClass'), attributes: ['objectSid'] });
    const own = domain?.bytes('objectSid') ?? null;
    const sids = [...administrators.builtin.map(builtin), ...administrators.domain.flatMap((relative) => within(own, relative) ?? [])];
    const filter = or(...sids.map((sid) => equal('objectSid', sid)));
    const found = await link.search({ base, scope: 'sub', filter, attributes: ['objectSid'] });
    const seen = found.map((group) => relativeId(group.bytes('objectSid')));
    const hidden = inEveryDomain.filter((relative) => !seen.includes(relative));
    if (hidden.length > 0) throw new Refusal('directory.no-permission', { raw: `${base}: groups cannot be read: ${hidden.join(', ')}` });
    return found.map(({ dn }) => dn);
  },
  memberAttributes: ['member'],
  /** MaxValRange (MS-ADTS 3.1.1.3.4.6): asked for so, a list comes in pieces from every server alike. */
  memberRange: 'range=0-1499',
  /** Of their primary group nobody is a member (MS-SAMR 3.1.1.8.2). The token is computed: it can be read, and not searched for. */
  memberNames: {
    attribute: 'primaryGroupToken',
    means: 'primaryGroupID',
    groupsOf(person) {
      const sid = neighbour(person.bytes('objectSid'), Number(person.text('primaryGroupID')));
      return sid ? [equal('objectSid', sid)] : [];
    },
  },

  changes: byUpdateSequence,

  /** MS-ADTS 3.1.1.3.4.1.27 speaks of the history alone. */
  state: (place, now) => readState(place, now, { history: hintOf(place.root) !== null, minimumAge: false, excusesStaff: true }),

  obstacle: async () => null,

  bindControls: [],
  verdict,

  /** Alone: in one request with lockoutTime, whoever may not write that could not set the password either. */
  set({ link, dn, root }, password, beforeSending) {
    const hint = hintOf(root);
    return link.modify(dn, [replaced(password)], { controls: hint ? [hint] : [], beforeSending });
  },
  /** Without the hint: "used before" would tell staff one of the person's passwords, and "too young" keep them from helping. */
  setByStaff: ({ link, dn }, password, beforeSending) => link.modify(dn, [replaced(password)], { beforeSending }),
  setKeepsLock: true,
  /**
   * As the service account even where the person could: it needs no right of its own beside the old password (MS-ADTS 3.1.1.3.1.5), and may do
   * it for who must change or has expired. A wrong old password counts as a failed sign-in: it was proved before.
   */
  change({ link, dn }, { current, password }, beforeSending) {
    const changes = [
      { operation: 'delete', attribute: 'unicodePwd', values: [quoted(current)] },
      { operation: 'add', attribute: 'unicodePwd', values: [quoted(password)] },
    ] as const;
    return link.modify(dn, changes, { beforeSending });
  },
  /** 0 is the only value ever written: Samba takes any other for a lock. */
  unlock: ({ link, dn }, beforeSending) =>
    link.modify(dn, [{ operation: 'replace', attribute: 'lockoutTime', values: ['0'] }], { beforeSending }),
  /** Length and kinds of characters were judged before: what is left is the age, and then the history or a filter (MS-SAMR 3.1.1.7.1 and .2). */
  unnamed(answer, { changeableAt, rules }) {
    if (!bare.test(answer.diagnosticMessage)) return null;
    if (changeableAt !== null) return 'directory.minimum-age';
    return rules.history ? 'directory.used-or-forbidden' : null;
  },
  async settle({ link, dn }) {
    const [now] = await link.search({ base: dn, scope: 'base', filter: present('objectClass'), attributes: ['pwdLastSet'] });
    if (now?.text('pwdLastSet') === '0') await link.modify(dn, [{ operation: 'replace', attribute: 'pwdLastSet', values: ['-1'] }]);
  },
  /** A request of its own, as the lock is. */
  makeTemporary: ({ link, dn }, beforeSending) =>
    link.modify(dn, [{ operation: 'replace', attribute: 'pwdLastSet', values: ['0'] }], { beforeSending }),
};

/** MS-ADTS 3.1.1.3.1.5: within quotation marks, as UTF-16. What is within them is not escaped. */
const quoted = (password: string): Buffer => Buffer.from(`"${password}"`, 'utf16le');
const replaced = (password: string) => ({ operation: 'replace', attribute: 'unicodePwd', values: [quoted(password)] }) as const;

/** LDAP_SERVER_POLICY_HINTS_OID and its forerunner (MS-ADTS 3.1.1.3.4.1.27 and .28). Sent unasked, it would make every reset fail. */
const hintOids = ['1.2.840.113556.1.4.2239', '1.2.840.113556.1.4.2066'];
export function hintOf(root: Root): RequestControl | null {
  const type = hintOids.find((oid) => root.offers(oid));
  return type === undefined ? null : { type, isCritical: true, value: tlv(sequence, integer(1)) };
}

/** So Windows says no by any rule for passwords (ERROR_PASSWORD_RESTRICTION); Samba names the rule behind the same number. */
const bare = /^0000052D: (AtrErr|SvcErr): /i;

/** MS-ADTS 3.1.1.6.1.1.2: Administrators and the operators, and of the domain its administrators, controllers and keepers of keys. */
const administrators = { builtin: [544, 548, 549, 550, 551, 552], domain: [512, 516, 518, 519, 521, 526, 527] };
/** Domain Admins and Administrators; the others are only in the first domain of a forest, or of later releases. */
const inEveryDomain = [512, 544];

/**
 * What follows AcceptSecurityContext is a Windows error code, which for all of these is given to the right password only. Windows ends these
 * texts with a NUL, others with a line feed before it, and Samba with neither.
 */
const said = /^80090308: LdapErr: DSID-[0-9A-F]+, comment: AcceptSecurityContext error, data ([0-9a-f]+), v[0-9a-f]+[\n\0]*$/i;
/** Not at this hour (530), not from this machine (531): a right password, which is all that is asked. */
const right = ['530', '531'];

function verdict(answer: Answer) {
  if (answer.resultCode === 0) return { mustChange: false, isExpired: false };
  const data = answer.resultCode === 49 ? (said.exec(answer.diagnosticMessage)?.[1]?.toLowerCase() ?? null) : null;
  if (data !== null && right.includes(data)) return { mustChange: false, isExpired: false };
  if (data === '773') return { mustChange: true, isExpired: false };
  if (data === '532') return { mustChange: false, isExpired: true };
  // The account's own end, not its password's.
  return data === '701' ? new Refusal('directory.disabled', { raw: rawAnswer(answer) }) : refusalOf(answer);
}
