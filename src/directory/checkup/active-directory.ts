/**
 * The doctor's look at one account of an Active Directory, Samba's or Windows': rights are read where the directory tells them, and the one
 * that it does not tell (the extended right Reset Password) is tried with a value that no directory can take for a password.
 */

import { equal, or, present } from '../filter.ts';
import type { Entry, Link } from '../ldap.ts';
import { rawAnswer } from '../refusals.ts';
import type { Root } from '../root.ts';
import { type CheckUp, grantPlace, type Patient } from './check-up.ts';
import { fault, type Observation, warning, well } from './finding.ts';
import { policyWords } from './policy-words.ts';

const pagedResults = '1.2.840.113556.1.4.319';
/** LDAP_SERVER_POLICY_HINTS_OID and its deprecated forerunner (MS-ADTS 3.1.1.3.4.1.27, .28). */
const policyHints = ['1.2.840.113556.1.4.2239', '1.2.840.113556.1.4.2066'];
const [noAccess, unwilling, constraintViolation] = [50, 53, 19];

export const activeDirectoryCheckUp: CheckUp = {
  offers(root) {
    if (root.entry === null) return [];
    const paging = root.offers(pagedResults) ? [] : [fault('controls.no-paging')];
    const hints = policyHints.some((oid) => root.offers(oid)) ? [] : [well('controls.no-policy-hints')];
    return paging.length + hints.length > 0 ? [...paging, ...hints] : [well('controls.good')];
  },
  rootCure: () => null,
  sizeCure: () => null,
  async examine(patient) {
    const service = await serviceAccount(patient);
    return [
      ...(await policy(patient, service)),
      ...(await rights(patient, service)),
      ...(await hidden(patient, service)),
      power(patient.root, service),
    ];
  },
};

/** How the directory's own tools call the service account. */
interface ServiceAccount {
  /** `name@domain`, which dsacls takes. */
  readonly name: string;
  readonly sid: string;
  readonly groups: readonly string[];
}

/** Of class user (schemaIDGUID); the extended right User-Force-Change-Password; attributes (MS-ADA). */
const user = 'bf967aba-0de6-11d0-a285-00aa003049e2';
const rightsOf = {
  reset: { sddl: 'CR;00299570-246d-11d0-a768-00aa006e0529', dsacls: 'CA;Reset Password;user' },
  unlock: { sddl: 'WP;28630ebf-41d5-11d1-a9c1-0000f80367c1', dsacls: 'WP;lockoutTime;user' },
  'must-change': { sddl: 'WP;bf967a0a-0de6-11d0-a285-00aa003049e2', dsacls: 'WP;pwdLastSet;user' },
} as const;
type Right = keyof typeof rightsOf;
/** What everybody may read of people, until Pre-Windows 2000 Compatible Access is emptied: a set of properties, and attributes in no such set. */
const readable = {
  'Account Restrictions': '4c164200-20c0-11d0-a768-00aa006e0529',
  lockoutTime: '28630ebf-41d5-11d1-a9c1-0000f80367c1',
  adminCount: 'bf967918-0de6-11d0-a285-00aa003049e2',
  badPwdCount: 'bf96792e-0de6-11d0-a285-00aa003049e2',
  badPasswordTime: 'bf96792d-0de6-11d0-a285-00aa003049e2',
  allowedAttributesEffective: '9a7ad941-ca53-11d1-bbd0-0080c76670c0',
  replPropertyMetaData: '281416c0-1968-11d0-a28f-00aa003049e2',
  uSNChanged: 'bf967a6f-0de6-11d0-a285-00aa003049e2',
  'msDS-ResultantPSO': 'b77ea093-88d0-4780-9a98-911f8e8b1dca',
} as const;

/** The lines of docs/directory-setup.md: on Windows, and on a Samba domain controller. */
export const activeDirectoryGrants = {
  right(right: Right, people: string, { name, sid }: Pick<ServiceAccount, 'name' | 'sid'>): string {
    const { sddl, dsacls } = rightsOf[right];
    return tools(
      `dsacls "${people}" /I:S /G "${name}:${dsacls}"`,
      `samba-tool dsacl set --action=allow --objectdn="${people}" --sddl="(OA;CIIO;${sddl};${user};${sid})"`,
    );
  },
  reading: (people: string, { name, sid }: Pick<ServiceAccount, 'name' | 'sid'>): string =>
    tools(
      `dsacls "${people}" /I:S /G ${Object.keys(readable)
        .map((what) => `"${name}:RP;${what};user"`)
        .join(' ')}`,
      `samba-tool dsacl set --action=allow --objectdn="${people}" --sddl="${Object.values(readable)
        .map((guid) => `(OA;CIIO;RP;${guid};${user};${sid})`)
        .join('')}"`,
    ),
  policies: (domain: string, { name, sid }: Pick<ServiceAccount, 'name' | 'sid'>): string =>
    tools(
      `dsacls "${containerOf(domain)}" /I:T /G "${name}:GR"`,
      `samba-tool dsacl set --action=allow --objectdn="${containerOf(domain)}" --sddl="(A;CI;RPLCLORC;;;${sid})"`,
    ),
};
const containerOf = (domain: string): string => `CN=Password Settings Container,CN=System,${domain}`;
const tools = (dsacls: string, samba: string): string => `# Windows:\n${dsacls}\n# Samba:\n${samba}`;

async function serviceAccount({ link, bindDn, root, baseDn }: Patient): Promise<ServiceAccount> {
  const domain = root.contextOf(baseDn);
  const found = await own(link, { bindDn, domain });
  const token = root.entry ? (await tokenOf(link)).map(sidText) : [];
  const sid = found?.bytes('objectSid') ?? null;
  const sam = found?.text('sAMAccountName') ?? null;
  const dns = domain
    .split(',')
    .flatMap((step) => /^dc=(.+)$/i.exec(step.trim())?.[1] ?? [])
    .join('.');
  return { name: sam === null ? bindDn : `${sam}@${dns}`, sid: sid ? sidText(sid) : (token[0] ?? 'SID'), groups: token };
}

/** The service account may be named by its DN, as `name@domain`, or as `DOMAIN\name`. */
async function own(link: Link, { bindDn, domain }: { bindDn: string; domain: string }): Promise<Entry | null> {
  const attributes = ['objectSid', 'sAMAccountName'];
  if (/^[a-z][a-z0-9-]*=/i.test(bindDn)) {
    const [found] = await link.search({ base: bindDn, scope: 'base', filter: present('objectClass'), attributes });
    return found ?? null;
  }
  const name = bindDn.split('\\').at(-1) ?? bindDn;
  const filter = or(equal('userPrincipalName', name), equal('sAMAccountName', name.split('@')[0] ?? name));
  const [found] = await link.search({ base: domain, scope: 'sub', filter, attributes, sizeLimit: 2 });
  return found ?? null;
}

/** MS-ADTS 3.1.1.3.2.24: whoever asks, and all the groups that they are in. */
async function tokenOf(link: Link): Promise<readonly Buffer[]> {
  const [root] = await link.search({ base: '', scope: 'base', filter: present('objectClass'), attributes: ['tokenGroups'] });
  return root?.allBytes('tokenGroups') ?? [];
}

/** MS-DTYP 2.4.2.2: revision, count, 48 bits of authority, then 32 bits each. */
export function sidText(bytes: Buffer): string {
  const parts = Array.from({ length: bytes[1] ?? 0 }, (_, at) => bytes.readUInt32LE(8 + at * 4));
  return ['S', bytes[0], bytes.readUIntBE(2, 6), ...parts].join('-');
}

async function policy({ link, root, baseDn, state, entry, dn }: Patient, service: ServiceAccount): Promise<Observation[]> {
  const domain = root.contextOf(baseDn);
  const [head] = await link.search({
    base: domain,
    scope: 'base',
    filter: present('objectClass'),
    attributes: ['minPwdLength', 'pwdHistoryLength'],
  });
  if ((head?.text('minPwdLength') ?? null) === null) return [fault('policy.unreadable')];
  const [container] = await link.search({ base: containerOf(domain), scope: 'base', filter: present('objectClass'), attributes: ['cn'] });
  const cure = activeDirectoryGrants.policies(domain, service);
  // Without the right to read it, Samba still shows that it is there.
  if ((container?.text('cn') ?? null) === null) return [fault('policy.fine-grained-unreadable', { cure })];
  const [computed] = await link.search({ base: dn, scope: 'base', filter: present('objectClass'), attributes: ['msDS-ResultantPSO'] });
  const binding = computed?.text('msDS-ResultantPSO') ?? entry.text('msDS-ResultantPSO');
  if (binding === null) return [policyWords(state)];
  const [own] = await link.search({
    base: binding,
    scope: 'base',
    filter: present('objectClass'),
    attributes: ['msDS-MinimumPasswordLength'],
  });
  return [
    own?.text('msDS-MinimumPasswordLength') ? policyWords(state) : fault('policy.own-unreadable', { params: { policy: binding }, cure }),
  ];
}

async function rights(patient: Patient, service: ServiceAccount): Promise<Observation[]> {
  const { link, dn } = patient;
  const people = grantPlace(patient);
  const cureOf = (right: Right): string => activeDirectoryGrants.right(right, people, service);
  // One byte is no text in UTF-16 and has no quotation marks: it is no password anywhere. 50 comes first for whoever may not reset.
  const answer = await link.modify(dn, [{ operation: 'replace', attribute: 'unicodePwd', values: ['x'] }]);
  const [entry] = await link.search({
    base: dn,
    scope: 'base',
    filter: present('objectClass'),
    attributes: ['allowedAttributesEffective'],
  });
  const written = new Set(entry?.texts('allowedAttributesEffective').map((name) => name.toLowerCase()));
  return [
    resetSays(answer, cureOf('reset')),
    written.has('lockouttime') ? well('rights.unlock') : fault('rights.no-unlock', { cure: cureOf('unlock') }),
    written.has('pwdlastset') ? well('rights.must-change') : fault('rights.no-must-change', { cure: cureOf('must-change') }),
  ];
}

/** Everybody has the first two from the beginning, and who is locked the third. */
async function hidden(patient: Patient, service: ServiceAccount): Promise<Observation[]> {
  const wanted = ['badPwdCount', 'badPasswordTime', ...(patient.state.lock === 'lockout' ? ['lockoutTime'] : [])];
  const [entry] = await patient.link.search({ base: patient.dn, scope: 'base', filter: present('objectClass'), attributes: wanted });
  const missing = wanted.filter((attribute) => (entry?.text(attribute) ?? null) === null);
  if (missing.length === 0) return [];
  const cure = activeDirectoryGrants.reading(grantPlace(patient), service);
  return [warning('rights.hidden', { params: { attributes: missing.join(', ') }, cure })];
}

function resetSays(answer: Parameters<typeof rawAnswer>[0] & { resultCode: number }, cure: string): Observation {
  const raw = rawAnswer(answer);
  if (answer.resultCode === noAccess) return fault('rights.no-reset', { cure, raw });
  const isRead = answer.resultCode === unwilling || answer.resultCode === constraintViolation;
  return isRead ? well('rights.reset') : warning('rights.unclear', { params: { attribute: 'unicodePwd' }, raw });
}

/** Well-known RIDs of the domain (MS-DTYP 2.4.2.4): Domain, Schema and Enterprise Admins; and the built-in operators. */
const mighty = /^S-1-5-(?:21-.*-(?:512|518|519)|32-(?:544|548))$/;

function power(root: Root, { groups }: ServiceAccount): Observation {
  const too = groups.filter((sid) => mighty.test(sid));
  if (root.entry === null || too.length === 0) return well('power.least');
  return warning('power.administrator', { params: { groups: too.map(nameOfGroup).join(', ') }, raw: too.join(' ') });
}

const names: Readonly<Record<string, string>> = {
  512: 'Domain Admins',
  518: 'Schema Admins',
  519: 'Enterprise Admins',
  544: 'Administrators',
  548: 'Account Operators',
};
const nameOfGroup = (sid: string): string => names[sid.slice(sid.lastIndexOf('-') + 1)] ?? sid;
