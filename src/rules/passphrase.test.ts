/** An offered passphrase: of the form that keeps the usual rules, long enough, and drawn word by word. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { passphrase } from './passphrase.ts';

const words = ['correct', 'horse', 'battery', 'staple', 'lemon', 'river'];
const inTurn = () => {
  let at = 0;
  return (limit: number) => at++ % limit;
};

test('five words with a capital, signs and two digits', () => {
  assert.is(passphrase({ words, least: 0, below: inTurn() }), 'Correct-horse-battery-staple-lemon-15');
});

test('as many words as the rules need', () => {
  for (const least of [12, 40, 64]) {
    const offered = passphrase({ words, least, below: inTurn() });
    assert.ok(offered.length >= least && /^[A-Z][a-z]+(-[a-z]+){4,}-\d\d$/.test(offered), offered);
  }
});

test('without words it ends, too', () => {
  assert.type(passphrase({ words: [], least: 64, below: () => 0 }), 'string');
});

test.run();
