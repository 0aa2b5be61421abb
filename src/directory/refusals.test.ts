/** Every recorded answer belongs to its one class, every class is met and has a sentence with a next step, and what was said stays whole. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { directoryRefusals } from '../rules/vocabulary.ts';
import english from '../text/en.json' with { type: 'json' };
import { LdapFailure } from './failure.ts';
import type { Answer } from './ldap.ts';
import { policyRequest } from './ppolicy.ts';
import { recordedAnswers } from './recorded-answers.ts';
import { isForAnother, rawAnswer, refusalKey, refusalOf, refusalOfFailure } from './refusals.ts';

const answer = (resultCode: number, diagnosticMessage: string, error?: number): Answer => ({
  resultCode,
  diagnosticMessage,
  controls: error === undefined ? [] : [{ type: policyRequest.type, value: { error } }],
  value: null,
});

for (const { server, asked, code, says, policyError, means } of recordedAnswers) {
  test(`${server}, ${asked}: ${rawAnswer(answer(code, says, policyError))}`, () => {
    assert.is(refusalKey(answer(code, says, policyError)), means);
  });
}

test('the table is large, names its sources, and repeats nothing', () => {
  assert.ok(recordedAnswers.length >= 60, `${recordedAnswers.length} rows`);
  for (const { server, source, asked } of recordedAnswers) assert.ok(source.length > 3, `${server}: ${asked}`);
  const rows = recordedAnswers.map((row) => JSON.stringify(row));
  assert.is(new Set(rows).size, rows.length);
  const kinds = [/^Active Directory/, /^Samba 4\.17/, /^Samba 4\.24/, /^OpenLDAP 2\.4/, /^OpenLDAP 2\.5/, /2\.6$/, /^389/, /^FreeIPA/];
  for (const kind of kinds)
    assert.ok(
      recordedAnswers.some(({ server }) => kind.test(server)),
      String(kind),
    );
});

/** No server says these: they are found by reading entries. */
const foundByReading: readonly string[] = [
  'directory.ambiguous',
  'directory.locked-by-administrator',
  'directory.locked-until',
  'directory.protected-group',
  'directory.used-or-forbidden',
];

test('every class was met at a directory, and has a sentence of its own with a next step', () => {
  const sentences = directoryRefusals.map((key) => (english as Record<string, string>)[`refusal.${key}`] ?? '');
  assert.is(new Set(sentences).size, directoryRefusals.length);
  for (const [at, key] of directoryRefusals.entries()) {
    assert.ok(foundByReading.includes(key) || recordedAnswers.some(({ means }) => means === key), `${key} was never answered`);
    assert.match(
      sentences[at] ?? '',
      /\b([Aa]sk your helpdesk|Tell your helpdesk|Choose|choose|Make|Mix|Type it again|Use|Please try|Try again)\b/,
      key,
    );
  }
});

test('an answer that nobody knows keeps its words for the journal, and tells the person of the support code', () => {
  const refusal = refusalOf(answer(80, '00000057: setup_last_set_field: pwdLastSet must be 0 or -1 only! at x.c:2436:y\n\0'));
  assert.is(refusal.key, 'directory.unknown');
  assert.is(refusal.raw, '80 00000057: setup_last_set_field: pwdLastSet must be 0 or -1 only! at x.c:2436:y');
  assert.match(english['refusal.directory.unknown'], /support code/);
});

test('a text that only contains the words of another is not taken for it', () => {
  assert.is(refusalKey(answer(19, 'value of 0x10 1 contains 0000052D and password in history')), 'directory.policy');
  assert.is(refusalKey(answer(1, 'Password is in history of old passwords')), 'directory.unknown');
  assert.is(refusalKey(answer(53, 'said 0000052D: the password was already used')), 'directory.unknown');
  assert.is(
    refusalKey(answer(49, '80090308: LdapErr: DSID-775, comment: data 532 or so, data 52e, v1db1')),
    'directory.wrong-old-password',
  );
  assert.is(refusalKey(answer(19, '0000052D0: no eight digits')), 'directory.policy');
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
