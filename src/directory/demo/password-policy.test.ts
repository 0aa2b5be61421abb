/** The demo directory's password policy: each rule by itself, and how they follow on each other. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { day, hour, minute, second } from '../../rules/time.ts';
import {
  type Credential,
  freshCredential,
  isLocked,
  judgeNewPassword,
  judgeSignIn,
  type NewPassword,
  type PasswordPolicy,
  withNewPassword,
} from './password-policy.ts';

const start = Date.UTC(2026, 0, 5, 9);
const policy: PasswordPolicy = {
  minimumLength: 12,
  history: 2,
  minimumAge: hour,
  maximumAge: 90 * day,
  warning: 7 * day,
  graceLogins: 1,
  failuresToLock: 3,
  lockMillis: 30 * minute,
  failureMillis: 10 * minute,
  safeModify: false,
};
const alice = freshCredential('first-password', start);
const matches = async (password: string, hash: string) => password === hash;

/** The error of the new password a day later, or null when it is taken. */
async function complaint(wanted: NewPassword, { credential = alice, at = start + day, rules = policy } = {}): Promise<string | null> {
  const judged = await judgeNewPassword(wanted, { credential, policy: rules, now: at, matches });
  return judged && `${judged.code}/${judged.note.error}`;
}

const failing = (credential: Credential, ...times: number[]) =>
  times.reduce((before, at) => judgeSignIn(before, false, policy, at).credential, credential);

test('a right password opens, a wrong one is counted without a word', () => {
  assert.is(judgeSignIn(alice, true, policy, start).code, 0);
  const { code, note, credential } = judgeSignIn(alice, false, policy, start);
  assert.equal({ code, note, failedAt: credential.failedAt }, { code: 49, note: {}, failedAt: [start] });
});

test('the third failure locks, the right password then says so, and time ends it', () => {
  const locked = failing(alice, start, start + second, start + 2 * second);
  const early = judgeSignIn(locked, true, policy, start + minute);
  assert.equal([early.code, early.note.error], [49, 1]);
  assert.is(early.credential, locked);
  assert.is(judgeSignIn(locked, true, policy, start + 31 * minute).code, 0);
  assert.is(failing(locked, start + 31 * minute).lockedAt, null);
});

test('failures far apart do not add up, and a success forgets them', () => {
  assert.not(isLocked(failing(alice, start, start + 11 * minute, start + 22 * minute), policy, start + 22 * minute));
  const forgiven = judgeSignIn(failing(alice, start, start + second), true, policy, start + 2 * second).credential;
  assert.equal(forgiven.failedAt, []);
});

test('with no end to a lock, only an unlock ends it; an administrator’s never ends by itself', () => {
  const forever = { ...policy, lockMillis: 0 };
  assert.ok(isLocked({ ...alice, lockedAt: start }, forever, start + 1000 * day));
  assert.ok(isLocked({ ...alice, lockedAt: 'for good' }, policy, start + 1000 * day));
  assert.ok(isLocked({ ...alice, endsAt: start }, policy, start));
});

test('near its end a password warns, after it there are grace sign-ins, then none', () => {
  assert.equal(judgeSignIn(alice, true, policy, start + 84 * day).note, { secondsLeft: 6 * 86_400 });
  const grace = judgeSignIn(alice, true, policy, start + 90 * day);
  assert.equal([grace.code, grace.note], [0, { graceLeft: 0 }]);
  const ended = judgeSignIn(grace.credential, true, policy, start + 91 * day);
  assert.equal([ended.code, ended.note], [49, { error: 0 }]);
});

test('who must change gets in and is told', () => {
  const { code, note } = judgeSignIn({ ...alice, mustChange: true }, true, policy, start);
  assert.equal([code, note], [0, { error: 2 }]);
});

test('each rule about new passwords has its own error', async () => {
  assert.is(await complaint({ password: 'a good new one' }), null);
  assert.is(await complaint({ password: 'too short' }), '19/6');
  assert.is(await complaint({ password: 'ünïcödé' }), '19/6');
  assert.is(await complaint({ password: 'ünïcödéß' }), null, 'octets count, as in slapd');
  assert.is(await complaint({ password: '{SSHA}looks-like-a-hash' }), '19/5');
  assert.is(await complaint({ password: 'a good new one' }, { at: start + minute }), '19/7');
  assert.is(await complaint({ password: 'a good new one', old: 'wrong' }), '53/4');
  assert.is(await complaint({ password: 'a good new one' }, { rules: { ...policy, safeModify: true } }), '50/4');
  assert.is(await complaint({ password: 'a good new one', old: 'first-password' }, { rules: { ...policy, safeModify: true } }), null);
});

test('who must change may do so at once', async () => {
  assert.is(await complaint({ password: 'a good new one' }, { credential: { ...alice, mustChange: true }, at: start + minute }), null);
});

test('the present password and as many as the history says are refused, older ones are not', async () => {
  let credential = alice;
  for (const password of ['second-password', 'third-password', 'fourth-password']) {
    credential = withNewPassword(credential, password, policy, start);
  }
  assert.is(await complaint({ password: 'fourth-password' }, { credential }), '19/8');
  assert.is(await complaint({ password: 'second-password' }, { credential }), '19/8');
  assert.is(await complaint({ password: 'first-password' }, { credential }), null);
});

test('a new password clears locks and the duty to change, but not the end of the account', () => {
  const before = { ...alice, lockedAt: 'for good', failedAt: [start], mustChange: true, endsAt: start + day } as const;
  const after = withNewPassword(before, 'a good new one', policy, start);
  assert.equal([after.lockedAt, after.failedAt, after.mustChange, after.endsAt], [null, [], false, start + day]);
});

test.run();
