/** The gateway for texts, by a listener that keeps what it was asked: nothing breaks out of its place, and nothing is sent on. */

import type { ServerResponse } from 'node:http';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type AskedOfGateway, startGateway } from '../testing/gateway.ts';
import { byChannel, noTexts } from './channels.ts';
import { createSms, mailedTexts, type SmsConfig } from './sms.ts';
import { type Mail, noMail } from './transport.ts';

const test = suite('the gateway for texts');
const text = '481516 is "your" code & more\\ {to} 100%\n\n@desk.example.org #481516\n';
const message: Mail = { to: '+447700900199', kind: 'text-reset-code', subject: '', text, language: 'en', at: 0, reference: 'r' };

async function gateway(
  answer: (response: ServerResponse) => void,
  walk: (url: string, asked: readonly AskedOfGateway[]) => Promise<void>,
): Promise<void> {
  const { url, asked, close } = await startGateway(answer);
  await walk(url, asked).finally(close);
}
const ok = (response: ServerResponse) => void response.writeHead(201).end('queued');
const config = (more: Partial<SmsConfig>): SmsConfig => ({
  ...{ url: '', method: 'POST', headers: {}, body: '', user: null, password: null, from: 'Oak & Elm', ca: null, ...more },
});

test('a form: each value in its place, and the user by basic authentication', () =>
  gateway(ok, async (url, asked) => {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const sms = createSms(config({ url, headers, body: 'To={to}&From={from}&Body={text}', user: 'AC1', password: 'pässword:x' }));
    assert.is((await sms.send(message)).kind, 'sent');
    const form = new URLSearchParams(asked[0]?.body);
    assert.equal(
      [...form],
      [
        ['To', message.to],
        ['From', 'Oak & Elm'],
        ['Body', text.trim()],
      ],
    );
    assert.is(Buffer.from(asked[0]?.headers.authorization?.replace('Basic ', '') ?? '', 'base64').toString(), 'AC1:pässword:x');
  }));

test('JSON: quotes, backslashes and lines stay inside their string', () =>
  gateway(ok, async (url, asked) => {
    const headers = { 'Content-Type': 'application/json', Authorization: 'Bearer t' };
    const sms = createSms(config({ url, method: 'PUT', headers, body: '{"to":"{to}","from":"{from}","text":"{text}"}' }));
    assert.is((await sms.send(message)).kind, 'sent');
    assert.equal(JSON.parse(asked[0]?.body ?? ''), { to: message.to, from: 'Oak & Elm', text: text.trim() });
    assert.equal([asked[0]?.method, asked[0]?.headers.authorization], ['PUT', 'Bearer t']);
  }));

test('an address: what is put into it opens no other parameter', () =>
  gateway(ok, async (url, asked) => {
    const sms = createSms(config({ url: `${url}/send?to={to}&text={text}&x=1`, method: 'GET' }));
    assert.is((await sms.send(message)).kind, 'sent');
    const query = new URL(asked[0]?.url ?? '', url).searchParams;
    assert.equal(
      [...query],
      [
        ['to', message.to],
        ['text', text.trim()],
        ['x', '1'],
      ],
    );
    assert.is(asked[0]?.body, '');
  }));

test('what an answer means, and that its words are not kept', async () => {
  const kinds: Record<number, string> = {
    200: 'sent',
    400: 'refused',
    422: 'refused',
    401: 'away',
    403: 'away',
    404: 'away',
    408: 'later',
    429: 'later',
    500: 'away',
    503: 'away',
  };
  for (const [status, kind] of Object.entries(kinds))
    await gateway(
      (response) => void response.writeHead(Number(status)).end(text),
      async (url) => {
        const sending = await createSms(config({ url, body: '{text}' })).send(message);
        assert.equal([sending.kind, sending.answer], [kind, `the gateway answered with HTTP ${status}`]);
      },
    );
});

test('a redirection is not followed, an endless answer is not read, and nobody there is "away"', async () => {
  await gateway(ok, async (elsewhere, asked) => {
    await gateway(
      (response) => void response.writeHead(307, { Location: elsewhere }).end(),
      async (url) => assert.is((await createSms(config({ url, body: '{text}' })).send(message)).kind, 'away'),
    );
    assert.equal(asked, []);
  });
  await gateway(
    (response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write('x'.repeat(8192)), 1);
      response.on('close', () => clearInterval(drip));
    },
    async (url) => assert.is((await createSms(config({ url, body: '{text}' })).send(message)).kind, 'sent'),
  );
  const { kind, answer } = await createSms(config({ url: 'http://127.0.0.1:1', body: '{text}' })).send(message);
  assert.equal([kind, answer], ['away', 'the gateway did not answer: ECONNREFUSED']);
  const closed = createSms(config({ url: 'http://127.0.0.1:1', body: '' }));
  closed.close();
  assert.is((await closed.send(message)).kind, 'away');
});

test('texts go to the gateway, all else by mail, whatever the address looks like; a gateway that takes mail gets digits', async () => {
  const sent: string[] = [];
  const mail = { ...noMail, send: async ({ to }: Mail) => ({ kind: 'sent', answer: String(sent.push(to)) }) as const };
  const way = byChannel({ mail, text: mailedTexts('{to}@sms.example.org', mail) });
  await way.send(message);
  const addresses = ['a@example.org', 'a+tag@example.org', '+447700900199@example.org', '+tag@example.org'];
  for (const to of addresses) await way.send({ ...message, kind: 'reset-code', to });
  assert.equal(sent, ['447700900199@sms.example.org', ...addresses]);
  assert.is((await byChannel({ mail, text: noTexts }).send(message)).kind, 'away');
  way.close();
});

test.run();
