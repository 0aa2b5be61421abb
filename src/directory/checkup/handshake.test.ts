/** What is seen of an address from outside, against servers that Node itself plays, the sick ones among them; and what is said of each. */

import { X509Certificate } from 'node:crypto';
import { type AddressInfo, createServer as createPlain, type Server, type Socket } from 'node:net';
import { createServer as createTls, type TlsOptions } from 'node:tls';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { day } from '../../rules/time.ts';
import { systemClock, systemRandom } from '../../system.ts';
import { certificateAuthority } from '../certificate.ts';
import { isFailure } from '../failure.ts';
import { connect } from '../ldap.ts';
import { observed } from './address.ts';
import { sightOf } from './handshake.ts';

const authority = await certificateAuthority({ clock: systemClock, random: systemRandom });
const certificate = await authority.issue();
const timeoutMillis = 10_000;

const test = suite('a look at an address');

const open: Server[] = [];
const sockets = new Set<Socket>();
test.after(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of open) server.close();
});

async function listening(server: Server): Promise<number> {
  open.push(server);
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
const plain = (answer: (socket: Socket) => void) => listening(createPlain((socket) => answer(socket.on('error', () => undefined))));
function tls(options: TlsOptions, heard: Buffer[] = []) {
  const server = createTls(options, (socket) => socket.on('error', () => undefined).on('data', (bytes) => void heard.push(bytes)));
  return listening(server.on('tlsClientError', () => undefined));
}

/** The faults and warnings, or what is well last. */
async function said(url: string, { ca = authority.ca as string | null, startTls = false, patience = timeoutMillis } = {}) {
  const sight = await sightOf({ url, startTls, ca, timeoutMillis: patience });
  const found = observed(sight, { config: { id: 'office', ca }, url, address: null, now: Date.now() });
  const amiss = found.filter(({ verdict }) => verdict !== 'well');
  return { keys: (amiss.length > 0 ? amiss : found.slice(-1)).map(({ key }) => key), last: found.at(-1), found };
}

test('a good one is well, and hears nothing', async () => {
  const heard: Buffer[] = [];
  const port = await tls(certificate, heard);
  assert.equal((await said(`ldaps://127.0.0.1:${port}`)).keys, ['tls.good']);
  assert.equal((await said(`ldaps://127.0.0.1:${port}`, { ca: null })).keys.length, 1);
  assert.equal(heard, []);
});

test('who shows no authority, but only its own certificate, can be trusted by that one', async () => {
  const port = await tls(certificate);
  const url = `ldaps://127.0.0.1:${port}`;
  const { keys, last } = await said(url, { ca: null });
  assert.equal(keys, ['tls.unknown-issuer']);
  const { fingerprint256 } = new X509Certificate(certificate.cert);
  assert.is(last?.params.fingerprint, fingerprint256);
  assert.ok(last?.cure?.includes(certificate.cert.trim()));
  assert.equal((await said(url, { ca: certificate.cert })).keys, ['tls.good']);
  const link = await connect({ url, startTls: false, ca: certificate.cert, timeoutMillis });
  assert.ok(link.isOpen);
  link.close();
  const other = await (await certificateAuthority({ clock: systemClock, random: systemRandom })).issue();
  const refused = await connect({ url, startTls: false, ca: other.cert, timeoutMillis }).catch((error: unknown) => error);
  assert.ok(isFailure(refused) && refused.reason === 'certificate');
});

test('who shows its authority has that one offered', async () => {
  const port = await tls({ ...certificate, cert: `${certificate.cert}\n${authority.ca}` });
  const { keys, last } = await said(`ldaps://127.0.0.1:${port}`, { ca: null });
  assert.equal(keys, ['tls.unknown-authority']);
  assert.ok(last?.cure?.includes(authority.ca.trim()));
  assert.is(last?.raw?.match(/SHA-256/g)?.length, 2);
});

test('dates and names are told apart, and together', async () => {
  const now = Date.now();
  const cases = [
    [{ validFrom: now - 9 * day, validUntil: now - day }, ['tls.expired']],
    [{ validFrom: now + day, validUntil: now + 9 * day }, ['tls.not-yet-valid']],
    [{ validFrom: now - 9 * day, validUntil: now + 9 * day }, ['tls.ends-soon']],
    [{ names: [{ type: 'dns', value: 'dc1.office.example' }] }, ['tls.wrong-name']],
    [
      { names: [{ type: 'dns', value: '*.office.example' }], validUntil: now - day, validFrom: now - 9 * day },
      ['tls.expired', 'tls.wrong-name'],
    ],
  ] as const;
  for (const [wish, keys] of cases) assert.equal((await said(`ldaps://127.0.0.1:${await tls(await authority.issue(wish))}`)).keys, keys);
  const { last } = await said(
    `ldaps://127.0.0.1:${await tls(await authority.issue({ names: [{ type: 'dns', value: 'dc1.office.example' }] }))}`,
  );
  assert.match(last?.cure ?? '', /^urls = \["ldaps:\/\/dc1\.office\.example:\d+"\]$/);
});

test('what is not a directory with TLS', async () => {
  const closed = createPlain();
  const nobody = await listening(closed);
  await new Promise((resolve) => closed.close(resolve));
  assert.equal((await said(`ldaps://127.0.0.1:${nobody}`)).keys, ['connection.refused']);
  assert.equal((await said(`ldaps://127.0.0.1:${await plain(() => undefined)}`, { patience: 700 })).keys, ['tls.none'], 'says nothing');
  const web = await plain((socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
  assert.equal((await said(`ldaps://127.0.0.1:${web}`)).keys, ['tls.none']);
  assert.equal((await said(`ldap://127.0.0.1:${web}`, { startTls: true })).keys, ['tls.none']);
  const old = await tls({ ...certificate, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' });
  assert.equal((await said(`ldaps://127.0.0.1:${old}`)).keys, ['tls.old']);
  assert.equal((await said('ldaps://nowhere.invalid')).keys, ['name.unknown']);
});

test('a refused StartTLS is told with the server’s words, and a port without TLS is known as one', async () => {
  // ExtendedResponse 52 unavailable, "no certificate here".
  const words = Buffer.from('no certificate here');
  const refusal = Buffer.concat([
    Buffer.from([0x30, 12 + words.length, 0x02, 1, 1, 0x78, 7 + words.length, 0x0a, 1, 52, 0x04, 0, 0x04, words.length]),
    words,
  ]);
  const port = await plain((socket) => socket.on('data', (bytes) => (bytes[0] === 0x30 ? socket.write(refusal) : socket.end())));
  const { keys, last } = await said(`ldap://127.0.0.1:${port}`, { startTls: true });
  assert.equal(keys, ['tls.start-refused']);
  assert.is(last?.raw, '52 no certificate here');
  assert.equal((await said(`ldaps://127.0.0.1:${port}`)).keys, ['tls.plain']);
});

test.run();
