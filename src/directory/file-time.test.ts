import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { instantOf, spanOf } from './file-time.ts';

test('an instant is read to the millisecond, and no instant is none', () => {
  assert.is(instantOf('116444736000000000'), 0);
  assert.is(instantOf('134398452429383250'), Date.UTC(2026, 10, 22, 18, 20, 42, 938));
  for (const none of [null, '', '0', '-1', '9223372036854775807', '99999999999999999999', 'x', '1e9']) assert.is(instantOf(none), null);
});

test('a span is negative; 0 and for ever are none', () => {
  assert.is(spanOf('-864000000000'), 86_400_000);
  assert.is(spanOf('-10000000'), 1000);
  for (const none of [null, '', '0', '600000000', '-9223372036854775808', '--1', '-']) assert.is(spanOf(none), null);
});

test.run();
