/** What directories really answered, and the one class that each answer belongs to (recorded texts; public reports for Active Directory). */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { DirectoryRefusalKey } from '../rules/vocabulary.ts';
import { LdapFailure } from './failure.ts';
import type { Answer } from './ldap.ts';
import { policyRequest } from './ppolicy.ts';
import { isForAnother, rawAnswer, refusalKey, refusalOfFailure } from './refusals.ts';

const answer = (resultCode: number, diagnosticMessage: string, error?: number): Answer => ({
  resultCode,
  diagnosticMessage,
  controls: error === undefined ? [] : [{ type: policyRequest.type, value: { error } }],
  value: null,
});
const samba = (text: string) => `0000052D: Constraint violation - check_password_restrictions: ${text}`;
const activeDirectory = (data: string) => `80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data ${data}, v1db1\0`;

const recorded: readonly (readonly [number, string, number | undefined, DirectoryRefusalKey])[] = [
  [19, 'Password fails quality checking policy', 6, 'directory.too-short'],
  [19, 'Password fails quality checking policy', 5, 'directory.quality'],
  [19, 'Password fails quality checking policy', undefined, 'directory.policy'],
  [19, 'Password is not being changed from existing value', 8, 'directory.history'],
  [19, 'Password is in history of old passwords', undefined, 'directory.history'],
  [19, 'Password is too young to change', 7, 'directory.minimum-age'],
  [19, 'Password is too young to change', undefined, 'directory.minimum-age'],
  [50, 'Must supply old password to be changed as well as new one', 4, 'directory.must-supply-old'],
  [53, 'Must supply correct old password to change to new one', 4, 'directory.wrong-old-password'],
  [53, 'unwilling to verify old password', undefined, 'directory.wrong-old-password'],
  [50, 'User alteration of password is not allowed', 3, 'directory.change-not-allowed'],
  [50, 'Operations are restricted to bind/unbind/abandon/StartTLS/modify password', 2, 'directory.no-permission'],
  [50, '', undefined, 'directory.no-permission'],
  [49, '', undefined, 'directory.wrong-old-password'],
  [49, '', 1, 'directory.locked'],
  [49, '', 0, 'directory.expired'],
  [13, 'confidentiality required', undefined, 'directory.no-tls'],
  [8, 'BindSimple: Transport encryption required.', undefined, 'directory.no-tls'],
  [19, 'Exceed password retry limit. Please try later.', undefined, 'directory.locked'],
  [53, 'Account inactivated. Contact system administrator.', undefined, 'directory.disabled'],
  [49, 'password expired!', undefined, 'directory.expired'],
  [19, 'invalid password syntax - password must be at least 12 characters long', 5, 'directory.too-short'],
  [19, 'invalid password syntax - password based off of user entry', 5, 'directory.quality'],
  [19, 'password in history', 8, 'directory.history'],
  [19, 'within password minimum age', 7, 'directory.minimum-age'],
  [19, samba('the password is too short. It should be equal or longer than 12 characters!'), undefined, 'directory.too-short'],
  [53, samba('the password is too short. It should be equal to or longer than 12 characters!'), undefined, 'directory.too-short'],
  [19, samba('the password does not meet the complexity criteria!'), undefined, 'directory.quality'],
  [19, samba('the password was already used (in history)!'), undefined, 'directory.history'],
  [53, samba('password is too young to change!'), undefined, 'directory.minimum-age'],
  [
    19,
    "00000056: Constraint violation - check_password_restrictions: The old password specified doesn't match!",
    undefined,
    'directory.wrong-old-password',
  ],
  [19, '00000775: Password change not permitted, account locked out! at', undefined, 'directory.locked'],
  [53, "00002035: setup_io: it's not allowed to set the NT hash password directly'", undefined, 'directory.encoding'],
  [50, '00002098: Object CN=x has no write property access', undefined, 'directory.no-permission'],
  [
    19,
    '0000052D: AtrErr: DSID-03190F80, #1:\n\t0: 0000052D: DSID-03190F80, problem 1005 (CONSTRAINT_ATT_TYPE), data 0, Att 9005a (unicodePwd)\n\0',
    undefined,
    'directory.policy',
  ],
  [53, '0000052D: SvcErr: DSID-031A126C, problem 5003 (WILL_NOT_PERFORM), data 0\n\0', undefined, 'directory.policy'],
  [53, '0000001F: SvcErr: DSID-031A0FC0, problem 5003 (WILL_NOT_PERFORM), data 0\n\0', undefined, 'directory.no-tls'],
  [19, '00000005: AtrErr: DSID-03191083, #1:', undefined, 'directory.no-permission'],
  [49, activeDirectory('52e'), undefined, 'directory.wrong-old-password'],
  [49, activeDirectory('775'), undefined, 'directory.locked'],
  [49, activeDirectory('533'), undefined, 'directory.disabled'],
  [49, activeDirectory('773'), undefined, 'directory.expired'],
  [12, '', undefined, 'directory.control-unsupported'],
  [32, '', undefined, 'directory.not-found'],
  [52, '', undefined, 'directory.unreachable'],
  [4, '', undefined, 'directory.unknown'],
  [16654, 'who knows', undefined, 'directory.unknown'],
];

test('each recorded answer belongs to its class', () => {
  for (const [code, text, error, key] of recorded) assert.is(refusalKey(answer(code, text, error)), key, `${code} ${text} ${error}`);
});

test('a text that only contains the words of another is not taken for it', () => {
  assert.is(refusalKey(answer(19, 'value of 0x10 1 contains 0000052D and password in history')), 'directory.policy');
  assert.is(refusalKey(answer(1, 'Password is in history of old passwords')), 'directory.unknown');
});

test('the raw answer is whole, and one line', () => {
  assert.is(rawAnswer(answer(19, 'Password fails quality checking policy', 6)), '19 Password fails quality checking policy; ppolicy 6');
  assert.is(rawAnswer(answer(49, '', 1)), '49; ppolicy 1');
  assert.is(rawAnswer(answer(53, '0000052D: SvcErr: x,\n\tdata 0\n\0')), '53 0000052D: SvcErr: x, data 0');
});

test('silence is unreachable, a bad certificate is no TLS', () => {
  const key = (reason: ConstructorParameters<typeof LdapFailure>[0]) =>
    refusalOfFailure(new LdapFailure(reason, { url: 'ldaps://x', text: 'why' })).key;
  assert.equal(
    [key('silent'), key('closed'), key('unreachable')],
    ['directory.unreachable', 'directory.unreachable', 'directory.unreachable'],
  );
  assert.equal(
    [key('certificate'), key('clear'), key('empty password')],
    ['directory.no-tls', 'directory.no-tls', 'directory.wrong-old-password'],
  );
});

test('a busy server and one that takes no writes leave it to another', () => {
  assert.ok([answer(51, ''), answer(52, ''), answer(10, ''), answer(53, 'shadow context; no update referral')].every(isForAnother));
  assert.not.ok([answer(53, 'other'), answer(49, ''), answer(19, ''), answer(0, '')].some(isForAnother));
});

test.run();
