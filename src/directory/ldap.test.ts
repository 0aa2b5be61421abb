/** The cures of ldapjs, each against a server that says exactly what the library stumbles over. */

import { createServer as createClearServer, type Server, type Socket } from 'node:net';
import { createServer, TLSSocket } from 'node:tls';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { testAuthority } from '../testing/slapd.ts';
import { integer, octetString, sequence, tlv } from './ber.ts';
import type { CertificateAuthority, ServerCertificate } from './certificate.ts';
import { isFailure, type LdapFailure } from './failure.ts';
import { and, equal, parseFilter, present } from './filter.ts';
import { connect, type Entry, type Link } from './ldap.ts';
import { modifyPasswordOid, modifyPasswordValue, policyAnswer, policyRequest } from './ppolicy.ts';

const test = suite('ldap');
let authority: CertificateAuthority;
let certificate: ServerCertificate;

test.before(async () => {
  authority = await testAuthority();
  certificate = await authority.issue();
});

const enumerated = (code: number) => Buffer.concat([Buffer.from([0x0a]), integer(code).subarray(1)]);
const result = (operation: number, code: number, text = '', more: Buffer | string = '') =>
  tlv(operation, enumerated(code), tlv(octetString, ''), tlv(octetString, text), more);
const reply = (id: number, operation: Buffer, controls: Buffer | string = '') => tlv(sequence, integer(id), operation, controls);
const control = (type: string, value: Buffer) => tlv(0xa0, tlv(sequence, tlv(octetString, type), tlv(octetString, value)));
const entry = (dn: string, attributes: Readonly<Record<string, readonly (string | Buffer)[]>>) =>
  tlv(
    0x64,
    tlv(octetString, dn),
    tlv(
      sequence,
      ...Object.entries(attributes).map(([name, values]) =>
        tlv(sequence, tlv(octetString, name), tlv(0x31, ...values.map((value) => tlv(octetString, value)))),
      ),
    ),
  );

/** Answers each request, by its message id and its bytes. */
type Script = (id: number, request: Buffer, socket: Socket) => readonly Buffer[];

async function scripted(
  script: Script,
  check: (link: Link, heard: readonly Buffer[]) => Promise<void>,
  timeoutMillis = 10_000,
): Promise<void> {
  const heard: Buffer[] = [];
  const server = createServer({ cert: certificate.cert, key: certificate.key }, (socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      heard.push(data);
      for (const bytes of script(data[4] ?? 0, data, socket)) socket.write(bytes);
    });
  });
  await listening(server);
  const link = await connect({ url: `ldaps://127.0.0.1:${portOf(server)}`, startTls: false, ca: authority.ca, timeoutMillis });
  try {
    await check(link, heard);
  } finally {
    link.close();
    await new Promise((resolve) => server.close(resolve));
  }
}
const listening = (server: Server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const portOf = (server: Server) => (server.address() as { port: number }).port;

async function failing(work: Promise<unknown>): Promise<LdapFailure> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!isFailure(error)) throw new Error(`no failure: ${String(error)}`);
  return error;
}
const anything = { base: 'dc=x', scope: 'sub', filter: present('objectClass'), attributes: ['cn'] } as const;

test('what the server says of a refusal arrives: code, text and controls', async () => {
  const policy = control(policyRequest.type, Buffer.from('30840000000381 0105'.replace(' ', ''), 'hex'));
  await scripted(
    (id) => [reply(id, result(0x61, 49, '80090308: LdapErr: DSID-0C0903A9, data 775, v1db1\0'), policy)],
    async (link) => {
      const answer = await link.bind('cn=x', 'secret');
      assert.is(answer.resultCode, 49);
      assert.match(answer.diagnosticMessage, /data 775/);
      assert.is(policyAnswer(answer).error, 5, 'in the long form of 389 Directory Server');
    },
  );
});

test('result codes that the library does not know are answers like others', async () => {
  for (const code of [118, 121, 122, 4096, 16654]) {
    await scripted(
      (id, request) => [reply(id, result(request[5] === 0x63 || request[6] === 0x63 ? 0x65 : 0x61, code, 'odd'))],
      async (link) => {
        assert.is((await link.bind('cn=x', 'secret')).resultCode, code);
        assert.is((await failing(link.search(anything))).answer?.resultCode, code);
      },
    );
  }
});

test('a refused password modification is refused, and its request holds what it should', async () => {
  await scripted(
    (id) => [
      reply(id, result(0x78, 19, 'Password is in history of old passwords'), control(policyRequest.type, Buffer.from('3003810108', 'hex'))),
    ],
    async (link, heard) => {
      const value = modifyPasswordValue({ dn: 'cn=a\\2Cb', password: 'neu€😀' });
      const answer = await link.extended(modifyPasswordOid, value, { controls: [policyRequest] });
      assert.equal([answer.resultCode, policyAnswer(answer).error], [19, 8]);
      const request = Buffer.concat(heard);
      for (const part of [value, tlv(0x80, modifyPasswordOid), tlv(octetString, policyRequest.type)]) assert.ok(request.includes(part));
    },
  );
  assert.throws(() => modifyPasswordValue({ dn: 'cn=a', password: '' }), RangeError);
});

test('control values leave byte for byte', async () => {
  const value = Buffer.from([0x30, 0x84, 0x00, 0xff, 0x80, 0xc3, 0x28]);
  await scripted(
    (id) => [reply(id, result(0x67, 0))],
    async (link, heard) => {
      const changes = [{ operation: 'replace', attribute: 'unicodePwd', values: [Buffer.from([0x22, 0xff, 0xfe, 0x00])] }] as const;
      await link.modify('<GUID=abc>;cn=x,', changes, { controls: [{ type: '1.2.3', isCritical: true, value }] });
      const request = Buffer.concat(heard);
      assert.ok(request.includes(tlv(sequence, tlv(octetString, '1.2.3'), Buffer.from([0x01, 0x01, 0xff]), tlv(octetString, value))));
      assert.ok(request.includes(tlv(octetString, Buffer.from([0x22, 0xff, 0xfe, 0x00]))));
      assert.ok(request.includes(tlv(octetString, '<GUID=abc>;cn=x,')), 'a name is sent as it was given');
    },
  );
});

test('names arrive as the server spelled them, values as bytes', async () => {
  const names = [
    'cn=sl\\5cash,dc=x',
    'cn=\\20edge\\20,dc=x',
    'cn=a\\2C \\22q\\22,dc=x',
    '<GUID=1>;<SID=2>;CN=x',
    'cn=x,',
    'not a name',
    'cn=Jürgen 😀,dc=x',
  ];
  await scripted(
    (id) => [
      ...names.map((dn) => reply(id, entry(dn, { cn: ['Ä', 'b'], objectGUID: [Buffer.from([0xff, 0x00, 0x80])] }))),
      reply(id, result(0x65, 0)),
    ],
    async (link) => {
      const found = await link.search(anything);
      assert.equal(
        found.map(({ dn }) => dn),
        names,
      );
      const [one] = found as [Entry];
      assert.equal(
        [one.text('CN'), one.texts('cn'), one.text('sn'), one.bytes('objectguid')],
        ['Ä', ['Ä', 'b'], null, Buffer.from([0xff, 0x00, 0x80])],
      );
    },
  );
});

test('filters leave decoded', async () => {
  await scripted(
    (id) => [reply(id, result(0x65, 0))],
    async (link, heard) => {
      await link.search({ ...anything, filter: and(parseFilter('(&(cn=a\\28b)(o=J\\c3\\b6*))'), equal('uid', '*)(uid=*')) });
      const request = Buffer.concat(heard);
      for (const part of [tlv(octetString, 'a(b'), tlv(0x80, 'Jö'), tlv(octetString, '*)(uid=*')]) assert.ok(request.includes(part));
    },
  );
});

test('references and intermediate responses do not end a search', async () => {
  await scripted(
    (id) => [
      reply(id, tlv(0x79, tlv(0x80, '1.3.6.1.4.1.4203.1.9.1.4'), tlv(0x81, Buffer.from([0x80, 0xff])))),
      reply(id, tlv(0x73, tlv(octetString, 'ldap://elsewhere/dc=y'))),
      reply(id, entry('cn=x', {})),
      reply(id, result(0x65, 0)),
    ],
    async (link) => assert.is((await link.search(anything)).length, 1),
  );
});

test('pages end with the cookie, not with an empty page', async () => {
  const paged = (cookie: string) => control('1.2.840.113556.1.4.319', tlv(sequence, integer(0), tlv(octetString, cookie)));
  let asked = 0;
  await scripted(
    (id) => {
      asked++;
      if (asked === 1) return [reply(id, result(0x65, 0), paged('more'))];
      if (asked === 2) return [reply(id, entry('cn=x', {})), reply(id, result(0x65, 0), paged('\xff\xfe'))];
      return [reply(id, entry('cn=y', {})), reply(id, result(0x65, 0), paged(''))];
    },
    async (link, heard) => {
      const pages: number[] = [];
      for await (const page of link.pages(anything, 200)) pages.push(page.length);
      assert.equal(pages, [0, 1, 1]);
      assert.ok(heard[1]?.includes(tlv(sequence, integer(200), tlv(octetString, 'more'))));
    },
  );
});

test('a search that stalls after its first entry ends at its deadline', async () => {
  await scripted(
    (id) => [reply(id, entry('cn=x', {}))],
    async (link) => {
      const started = Date.now();
      const failure = await failing(link.search(anything));
      assert.equal([failure.reason, failure.wasSent, link.isOpen], ['silent', false, false], 'a search may be repeated');
      assert.ok(Date.now() - started < 5_000);
      assert.is((await failing(link.search(anything))).reason, 'silent', 'and nothing is queued behind it');
    },
    200,
  );
});

test('a change without an answer may have been made; one on a dead connection was not', async () => {
  await scripted(
    (_id, _request, socket) => {
      socket.destroy();
      return [];
    },
    async (link) => {
      let announced = 0;
      const change = () =>
        link.modify('cn=x', [{ operation: 'replace', attribute: 'a', values: [] }], { beforeSending: () => announced++ });
      const sent = await failing(change());
      assert.equal([sent.wasSent, announced], [true, 1]);
      const unsent = await failing(change());
      assert.equal([unsent.wasSent, announced], [false, 1]);
    },
  );
});

test('an empty password never leaves', async () => {
  await scripted(
    (id) => [reply(id, result(0x61, 0))],
    async (link, heard) => {
      assert.is((await failing(link.bind('cn=x', ''))).reason, 'empty password');
      assert.is(heard.length, 0);
    },
  );
});

test('nonsense from the server ends the connection, not the process', async () => {
  for (const bytes of [
    Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
    Buffer.from('30050201017f00', 'hex'),
    Buffer.from('3080', 'hex'),
    tlv(sequence, integer(1), tlv(0x61, '')),
  ]) {
    await scripted(
      () => [bytes],
      async (link) => {
        const failure = await failing(link.bind('cn=x', 'secret'));
        assert.ok(['unreachable', 'closed', 'silent'].includes(failure.reason), failure.reason);
        assert.not.ok(link.isOpen);
      },
      300,
    );
  }
});

/** A server of clear LDAP that hears StartTLS and answers with these bytes; then it speaks TLS if it is told to. */
async function startTls(
  answer: (id: number) => Buffer,
  isUpgraded: boolean,
  check: (work: Promise<Link>, heard: () => Buffer) => Promise<void>,
  timeoutMillis = 10_000,
): Promise<void> {
  const heard: Buffer[] = [];
  const sockets: Socket[] = [];
  const server = createClearServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.once('data', (data) => {
      heard.push(data);
      socket.write(answer(data[4] ?? 0));
      if (isUpgraded) new TLSSocket(socket, { isServer: true, cert: certificate.cert, key: certificate.key }).on('error', () => undefined);
      else socket.on('data', (more) => heard.push(more));
    });
  });
  await listening(server);
  const work = connect({ url: `ldap://127.0.0.1:${portOf(server)}`, startTls: true, ca: authority.ca, timeoutMillis });
  await check(work, () => Buffer.concat(heard)).finally(() => {
    for (const socket of sockets) socket.destroy();
  });
  await new Promise((resolve) => server.close(resolve));
}

test('StartTLS that is refused, with a known code or an unknown one, ends it before anything else is said', async () => {
  for (const code of [2, 52, 118]) {
    await startTls(
      (id) => reply(id, result(0x78, code, 'no TLS here')),
      false,
      async (work, heard) => {
        const failure = await failing(work);
        assert.equal([failure.reason, failure.answer?.resultCode, failure.wasSent], ['answer', code, false]);
        assert.match(heard().toString('latin1'), /1\.3\.6\.1\.4\.1\.1466\.20037/);
        assert.ok(heard().length < 40, 'StartTLS alone was sent');
      },
    );
  }
});

test('bytes in the clear behind the StartTLS answer are not believed', async () => {
  await startTls(
    (id) => Buffer.concat([reply(id, result(0x78, 0)), Buffer.from('30820100', 'hex')]),
    true,
    async (work) => assert.is((await failing(work)).reason, 'clear'),
  );
});

test('StartTLS that never comes to TLS ends at its deadline', async () => {
  await startTls(
    (id) => reply(id, result(0x78, 0)),
    false,
    async (work) => assert.is((await failing(work)).reason, 'silent'),
    500,
  );
});

test('a clear connection is refused before any byte', async () => {
  let connections = 0;
  const server = createClearServer(() => connections++);
  await listening(server);
  const failure = await failing(connect({ url: `ldap://127.0.0.1:${portOf(server)}`, startTls: false, ca: null, timeoutMillis: 500 }));
  assert.equal([failure.reason, failure.wasSent, connections], ['clear', false, 0]);
  await new Promise((resolve) => server.close(resolve));
});

test.run();
