/**
 * What directories answer, as our refusals: by result code and anchored text, never by "contains", and by the password policy control where
 * there is one. The answers that it was made from, and the proof of each, are in `recorded-answers.ts`.
 */

import { Refusal, type Params } from '../rules/refusal.ts';
import type { DirectoryRefusalKey } from '../rules/vocabulary.ts';
import type { LdapFailure } from './failure.ts';
import type { Answer } from './ldap.ts';
import { policyAnswer, policyErrors } from './ppolicy.ts';

/** OpenLDAP: a consumer without a referral, `olcReadOnly`; 389: a database or a server that is read-only. */
const readOnlyTexts = /^(shadow context|operation restricted|database is read-only|Server is read-only)/;

type Row = readonly [code: number, text: RegExp, key: DirectoryRefusalKey];

/** OpenLDAP, 389 Directory Server, FreeIPA: texts that say more than the code, and more than the control where both are there. */
const texts: readonly Row[] = [
  // OpenLDAP's overlay and its exop
  [53, /^Must supply correct old password/, 'directory.wrong-old-password'],
  [53, /^unwilling to verify old password/, 'directory.wrong-old-password'],
  [16, /^modify\/delete: userPassword: no such value$/, 'directory.wrong-old-password'],
  [50, /^Must supply old password/, 'directory.must-supply-old'],
  [50, /^change password must use DELETE/, 'directory.must-supply-old'],
  [50, /^User alteration of password is not allowed/, 'directory.change-not-allowed'],
  [19, /^Password is too young to change/, 'directory.minimum-age'],
  [19, /^Password is (in history of old passwords|not being changed from existing value)/, 'directory.history'],
  [19, /^Password for dn=".*" is too short \(/, 'directory.too-short'],
  [19, /^(Password for dn="|Bad password for dn="|Too many consecutive characters)/, 'directory.quality'],
  [19, /^\w+: no user modification allowed$/, 'directory.no-permission'],
  [8, /^(only authenticated users|modifications require authentication)/, 'directory.no-permission'],
  [2, /^(unsupported extended operation$|Extended Operation\(\S+\) not supported)/, 'directory.control-unsupported'],
  [53, /^no global superior knowledge$/, 'directory.not-found'],
  [80, /^unable to retrieve SASL username$/, 'directory.not-found'],
  // 389 Directory Server; its exop answers a wrong old password with 49, its modify with a bare 16
  [16, /^$/, 'directory.wrong-old-password'],
  [19, /^invalid password syntax - password must be at least \d+ characters/, 'directory.too-short'],
  [19, /^invalid password syntax - passwords with storage scheme/, 'directory.encoding'],
  [19, /^(invalid password syntax|Password failed dictionary check)/, 'directory.quality'],
  [19, /^password in history/, 'directory.history'],
  [19, /^within password minimum age/, 'directory.minimum-age'],
  [19, /^Exceed password retry limit/, 'directory.locked'],
  [53, /^Account inactivated/, 'directory.disabled'],
  [19, /^Account inactivity limit exceeded/, 'directory.disabled'],
  [19, /^TPR checking/, 'directory.expired'],
  [53, /^user is not allowed to change password/i, 'directory.change-not-allowed'],
  [53, /need new password$/, 'directory.expired'],
  [49, /^password expired!/, 'directory.expired'],
  // FreeIPA
  [19, /^Too soon to change password/, 'directory.minimum-age'],
  [19, /^Password is too short/, 'directory.too-short'],
  [19, /^Password reuse not permitted/, 'directory.history'],
  [19, /^Password (is too simple|is a palindro|is based on a dictionary word|has too many consecutive|contains )/, 'directory.quality'],
  [19, /^Pre-Encoded passwords are not valid/, 'directory.encoding'],
  [19, /^Account expired/, 'directory.expired'],
  [53, /^Account \(Kerberos principal\) is expired/, 'directory.expired'],
  [53, /^(Entry permanently locked|Too many failed logins)/, 'directory.locked'],
  [53, readOnlyTexts, 'directory.unreachable'],
];

/**
 * `data` of a refused bind, the last part of an NTSTATUS or a Win32 error; all but 52e, 525 and 775 are said of the right password only. 52f: the
 * account may not sign in by a password (Protected Users); 569: nor over the network at that server.
 */
const ofBind: Readonly<Record<string, DirectoryRefusalKey>> = {
  '52f': 'directory.not-now',
  '530': 'directory.not-now',
  '531': 'directory.not-now',
  '532': 'directory.expired',
  '533': 'directory.disabled',
  '569': 'directory.not-now',
  '701': 'directory.expired',
  '773': 'directory.expired',
  '775': 'directory.locked',
};

/**
 * Win32 errors (MS-ERREF 2.2), with which the texts of Active Directory and Samba begin: what they are an answer to here. Windows says 0000001F to
 * a clear connection and to a value that is no password alike; from here nothing goes over a clear one.
 */
const ofWin32: Readonly<Record<string, DirectoryRefusalKey>> = {
  '00000005': 'directory.no-permission',
  '0000001F': 'directory.encoding',
  '00000056': 'directory.wrong-old-password',
  '000004DC': 'directory.no-permission',
  '0000052D': 'directory.policy',
  '00000775': 'directory.locked',
  '00002020': 'directory.no-permission',
  '00002028': 'directory.no-tls',
  '00002035': 'directory.encoding',
  '00002077': 'directory.no-tls',
  '00002098': 'directory.no-permission',
};

/** Samba names the rule behind 0000052D; Windows never does. */
const samba: readonly (readonly [RegExp, DirectoryRefusalKey])[] = [
  [/check_password_restrictions: the password is too short/, 'directory.too-short'],
  [/check_password_restrictions: the password does not meet the complexity/, 'directory.quality'],
  [/check_password_restrictions: the password was already used/, 'directory.history'],
  [/check_password_restrictions: password is too young/, 'directory.minimum-age'],
  [/check_password_restrictions: password (changes disabled|can't be changed)/, 'directory.change-not-allowed'],
];

/** Active Directory and Samba put different result codes before the same eight digits, so those are read first (MS-ADTS 3.1.1.3.1.9). */
function ofActiveDirectory(code: number, said: string): DirectoryRefusalKey | undefined {
  const [, hex = '', rest = ''] = /^([0-9A-F]{8}): (.*)$/i.exec(said) ?? [];
  const error = hex.toUpperCase();
  if (code === 49) return ofBind[/^LdapErr: .* data ([0-9a-f]+),/.exec(rest)?.[1] ?? ''];
  // The person's own right to change the password is missing: "User cannot change password".
  if (error === '00000005' && code === 19) return 'directory.change-not-allowed';
  const rule = error === '0000052D' ? samba.find(([text]) => text.test(rest))?.[1] : undefined;
  return rule ?? ofWin32[error];
}

const byPolicyError: Readonly<Record<number, DirectoryRefusalKey>> = {
  [policyErrors.expired]: 'directory.expired',
  [policyErrors.locked]: 'directory.locked',
  [policyErrors.changeAfterReset]: 'directory.no-permission',
  [policyErrors.changeNotAllowed]: 'directory.change-not-allowed',
  [policyErrors.mustSupplyOld]: 'directory.must-supply-old',
  [policyErrors.quality]: 'directory.quality',
  [policyErrors.tooShort]: 'directory.too-short',
  [policyErrors.tooYoung]: 'directory.minimum-age',
  [policyErrors.inHistory]: 'directory.history',
  [policyErrors.tooLong]: 'directory.too-long',
};

/** RFC 4511 appendix A. */
const byCode: Readonly<Record<number, DirectoryRefusalKey>> = {
  8: 'directory.no-tls',
  10: 'directory.unreachable',
  12: 'directory.control-unsupported',
  13: 'directory.no-tls',
  17: 'directory.control-unsupported',
  19: 'directory.policy',
  21: 'directory.encoding',
  32: 'directory.not-found',
  49: 'directory.wrong-old-password',
  50: 'directory.no-permission',
  51: 'directory.unreachable',
  52: 'directory.unreachable',
};

/** The text first, which is the finest; then the control; then the code. */
export function refusalKey(answer: Pick<Answer, 'resultCode' | 'diagnosticMessage' | 'controls'>): DirectoryRefusalKey {
  const { resultCode } = answer;
  const said = oneLine(answer.diagnosticMessage);
  const byText = texts.find(([code, text]) => code === resultCode && text.test(said))?.[2] ?? ofActiveDirectory(resultCode, said);
  const { error } = policyAnswer(answer);
  return byText ?? (error === null ? undefined : byPolicyError[error]) ?? byCode[resultCode] ?? 'directory.unknown';
}

/** The answer word for word, on one line: "19 Password fails quality checking policy; ppolicy 6". */
export function rawAnswer(answer: Pick<Answer, 'resultCode' | 'diagnosticMessage' | 'controls'>): string {
  const { error } = policyAnswer(answer);
  const said = `${answer.resultCode} ${oneLine(answer.diagnosticMessage)}`.trim();
  return error === null ? said : `${said}; ppolicy ${error}`;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: Active Directory ends its texts with a line feed and a NUL
const oneLine = (text: string): string => text.replace(/[\x00-\x1f\x7f\s]+/g, ' ').trim();

export const refusalOf = (answer: Answer, params: Params = {}): Refusal =>
  new Refusal(refusalKey(answer), { params, raw: rawAnswer(answer) });

/** Why nobody answered, or what a server said in the middle of a search. */
export function refusalOfFailure(failure: LdapFailure): Refusal {
  if (failure.answer) return new Refusal(refusalKey(failure.answer), { raw: `${failure.url}: ${rawAnswer(failure.answer)}` });
  const raw = `${failure.url}: ${oneLine(failure.message)}`;
  if (failure.reason === 'empty password') return new Refusal('directory.wrong-old-password', { raw });
  return new Refusal(failure.reason === 'clear' || failure.reason === 'certificate' ? 'directory.no-tls' : 'directory.unreachable', {
    raw,
  });
}

/** Answers of a server that takes no writes, or does not hold the entry: a referral (RFC 4511 4.1.10), a replica, a database made read-only. */
export const isReadOnly = ({ resultCode, diagnosticMessage }: Answer): boolean =>
  resultCode === 10 || (resultCode === 53 && readOnlyTexts.test(diagnosticMessage));

/** Answers of a server that did nothing and knows that another might: busy, unavailable, read-only. */
export const isForAnother = (answer: Answer): boolean => answer.resultCode === 51 || answer.resultCode === 52 || isReadOnly(answer);
