/** Answers changes of the demo directory's entries: passwords and what goes with them, nothing else. It speaks the codes and texts of slapd. */

import type { Instant } from '../../rules/time.ts';
import { instantOf } from '../generalized-time.ts';
import { type Entries, type Entry, lockedForGood } from './entries.ts';
import { type Answer, type Change, codes, type ModifyRequest, type PasswordRequest, refused, type Session } from './exchange.ts';
import type { PasswordHash } from './password-hash.ts';
import { type Credential, judgeNewPassword, type NewPassword, unlocked, withNewPassword } from './password-policy.ts';
import { isTrueOf, restriction } from './search.ts';

export interface Authority {
  readonly entries: Entries;
  readonly passwords: PasswordHash;
  readonly now: () => Instant;
  /** The service account's entry: it may set passwords, pwdReset and pwdAccountLockedTime of everybody, as with slapd's right `=w`. */
  readonly service: Entry;
}

/** Every failure leaves the entry as it was: a request is granted as a whole (RFC 4511 4.6). */
export async function modify(session: Session, { dn, changes, asserted }: ModifyRequest, authority: Authority): Promise<Answer> {
  const found = target(session, dn, authority);
  if (!('uuid' in found)) return found;
  const isOwn = session.boundTo === found;
  const touched = new Set(changes.map(({ attribute }) => attribute.toLowerCase()));
  if (session.isRestricted && !(isOwn && touched.size === 1 && touched.has('userpassword')))
    return refused(codes.insufficientAccessRights, restriction);
  for (const attribute of touched) {
    if (keptByServer.has(attribute)) return refused(codes.constraintViolation, `${attribute}: no user modification allowed`);
    if (!mayWrite(session, isOwn, attribute, authority)) return refused(codes.insufficientAccessRights);
  }
  const before = found.credential;
  if (before === null) return refused(codes.insufficientAccessRights);
  let credential = before;
  if (touched.has('userpassword')) {
    const passwords = changes.filter(({ attribute }) => attribute.toLowerCase() === 'userpassword');
    // What is kept is a hash, which nobody names.
    if (passwords.length === 1 && passwords[0]?.kind === 'delete' && passwords[0].values.length > 0)
      return refused(codes.noSuchAttribute, 'modify/delete: userPassword: no such value');
    const wanted = newPassword(passwords);
    if (wanted === null) return refused(codes.unwillingToPerform, 'a password is replaced by one new value, or deleted and added');
    const set = await setPassword(found, wanted, authority);
    if ('code' in set) return set;
    credential = set;
  }
  for (const change of changes) {
    const next = withChange(credential, change);
    if ('code' in next) return next;
    credential = next;
  }
  // As slapd: the policy overlay judges before the database looks at the assertion.
  if (asserted && !isTrueOf(found, asserted, authority.entries)) return refused(codes.assertionFailed);
  return settle(session, found, credential, authority);
}

/** RFC 3062. A password that the server should make up is refused: nobody here asks for one. */
export async function modifyPassword(session: Session, { dn, old, password }: PasswordRequest, authority: Authority): Promise<Answer> {
  const found = dn === undefined ? session.boundTo : target(session, dn.replace(/^dn:/i, ''), authority);
  if (found === null) return refused(codes.strongerAuthRequired, 'only authenticated users may change passwords');
  if (!('uuid' in found)) return found;
  const isOwn = session.boundTo === found;
  if (session.isRestricted && !isOwn) return refused(codes.insufficientAccessRights, restriction);
  if (!mayWrite(session, isOwn, 'userpassword', authority) || found.credential === null) return refused(codes.insufficientAccessRights);
  if (old !== undefined && !(await authority.passwords.matches(old, found.credential.hash))) {
    return refused(codes.unwillingToPerform, 'unwilling to verify old password');
  }
  if (password === undefined || password === '') return refused(codes.unwillingToPerform, 'password generation is not offered');
  const set = await setPassword(found, { password, ...(old === undefined ? {} : { old }) }, authority);
  return 'code' in set ? set : settle(session, found, set, authority);
}

function target(session: Session, dn: string, { entries }: Authority): Entry | Answer {
  if (session.boundTo === null) return refused(codes.strongerAuthRequired, 'modifications require authentication');
  return entries.find(dn) ?? refused(codes.noSuchObject);
}

const mayWrite = (session: Session, isOwn: boolean, attribute: string, { service }: Authority): boolean =>
  (attribute === 'userpassword' && isOwn) || (session.boundTo === service && writtenByService.has(attribute));

const writtenByService = new Set(['userpassword', 'pwdreset', 'pwdaccountlockedtime']);

const keptByServer = new Set(
  'pwdchangedtime pwdfailuretime pwdgraceusetime pwdhistory entryuuid entrycsn entrydn createtimestamp modifytimestamp memberof structuralobjectclass'.split(
    ' ',
  ),
);

async function setPassword(entry: Entry, wanted: NewPassword, { entries, passwords, now }: Authority): Promise<Credential | Answer> {
  const credential = entry.credential as Credential;
  const policy = entry.isGoverned ? entries.policy : { ...entries.policy, minimumLength: 1, minimumAge: 0, history: 0, safeModify: false };
  const complaint = await judgeNewPassword(wanted, { credential, policy, now: now(), matches: passwords.matches });
  return complaint ?? withNewPassword(credential, await passwords.hash(wanted.password), policy, now());
}

/** Null when the changes do not amount to one new password. */
function newPassword(changes: readonly Change[]): NewPassword | null {
  const [first, second] = changes;
  const [value] = (second ?? first)?.values ?? [];
  if (changes.some(({ values }) => values.length !== 1) || !value) return null;
  if (changes.length === 1 && first?.kind === 'replace') return { password: value };
  const [old] = first?.values ?? [];
  return changes.length === 2 && first?.kind === 'delete' && second?.kind === 'add' && old !== undefined ? { password: value, old } : null;
}

const lockOf = (value: string): Credential['lockedAt'] => (value === lockedForGood ? 'for good' : instantOf(value));

function withChange(credential: Credential, { kind, attribute, values }: Change): Credential | Answer {
  switch (attribute.toLowerCase()) {
    case 'pwdreset':
      if (kind === 'delete' && values.some((value) => value !== 'TRUE')) return refused(codes.noSuchAttribute);
      if (kind === 'delete') return credential.mustChange ? { ...credential, mustChange: false } : refused(codes.noSuchAttribute);
      if (values.some((value) => value !== 'TRUE' && value !== 'FALSE')) return refused(codes.invalidAttributeSyntax);
      return { ...credential, mustChange: values[0] === 'TRUE' };
    case 'pwdaccountlockedtime': {
      if (kind === 'delete' && credential.lockedAt === null) return refused(codes.noSuchAttribute);
      if (kind === 'delete' && values.some((value) => lockOf(value) !== credential.lockedAt)) return refused(codes.noSuchAttribute);
      // As slapd: a delete forgets the failures too, a replacement by nothing leaves them counted.
      if (kind === 'delete') return unlocked(credential);
      const [value] = values;
      if (value === undefined) return { ...credential, lockedAt: null };
      const lockedAt = lockOf(value);
      return lockedAt === null ? refused(codes.invalidAttributeSyntax) : { ...credential, lockedAt };
    }
    default:
      return credential;
  }
}

function settle(session: Session, entry: Entry, credential: Credential, { now }: Authority): Answer {
  entry.credential = credential;
  entry.modifiedAt = now();
  if (session.boundTo === entry && !credential.mustChange) session.isRestricted = false;
  return { code: codes.success };
}
