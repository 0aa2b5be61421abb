import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { builtin, guidBytes, guidText, neighbour, relativeId, within } from './object-id.ts';

test('a GUID is the same as text and as bytes, the first three groups with their lowest byte first', () => {
  const bytes = Buffer.from('33221100554477668899aabbccddeeff', 'hex');
  assert.is(guidText(bytes), '00112233-4455-6677-8899-aabbccddeeff');
  assert.equal(guidBytes('00112233-4455-6677-8899-AABBCCDDEEFF'), bytes);
  assert.is(bytes.toString('hex'), '33221100554477668899aabbccddeeff', 'nothing is turned round in place');
  for (const none of [
    '',
    '*',
    '00112233445566778899aabbccddeeff',
    '{00112233-4455-6677-8899-aabbccddeeff}',
    '00112233-4455-6677-8899-aabbccddeeff ',
  ])
    assert.is(guidBytes(none), null);
  for (const none of [null, Buffer.alloc(0), Buffer.alloc(15), Buffer.alloc(17)]) assert.is(guidText(none), null);
});

test('a SID ends in a number within its domain', () => {
  const domain = Buffer.from('010400000000000515000000c96ad8663d52aa8277 00f917'.replace(' ', ''), 'hex');
  const person = Buffer.from('010500000000000515000000c96ad8663d52aa827700f91751040000', 'hex');
  assert.is(relativeId(person), 0x451);
  assert.equal(within(domain, 0x451), person);
  assert.equal(relativeId(neighbour(person, 513)), 513);
  assert.equal(neighbour(person, 0x451), person);
  assert.is(builtin(544).toString('hex'), '01020000000000052000000020020000');
  for (const none of [null, Buffer.alloc(0), person.subarray(1), person.subarray(0, 20)])
    assert.equal([relativeId(none), neighbour(none, 1), within(none, 1)], [null, null, null]);
});

test.run();
