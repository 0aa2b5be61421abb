/** Generalized Time, as directories write it. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { instantOf } from './generalized-time.ts';

test('reads seconds, fractions, zones and short forms', () => {
  const noon = Date.UTC(2026, 10, 22, 12, 30, 15);
  for (const [text, instant] of [
    ['20261122123015Z', noon],
    ['20261122123015.5Z', noon + 500],
    ['20261122123015.123456Z', noon + 123],
    ['20261122133015+0100', noon],
    ['20261122090015-0330', noon],
    ['202611221230Z', noon - 15_000],
    ['2026112212Z', noon - 15_000 - 30 * 60_000],
    ['20261122143015+02', noon],
  ] as const) {
    assert.is(instantOf(text), instant, text);
  }
});

test('takes nothing else for a time', () => {
  for (const text of [null, '', '20261122123015', '2026', 'never', '20261122123015ZZ', '-1'])
    assert.is(instantOf(text), null, String(text));
});

test.run();
