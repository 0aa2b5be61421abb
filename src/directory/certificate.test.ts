/** Certificates against Node's own TLS: trusted where they should be, and nowhere else. */

import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:tls';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { day } from '../rules/time.ts';
import { systemClock, systemRandom } from '../system.ts';
import { type CertificateWish, certificateAuthority } from './certificate.ts';

const needs = { clock: systemClock, random: systemRandom };
const authority = await certificateAuthority(needs);

/** "trusted", or why not. */
async function handshake(host: string, wish: CertificateWish, ca = authority.ca): Promise<string> {
  const server = createServer(await authority.issue(wish)).on('tlsClientError', () => undefined);
  const accepted: Socket[] = [];
  server.on('connection', (socket: Socket) => accepted.push(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const outcome = await new Promise<string>((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, servername: host === '127.0.0.1' ? '' : host, ca });
    socket
      .on('secureConnect', () => resolve('trusted'))
      .on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.setTimeout(5000, () => resolve('nothing happened'));
    socket.on('close', () => resolve('closed')).unref();
  });
  server.close();
  for (const socket of accepted) socket.destroy(); // a handshake that failed leaves its socket open
  return outcome;
}

test('is trusted for loopback by who trusts the authority', async () => {
  assert.is(await handshake('127.0.0.1', {}), 'trusted');
  assert.is(await handshake('localhost', {}), 'trusted');
});

test('is refused under another authority', async () => {
  const other = await certificateAuthority(needs);
  assert.is(await handshake('127.0.0.1', {}, other.ca), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
});

test('is refused for another name, after its end and before its beginning', async () => {
  const now = systemClock.now();
  assert.is(await handshake('127.0.0.1', { names: [{ type: 'dns', value: 'ldap.example.org' }] }), 'ERR_TLS_CERT_ALTNAME_INVALID');
  assert.is(await handshake('localhost', { names: [{ type: 'ip', value: '127.0.0.1' }] }), 'ERR_TLS_CERT_ALTNAME_INVALID');
  assert.is(await handshake('127.0.0.1', { validFrom: now - 2 * day, validUntil: now - day }), 'CERT_HAS_EXPIRED');
  assert.is(await handshake('127.0.0.1', { validFrom: now + day }), 'CERT_NOT_YET_VALID');
});

test('every certificate has a serial of its own', async () => {
  const certs = await Promise.all([authority.issue(), authority.issue()]);
  assert.is(new Set(certs.map(({ cert }) => cert)).size, 2);
});

test.run();
