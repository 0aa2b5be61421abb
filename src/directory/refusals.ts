/**
 * What directories answer, as our refusals: by result code and anchored text, never by "contains", and by the password policy control where
 * there is one. The texts were recorded from OpenLDAP 2.5, 389 Directory Server 2.3, Samba 4.17 to 4.25 and public reports of Active Directory.
 */

import { Refusal, type Params } from '../rules/refusal.ts';
import type { DirectoryRefusalKey } from '../rules/vocabulary.ts';
import type { LdapFailure } from './failure.ts';
import type { Answer } from './ldap.ts';
import { policyAnswer, policyErrors } from './ppolicy.ts';

/** OpenLDAP: a consumer without a referral, `olcReadOnly`; 389: a database or a server that is read-only. */
const readOnlyTexts = /^(shadow context|operation restricted|database is read-only|Server is read-only)/;

type Row = readonly [code: number | null, text: RegExp, key: DirectoryRefusalKey];

/** Texts that say more than the code, and more than the control where both are there. The first row that fits counts. */
const texts: readonly Row[] = [
  [53, /^Must supply correct old password/, 'directory.wrong-old-password'],
  [53, /^unwilling to verify old password/, 'directory.wrong-old-password'],
  [50, /^Must supply old password/, 'directory.must-supply-old'],
  [50, /^User alteration of password is not allowed/, 'directory.change-not-allowed'],
  [19, /^Password is too young to change/, 'directory.minimum-age'],
  [19, /^Password is (in history of old passwords|not being changed from existing value)/, 'directory.history'],
  [19, /^invalid password syntax - password must be at least \d+ characters/, 'directory.too-short'],
  [19, /^invalid password syntax/, 'directory.quality'],
  [19, /^password in history/, 'directory.history'],
  [19, /^within password minimum age/, 'directory.minimum-age'],
  [19, /^Exceed password retry limit/, 'directory.locked'],
  [53, /^Account inactivated/, 'directory.disabled'],
  [49, /^password expired!/, 'directory.expired'],
  [49, /^80090308: .*, data (775)\b/, 'directory.locked'],
  [49, /^80090308: .*, data (533)\b/, 'directory.disabled'],
  [49, /^80090308: .*, data (532|701|773)\b/, 'directory.expired'],
  [null, /^0000052D: .*password is too short/, 'directory.too-short'],
  [null, /^0000052D: .*complexity/, 'directory.quality'],
  [null, /^0000052D: .*already used/, 'directory.history'],
  [null, /^0000052D: .*too young/, 'directory.minimum-age'],
  [null, /^0000052D\b/, 'directory.policy'],
  [null, /^00000056\b/, 'directory.wrong-old-password'],
  [null, /^00000775\b/, 'directory.locked'],
  [null, /^0000001F\b/, 'directory.no-tls'],
  [null, /^(00000005|00002098)\b/, 'directory.no-permission'],
  [53, /^00002035\b/, 'directory.encoding'],
  [53, readOnlyTexts, 'directory.unreachable'],
  [19, /^Password fails quality/, 'directory.policy'],
];

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
};

/** RFC 4511 appendix A. */
const byCode: Readonly<Record<number, DirectoryRefusalKey>> = {
  8: 'directory.no-tls',
  10: 'directory.unreachable',
  12: 'directory.control-unsupported',
  13: 'directory.no-tls',
  19: 'directory.policy',
  21: 'directory.encoding',
  32: 'directory.not-found',
  49: 'directory.wrong-old-password',
  50: 'directory.no-permission',
  51: 'directory.unreachable',
  52: 'directory.unreachable',
};

export function refusalKey(answer: Pick<Answer, 'resultCode' | 'diagnosticMessage' | 'controls'>): DirectoryRefusalKey {
  const { resultCode, diagnosticMessage } = answer;
  const { error } = policyAnswer(answer);
  const row = texts.find(([code, text]) => (code === null || code === resultCode) && text.test(diagnosticMessage));
  // "Fails quality" is said of everything that is wrong with a password: there the control is finer.
  const isVague = row?.[2] === 'directory.policy';
  if (row && !(isVague && error !== null)) return row[2];
  return (error === null ? undefined : byPolicyError[error]) ?? byCode[resultCode] ?? 'directory.unknown';
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
