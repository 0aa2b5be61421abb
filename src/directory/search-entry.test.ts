/** Entries out of bytes: the same as the library reads them, and nothing worse than a RangeError out of whatever else comes. */

import fc from 'fast-check';
import ldapjs from 'ldapjs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { integer, octetString, sequence, tlv } from './ber.ts';
import { resultIn } from './search-entry.ts';

type Attributes = readonly (readonly [name: string, values: readonly Buffer[]])[];

/** Lengths may be written longer than they need be (X.690 8.1.3.5): 389 Directory Server does so. */
function longTlv(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const head = Buffer.from([tag, 0x84, 0, 0, 0, 0]);
  head.writeUInt32BE(content.length, 2);
  return Buffer.concat([head, content]);
}

interface Written {
  readonly id?: number;
  readonly dn: string;
  readonly attributes: Attributes;
  readonly write?: (tag: number, ...parts: readonly Buffer[]) => Buffer;
}

function messageOf({ id = 7, dn, attributes, write = tlv }: Written): Buffer {
  const text = (value: string | Buffer) => write(octetString, Buffer.from(value as string));
  const list = attributes.map(([name, values]) => write(sequence, text(name), write(0x31, ...values.map(text))));
  return write(sequence, integer(id), write(0x64, text(dn), write(sequence, ...list)));
}

const entryIn = (bytes: Buffer, from = 0) => {
  const entry = resultIn(bytes, from)?.entry;
  if (!entry) throw new Error('no entry');
  return entry;
};

const anyName = fc.stringMatching(/^[a-z][a-zA-Z0-9-]{0,12}(;[a-z]{1,8})?$/);
const anyAttributes = fc.uniqueArray(
  fc.tuple(
    anyName,
    fc.array(
      fc.oneof(
        fc.string({ unit: 'grapheme' }).map((text) => Buffer.from(text)),
        fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      ),
      { maxLength: 4 },
    ),
  ),
  { maxLength: 6, selector: ([name]) => name.toLowerCase() },
);

interface LibraryEntry {
  readonly messageId: number;
  readonly attributes: readonly { readonly type: string; readonly buffers: readonly Buffer[] }[];
}
const { Parser } = ldapjs as unknown as { Parser: new () => NodeJS.EventEmitter & { write(bytes: Buffer): void } };

/** What the library makes of the same bytes. */
function readByLibrary(message: Buffer): LibraryEntry {
  const parser = new Parser();
  let read: LibraryEntry | null = null;
  parser.on('message', (one: LibraryEntry) => {
    read = one;
  });
  parser.on('error', (error: Error) => {
    throw error;
  });
  parser.write(message);
  if (!read) throw new Error('the library read nothing');
  return read;
}

test('an entry has what the library finds in it, however its lengths are written and wherever it begins', () => {
  fc.assert(
    fc.property(anyAttributes, fc.nat(0x7fffff), fc.constantFrom(tlv, longTlv), fc.nat(20), (attributes, id, write, before) => {
      const message = messageOf({ id, dn: 'cn=x,dc=example', attributes, write: write as typeof tlv });
      const bytes = Buffer.concat([Buffer.alloc(before), message, Buffer.alloc(3)]);
      const theirs = readByLibrary(message);
      assert.is(resultIn(bytes, before)?.messageId, theirs.messageId);
      const ours = entryIn(bytes, before);
      assert.equal(
        ours.names,
        theirs.attributes.map(({ type }) => type),
      );
      for (const { type, buffers } of theirs.attributes) {
        assert.equal(ours.allBytes(type), buffers);
        assert.equal(ours.bytes(type.toUpperCase()), buffers[0] ?? null);
        assert.equal(
          ours.texts(type),
          buffers.map((value) => value.toString('utf8')),
        );
        assert.is(ours.text(type.toUpperCase()), buffers[0]?.toString('utf8') ?? null);
      }
      assert.equal([ours.text('none'), ours.texts('none'), ours.bytes('none')], [null, [], null]);
    }),
    { numRuns: 500 },
  );
});

test('a name is the one that came, not the one that usually comes there', () => {
  const first = entryIn(messageOf({ dn: 'cn=a', attributes: [['mail', [Buffer.from('a')]]] }));
  const second = entryIn(messageOf({ dn: 'cn=b', attributes: [['mayl', [Buffer.from('b')]]] }));
  assert.equal([first.names, second.names, second.text('mail')], [['mail'], ['mayl'], null]);
});

test('a DN comes as it was sent', () => {
  for (const dn of ['', 'cn=Smith\\2C Jane,dc=x', 'cn=\\#hash \\"quoted\\",dc=x', 'cn=日本\u0000😀', ' cn = spaced ', '<GUID=00>'])
    assert.is(entryIn(messageOf({ dn, attributes: [] })).dn, dn);
});

test('what is taken out stays when the bytes do not', () => {
  const bytes = messageOf({ dn: 'cn=a', attributes: [['photo', [Buffer.from([1, 2, 3])]]] });
  const photo = entryIn(bytes).bytes('photo');
  bytes.fill(0);
  assert.equal(photo, Buffer.from([1, 2, 3]));
});

test('a reference names no entry; every other kind of message is left alone', () => {
  const of = (tag: number) => tlv(sequence, integer(3), tlv(tag, tlv(octetString, 'ldap://elsewhere.example')));
  assert.equal(resultIn(of(0x73), 0), { messageId: 3, entry: null });
  for (const tag of [0x61, 0x65, 0x67, 0x78, 0x79]) assert.is(resultIn(of(tag), 0), null);
});

test('bytes that are no message, or a damaged one, are a RangeError and nothing else', () => {
  const whole = messageOf({
    dn: 'uid=jane,dc=example',
    attributes: [
      ['uid', [Buffer.from('jane')]],
      ['mail', [Buffer.from('jane@example.org'), Buffer.from('j@example.org')]],
    ],
  });
  const look = (bytes: Buffer): void => {
    try {
      const entry = resultIn(bytes, 0)?.entry;
      for (const name of entry?.names ?? []) entry?.allBytes(name);
    } catch (error) {
      assert.instance(error, RangeError);
    }
  };
  for (let end = 0; end < whole.length; end++)
    assert.throws(
      () => resultIn(whole.subarray(0, end), 0),
      (error: unknown) => error instanceof RangeError,
    );
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(255), (place, value, next) => {
      const damaged = Buffer.from(whole);
      damaged[place] = value;
      if (place + 1 < damaged.length) damaged[place + 1] = next;
      look(damaged);
    }),
    { numRuns: 3000 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => look(Buffer.from([0x30, bytes.length, ...bytes]))),
    { numRuns: 3000 },
  );
  assert.throws(() => resultIn(Buffer.from([0x30, 0x80, 0x02, 0x01, 0x01, 0x64, 0x80, 0, 0]), 0), 'no length');
});

test('nothing of the next message is taken for a part of this one', () => {
  const one = messageOf({ dn: 'cn=one', attributes: [['cn', [Buffer.from('one')]]] });
  const lying = Buffer.from(one);
  lying[lying.length - 4] = 40; // the value's own length, beyond its set
  const entry = entryIn(Buffer.concat([lying, messageOf({ dn: 'cn=two', attributes: [['cn', [Buffer.alloc(60)]]] })]));
  assert.throws(() => entry.allBytes('cn'), 'longer than');
  assert.throws(() => entry.text('cn'), 'longer than');
});

test.run();
