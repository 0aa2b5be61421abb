/** The socket side: requests too broken to be one, and a stop that is over in two seconds. */

import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls, type SecureVersion } from 'node:tls';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { certificateAuthority } from '../directory/certificate.ts';
import { systemClock, systemRandom } from '../system.ts';
import { Browser } from '../testing/browser.ts';
import { eventually } from '../testing/eventually.ts';
import type { FrontDesk } from '../testing/front-desk.ts';
import { quickest } from '../testing/quickest.ts';
import { assertSafeHeaders, openSite, raw, site, visits } from '../testing/sample-site.ts';

let desk: FrontDesk;
const test = suite('listening');
test.before(async () => {
  desk = await openSite();
});
test.after(() => desk.close());
test.before.each(() => void visits.splice(0));

test('requests too broken to have a path get the headers too', async () => {
  const broken = {
    'two lengths': 'POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'no Host': 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n',
    'not HTTP': 'hello\r\n\r\n',
    'too long a head': `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`,
    'another host in the request line': 'GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
  };
  const expected: Record<string, RegExp> = { 'too long a head': / 431 /, 'another host in the request line': / 404 / };
  for (const [what, bytes] of Object.entries(broken)) {
    const [status = '', ...lines] = (await raw(desk.port, bytes)).split('\r\n\r\n')[0]?.split('\r\n') ?? [];
    assert.match(status, expected[what] ?? / 400 /, what);
    assertSafeHeaders(
      Object.fromEntries(lines.map((line) => [line.split(': ')[0]?.toLowerCase(), line.slice(line.indexOf(': ') + 2)])),
      what,
    );
  }
});

test('a stop waits for what is under way, ends idle connections, takes no new ones, and is over in two seconds', async () => {
  const took = await quickest(1_000, async () => {
    visits.splice(0);
    const stopping = await openSite();
    const idle = connect(stopping.port, '127.0.0.1');
    await once(idle, 'connect');
    const kept = connect(stopping.port, '127.0.0.1');
    kept.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(kept, 'data');
    let finish = () => {};
    site.hold = new Promise((resolve) => {
      finish = resolve;
    });
    const running = new Browser(stopping.url).send('GET', '/slow');
    await eventually('nobody visits', () => visits.length > 0);
    const startedAt = Date.now();
    const idleEnd = Promise.all([idle, kept].map((socket) => once(socket, 'close')));
    const closing = stopping.close();
    await idleEnd;
    finish();
    const { status, html } = await running;
    assert.is(status, 200);
    assert.is(html, 'at last');
    await closing;
    const ended = Date.now();
    await new Promise<void>((resolve) => connect(stopping.port, '127.0.0.1').once('error', () => resolve()));
    return ended - startedAt;
  });
  assert.ok(took < 1_000, `took ${took} ms`);
});

test('a stop does not wait for ever', async () => {
  const took = await quickest(2_000, async () => {
    visits.splice(0);
    const stopping = await openSite();
    site.hold = new Promise(() => {});
    const running = new Browser(stopping.url).send('GET', '/slow').catch((problem: Error) => problem);
    await eventually('nobody visits', () => visits.length > 0);
    const startedAt = Date.now();
    await stopping.close();
    const ended = Date.now();
    assert.instance(await running, Error);
    return ended - startedAt;
  });
  assert.ok(took < 2_000, `took ${took} ms`);
  site.hold = Promise.resolve();
});

test('TLS of its own: 1.2 and later only, and a stop that waits for no handshake', async () => {
  const authority = await certificateAuthority({ clock: systemClock, random: systemRandom });
  const tls = await authority.issue();
  const stopping = await openSite({ tls });
  const reached = async (maxVersion: SecureVersion): Promise<string | null> => {
    const socket = connectTls({
      port: stopping.port,
      host: '127.0.0.1',
      ca: authority.ca,
      minVersion: 'TLSv1',
      maxVersion,
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    return new Promise((resolve) => {
      socket.once('secureConnect', () => resolve(socket.getProtocol())).once('error', () => resolve(null));
    }).finally(() => socket.destroy()) as Promise<string | null>;
  };
  assert.equal([await reached('TLSv1.1'), await reached('TLSv1.2'), await reached('TLSv1.3')], [null, 'TLSv1.2', 'TLSv1.3']);
  const here = await new Browser(stopping.url, { ca: authority.ca }).open('/form');
  assert.is(here.status, 200);
  await stopping.close();
  const took = await quickest(2_000, async () => {
    const another = await openSite({ tls });
    const silent = connect(another.port, '127.0.0.1');
    await once(silent, 'connect');
    const startedAt = Date.now();
    await another.close();
    silent.destroy();
    return Date.now() - startedAt;
  });
  assert.ok(took < 2_000, `took ${took} ms`);
});

test.run();
