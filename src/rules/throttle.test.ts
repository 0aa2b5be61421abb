/** How long one waits, and whose hits are counted together. */

import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { accountKey, addressKey, addressWait, isOver, limits, signInWait } from './throttle.ts';
import { hour, minute, second } from './time.ts';

test('sign-in: ten failures are free, then 60 s and twice as long with each, up to an hour', () => {
  assert.equal([0, 9, 10, 11, 12, 15, 16, 5000].map(signInWait), [0, 0, minute, 2 * minute, 4 * minute, 32 * minute, hour, hour]);
});

test('logins typed: 300 are free, then a second and twice as long with every five, up to ten minutes', () => {
  assert.equal([299, 300, 304, 305, 340, 1e9].map(addressWait), [0, second, second, 2 * second, 256 * second, 10 * minute]);
});

test('no wait is ever shorter after one more failure', () => {
  fc.assert(
    fc.property(fc.nat(2000), (count) => {
      assert.ok(signInWait(count + 1) >= signInWait(count) && addressWait(count + 1) >= addressWait(count));
    }),
  );
});

test('a limit is over at its number', () => {
  assert.not.ok(isOver(4, limits.wrongProofs));
  assert.ok(isOver(5, limits.wrongProofs));
});

test('IPv4 is itself, also where IPv6 carries it', () => {
  for (const written of [
    '192.0.2.1',
    '::ffff:192.0.2.1',
    '::FFFF:192.0.2.1',
    '0:0:0:0:0:ffff:192.0.2.1',
    '::ffff:c000:0201',
    '0000::ffff:c000:201',
  ])
    assert.is(addressKey(written), '192.0.2.1', written);
});

test('IPv6 is its /64, however it is written', () => {
  for (const written of ['2001:db8:0:1::1', '2001:0DB8:0000:0001::ffff', '2001:db8:0:1:2:3:4:5', '2001:db8:0:1:2:3:192.0.2.1'])
    assert.is(addressKey(written), '2001:db8:0:1::/64', written);
  assert.is(addressKey('::1'), '0:0:0:0::/64');
  assert.is(addressKey('::'), '0:0:0:0::/64');
  assert.is(addressKey('2001:db8::'), '2001:db8:0:0::/64');
  assert.is(addressKey('fe80::1%eth0'), 'fe80:0:0:0::/64');
  assert.is.not(addressKey('2001:db8:0:1::1'), addressKey('2001:db8:0:2::1'));
});

test('two addresses share a key exactly when their first 64 bits agree', () => {
  const part = fc.oneof(
    fc.constant('0'),
    fc.nat(0xffff).map((value) => value.toString(16)),
  );
  const parts = fc.array(part, { minLength: 8, maxLength: 8 });
  /** The URL parser of WHATWG compresses as RFC 5952 says: an independent way to write the same address. */
  const compressed = (eight: readonly string[]) => new URL(`http://[${eight.join(':')}]`).hostname.slice(1, -1);
  fc.assert(
    fc.property(parts, (eight) => {
      fc.pre(eight.slice(0, 5).some((one) => one !== '0'));
      assert.is(addressKey(compressed(eight)), `${eight.slice(0, 4).join(':')}::/64`);
    }),
  );
});

test('an account and a stranger never share a key', () => {
  assert.is(accountKey(17, 'whatever'), 'a17');
  assert.is(accountKey(null, '17'), 's17');
});

test.run();
