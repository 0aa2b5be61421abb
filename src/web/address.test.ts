/** The address of a request, through proxies that are trusted and others that only pretend. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { addressBook, plainAddress } from './address.ts';

const office = addressBook(['10.0.0.0/8', '2001:db8:1::/48', '192.0.2.1']);

test('the header is walked from the right, and only as far as proxies are trusted', () => {
  const cases: [string, string | undefined, string][] = [
    ['203.0.113.9', '198.51.100.7', '203.0.113.9'],
    ['10.1.2.3', undefined, '10.1.2.3'],
    ['10.1.2.3', '198.51.100.7', '198.51.100.7'],
    ['10.1.2.3', '1.1.1.1, 198.51.100.7', '198.51.100.7'],
    ['10.1.2.3', '198.51.100.7, 10.9.9.9', '198.51.100.7'],
    ['10.1.2.3', '1.1.1.1, 198.51.100.7,10.9.9.9 ,192.0.2.1', '198.51.100.7'],
    ['10.1.2.3', '10.4.4.4', '10.4.4.4'],
    ['192.0.2.2', '198.51.100.7', '192.0.2.2'],
    ['::ffff:10.1.2.3', '198.51.100.7', '198.51.100.7'],
    ['2001:db8:1:2::3', '2001:DB8:0:0:0:0:0:7', '2001:db8::7'],
    ['2001:db8:2::3', '198.51.100.7', '2001:db8:2::3'],
  ];
  for (const [peer, forwardedFor, address] of cases) assert.is(office({ peer, forwardedFor }), address, `${peer} ${forwardedFor}`);
});

test('a malformed entry ends the walk where it was still sound', () => {
  for (const forged of ['nonsense', '', 'unknown', '198.51.100.7 10.9.9.9', '999.1.1.1', '<script>', '198.51.100.7, oops', 'localhost'])
    assert.is(office({ peer: '10.1.2.3', forwardedFor: forged }), '10.1.2.3', forged);
  assert.is(office({ peer: '10.1.2.3', forwardedFor: '198.51.100.7, oops, 10.9.9.9' }), '10.9.9.9');
});

test('one address has one spelling', () => {
  const spellings: [string, string | null][] = [
    ['198.51.100.7:51234', '198.51.100.7'],
    ['[2001:db8::7]:443', '2001:db8::7'],
    ['[2001:db8::7]', '2001:db8::7'],
    ['2001:0db8:0000:0000:0000:0000:0000:0007', '2001:db8::7'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::FFFF:198.51.100.7', '198.51.100.7'],
    ['::ffff:c633:6407', '198.51.100.7'],
    ['0198.51.100.7', null],
    ['198.51.100', null],
  ];
  for (const [written, plain] of spellings) assert.is(plainAddress(written), plain, written);
});

test('a trusted proxy that is no address is a mistake at start', () => {
  for (const wrong of ['proxy.example', '10.0.0.0/33', '10.0.0.0/x', '10.0.0.0/8/8', '::/129', '', '10.0.0.0/'])
    assert.throws(() => addressBook([wrong]), wrong);
});

test('nobody is trusted by default, not even this machine', () => {
  assert.is(addressBook([])({ peer: '127.0.0.1', forwardedFor: '198.51.100.7' }), '127.0.0.1');
});

test.run();
