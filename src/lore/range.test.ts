/** The range service: five digits leave, padding is seen through, and nothing that is no answer decides. A real TLS server answers. */

import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { certificateAuthority } from '../directory/certificate.ts';
import { systemClock, systemRandom } from '../system.ts';
import { quickest } from '../testing/quickest.ts';
import { askRange } from './range.ts';

const test = suite('the range service');
const password = 'correct horse battery staple';
const digest = createHash('sha1').update(password).digest('hex').toUpperCase();
const [prefix, suffix] = [digest.slice(0, 5), digest.slice(5)];
const others = Array.from({ length: 900 }, (_, at) => `${at.toString(16).toUpperCase().padStart(35, 'B')}:${at % 2}`);

let server: Server;
let service: { url: string; ca: string };
let answer: (request: IncomingMessage, response: ServerResponse) => void;
const asked: IncomingMessage[] = [];

test.before(async () => {
  const authority = await certificateAuthority({ clock: systemClock, random: systemRandom });
  server = createServer(await authority.issue(), (request, response) => {
    asked.push(request);
    answer(request, response);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  service = { url: `https://localhost:${(server.address() as AddressInfo).port}/range/`, ca: authority.ca };
});
test.after(() => {
  server.closeAllConnections();
  server.close();
});
test.before.each(() => void asked.splice(0));

const lists =
  (...more: string[]) =>
  (_request: IncomingMessage, response: ServerResponse) =>
    void response.end([...others, ...more].join('\r\n'));

test('a listed password is found by its suffix; a count of nothing is padding', async () => {
  answer = lists(`${suffix}:3`);
  assert.is(await askRange(password, service), true);
  answer = lists(`${suffix.toLowerCase()}:3`, '');
  assert.is(await askRange(password, service), true);
  answer = lists(`${suffix}:0`);
  assert.is(await askRange(password, service), false);
  answer = lists();
  assert.is(await askRange(password, service), false);
});

test('five digits of the digest leave, with the wish for padding, and nothing else of the password', async () => {
  answer = lists();
  await askRange(password, service);
  const [request] = asked;
  assert.equal([request?.method, request?.url, request?.headers['add-padding']], ['GET', `/range/${prefix}`, 'true']);
  const sent = JSON.stringify([request?.url, request?.rawHeaders]);
  assert.not.ok(sent.includes(digest.slice(0, 6)) || sent.toLowerCase().includes('horse'));
});

const noAnswers: Record<string, typeof answer> = {
  'a redirect, which is not followed': (_, response) => void response.writeHead(302, { Location: `${service.url}elsewhere` }).end(),
  'an error': (_, response) => void response.writeHead(503).end(others.join('\n')),
  'a page of somebody in between': (_, response) => void response.end('<html>Please sign in to this network</html>'),
  'an empty answer': (_, response) => void response.end(),
  'an endless one': (_, response) => {
    const more = (): void => void (response.destroyed || response.write(`${others.join('\n')}\n`, more));
    more();
  },
  'one that breaks off': (_, response) => {
    response.writeHead(200, { 'Content-Length': '100000' });
    response.write(others.join('\n'));
    response.destroy();
  },
};
for (const [name, way] of Object.entries(noAnswers))
  test(`no answer: ${name}`, async () => {
    answer = way;
    assert.is(await askRange(password, service), null);
    assert.is(asked.length, 1);
  });

test('silence, and an answer that only trickles, are waited for two seconds', async () => {
  const trickle = (response: ServerResponse): NodeJS.Timeout => setInterval(() => response.write(`${others[0]}\r\n`), 100);
  for (const isSilent of [true, false]) {
    answer = (_, response) => {
      const drops = isSilent ? undefined : trickle(response);
      response.on('close', () => clearInterval(drops));
    };
    const taken = await quickest(3500, async () => {
      const from = performance.now();
      assert.is(await askRange(password, service), null);
      return performance.now() - from;
    });
    assert.ok(taken > 1500 && taken < 3500, `${taken}`);
  }
});

test('a server of another authority, or none at all, is no answer', async () => {
  answer = lists(`${suffix}:3`);
  assert.is(await askRange(password, { ...service, ca: null }), null);
  assert.is(await askRange(password, { url: 'https://127.0.0.1:1/', ca: null }), null);
  assert.is(asked.length, 0);
});

test.run();
