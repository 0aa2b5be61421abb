/** The csrf field by itself: signed, bound, and of a limited age. */

import { createHmac } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hour, minute } from '../rules/time.ts';
import { createCsrf } from './csrf.ts';

const at = 1_800_000_000_000;
const withKey = (key: string) => {
  let drawn = 0;
  return createCsrf({
    vault: { digest: (purpose, value) => createHmac('sha256', key).update(`${purpose}\0${value}`).digest('base64url') },
    random: { token: () => createHmac('sha256', key).update(String(drawn++)).digest('base64url') },
  });
};
const csrf = withKey('one');
const visitor = csrf.newVisitor();
const token = csrf.token({ visitor, session: 's' }, at);

test('good for two hours, stale after, and a minute of a clock set back is borne', () => {
  const judged = (now: number) => csrf.judge(token, { visitor, session: 's', at: now, isVouched: false });
  assert.equal([at, at + 2 * hour, at + 2 * hour + 1, at - minute, at - minute - 1].map(judged), [
    'good',
    'good',
    'stale',
    'good',
    'stale',
  ]);
});

test('bound to the session, and to the visitor', () => {
  const other = csrf.newVisitor();
  const judged = (holder: { visitor: string | null; session: string | null }, isVouched = false) =>
    csrf.judge(token, { ...holder, at, isVouched });
  assert.is(judged({ visitor, session: null }), 'stale');
  assert.is(judged({ visitor, session: 'other' }), 'stale');
  for (const stranger of [other, null, 'made.up', '']) {
    assert.is(judged({ visitor: stranger, session: 's' }), 'forged');
    assert.is(judged({ visitor: stranger, session: 's' }, true), 'stale');
  }
});

test('what this server did not sign is forged, whoever vouches', () => {
  const foreign = withKey('two').token({ visitor, session: 's' }, at);
  for (const made of [undefined, '', '.', '...', '....', `${token}x`, token.slice(1), `${token}.`, foreign, visitor, 'é'.repeat(10)])
    assert.is(csrf.judge(made, { visitor, session: 's', at, isVouched: true }), 'forged', String(made));
  assert.ok(csrf.isVisitor(visitor));
  for (const made of [null, '', '.', visitor.slice(1), `${visitor}.x`, withKey('two').newVisitor(), token])
    assert.not.ok(csrf.isVisitor(made));
});

test('a garbage cookie and token cost next to nothing', () => {
  const started = process.cpuUsage();
  for (let nth = 0; nth < 1000; nth++) csrf.judge('x'.repeat(180), { visitor: `${nth}.x`, session: 'y', at, isVouched: true });
  const { user, system } = process.cpuUsage(started);
  assert.ok((user + system) / 1000 < 1_000, 'microseconds each');
});

test.run();
