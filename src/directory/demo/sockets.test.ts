/** The demo directory's sockets under bytes that no client should send: nothing ends or hangs the process, and others are served on. */

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { testDemo } from '../../testing/demo-directory.ts';
import { tlv } from '../ber.ts';

const test = suite('sockets of the demo directory');
const demo = await testDemo();
const plainPort = Number(new URL(demo.plainUrl).port);
const securePort = Number(new URL(demo.secureUrl).port);

/** Everything that comes back until the server closes or falls silent. */
function say(bytes: Buffer, { socket = connect(plainPort, '127.0.0.1') as Socket, quietMillis = 150 } = {}): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const done = () => {
      socket.destroy();
      resolve(Buffer.concat(chunks));
    };
    socket
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('error', done)
      .on('close', done);
    socket.setTimeout(quietMillis, done);
    socket.write(bytes);
  });
}

const message = (operation: Buffer, controls: Buffer | string = '') => tlv(0x30, tlv(0x02, Buffer.from([1])), operation, controls);
const search = (filter: Buffer, base = '') =>
  tlv(
    0x63,
    tlv(0x04, base),
    tlv(0x0a, Buffer.from([0])),
    tlv(0x0a, Buffer.from([0])),
    tlv(0x02, Buffer.from([0])),
    tlv(0x02, Buffer.from([0])),
    tlv(0x01, Buffer.from([0])),
    filter,
    tlv(0x30, tlv(0x04, '2.5.4.3'), tlv(0x04, '')),
  );
const anyObject = tlv(0x87, 'objectClass');
const whoAmI = message(tlv(0x77, tlv(0x80, '1.3.6.1.4.1.4203.1.11.3')));
const isServed = async () => {
  const socket = connect(plainPort, '127.0.0.1');
  socket.write(whoAmI);
  const ended = new Promise<never>((_, reject) => socket.once('close', () => reject(new Error('closed without an answer'))));
  const [answer] = (await Promise.race([once(socket, 'data'), ended])) as [Buffer];
  socket.removeAllListeners('close').destroy();
  assert.is(answer.at(-1), 0);
};
const nested = (depth: number): Buffer => Array.from({ length: depth }).reduce<Buffer>((inner) => tlv(0xa2, inner), anyObject);

const hostile: Record<string, Buffer> = {
  'not BER at all': Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
  'a length of four gigabytes': Buffer.from('3084ffffffff', 'hex'),
  'an indefinite length': Buffer.from('30800201', 'hex'),
  'an attribute list that promises more than there is': tlv(
    0x30,
    tlv(0x02, Buffer.from([1])),
    Buffer.from('630a04000a01000a0100307f', 'hex'),
  ),
  'a modify whose values are cut off': message(
    tlv(
      0x66,
      tlv(0x04, ''),
      tlv(0x30, tlv(0x30, tlv(0x0a, Buffer.from([2])), tlv(0x30, tlv(0x04, 'mail'), Buffer.from('31040404', 'hex')))),
    ),
  ),
  'controls that are none': message(tlv(0x42), tlv(0xa0, tlv(0x30))),
  'a response instead of a request': message(tlv(0x61, tlv(0x0a, Buffer.from([0])), tlv(0x04, ''), tlv(0x04, ''))),
  'an operation that does not exist': message(tlv(0x7f)),
  'a bind by SASL': message(tlv(0x60, tlv(0x02, Buffer.from([3])), tlv(0x04, ''), tlv(0xa3, tlv(0x04, 'PLAIN')))),
  'a filter nested ten thousand deep': message(search(nested(10_000))),
  'an unknown kind of filter': message(search(tlv(0xaf, ''))),
  'a search without its end': message(tlv(0x63, tlv(0x04, ''))),
  'a page size that is none': message(search(anyObject), tlv(0xa0, tlv(0x30, tlv(0x04, '1.2.840.113556.1.4.319'), tlv(0x04, 'x')))),
};
for (const [name, bytes] of Object.entries(hostile)) {
  test(`${name} ends the connection at most`, async () => {
    await say(bytes);
    await say(bytes, { socket: connectTls({ port: securePort, host: '127.0.0.1', ca: demo.ca }) });
    await isServed();
  });
}

test('noise, in pieces, on both ports', async () => {
  for (let round = 0; round < 20; round++) {
    const port = round % 2 === 0 ? plainPort : securePort;
    await say(Buffer.concat([Buffer.from('30', 'hex'), randomBytes(500)]), { socket: connect(port, '127.0.0.1'), quietMillis: 30 });
  }
  await isServed();
});

test('every way to cut and to change a valid message is borne', async () => {
  const valid = message(search(tlv(0xa3, tlv(0x04, 'uid'), tlv(0x04, 'alice'))), tlv(0xa0, tlv(0x30, tlv(0x04, '1.2.3'))));
  const damaged = Array.from(valid, (octet, index) => {
    const copy = Buffer.from(valid);
    copy[index] = octet ^ 0x81;
    return copy;
  });
  await Promise.all(damaged.map((bytes) => say(bytes)));
  await isServed();
});

test('a message in single octets is understood, and two in one piece are both answered', async () => {
  const socket = connect(plainPort, '127.0.0.1');
  const answer = say(Buffer.alloc(0), { socket, quietMillis: 2000 });
  for (const octet of whoAmI) {
    socket.write(Buffer.from([octet]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  const one = await answer;
  const two = await say(Buffer.concat([whoAmI, whoAmI]), { quietMillis: 2000 });
  assert.is(two.length, 2 * one.length);
});

test('names of attributes that ldapjs does not know are borne: numbers and nothing', async () => {
  const answer = await say(message(search(tlv(0xa3, tlv(0x04, '2.5.4.0'), tlv(0x04, '')))), { quietMillis: 2000 });
  // SearchResultDone with success, and no entry before it.
  assert.is(answer.toString('hex'), '300c02010165070a010004000400');
  await isServed();
});

test('a later bind on the same connection, anonymous or refused, leaves nothing of the one before', async () => {
  const bind = (dn: string, password: string) => message(tlv(0x60, tlv(0x02, Buffer.from([3])), tlv(0x04, dn), tlv(0x80, password)));
  const asService = bind(demo.serviceDn, demo.servicePassword);
  const last = async (...requests: Buffer[]) => (await say(Buffer.concat([...requests, whoAmI]), { quietMillis: 2000 })).toString();
  assert.match(await last(asService), `dn:${demo.serviceDn}`);
  for (const later of [bind('', ''), bind(demo.serviceDn, 'wrong'), bind(demo.serviceDn, ''), bind(demo.personDn('nobody'), 'x')]) {
    assert.not.match(await last(asService, later), 'dn:');
  }
});

test('closes at once, whoever is still connected and whatever they were doing', async () => {
  const open = [
    connect(plainPort, '127.0.0.1'),
    connect(securePort, '127.0.0.1'),
    connectTls({ port: securePort, host: '127.0.0.1', ca: demo.ca }),
  ];
  const closed = open.map((socket) => new Promise((resolve) => socket.on('error', resolve).on('close', resolve)));
  await new Promise((resolve) => setTimeout(resolve, 100));
  const from = performance.now();
  await demo.close();
  await Promise.all(closed);
  assert.ok(performance.now() - from < 10_000);
});

test.run();
