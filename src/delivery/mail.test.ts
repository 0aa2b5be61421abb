/** Mail against a real SMTP server: what arrives, what never leaves, and what is made of each answer. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually } from '../testing/eventually.ts';
import { startSmtp } from '../testing/smtp.ts';
import { createMail } from './mail.ts';
import type { Mail } from './transport.ts';

const letter: Mail = {
  to: 'alice@example.org',
  kind: 'reset-code',
  subject: 'Büro Łódź 事務所: der Code, den Sie wollten 🔑',
  text: 'Grüße\n\n12345678\n\nhttps://password.example.org/reset/code/abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz0123456789?x=1\n',
  language: 'de',
  at: Date.UTC(2026, 0, 2, 3, 4, 5),
  reference: 'reference-1',
};
const sender = 'Passwörter <passwords@example.org>';

test('arrives as it was written, in UTF-8, marked as automatic and without a trace of the machine', async () => {
  const server = await startSmtp();
  const mail = createMail({ ...server.config, from: sender });
  const sending = await mail.send(letter);
  assert.is(sending.kind, 'sent');
  const [got] = await server.arrived(1);
  assert.is(got?.mail.subject, letter.subject);
  assert.is(got?.mail.text?.trimEnd(), letter.text.trimEnd());
  assert.equal(got?.to, ['alice@example.org']);
  assert.is(got?.from, 'passwords@example.org');
  assert.is(got?.mail.from?.name, 'Passwörter');
  assert.is(got?.mail.messageId, '<reference-1@example.org>');
  assert.is(got?.mail.date, '2026-01-02T03:04:05.000Z');
  const header = (name: string) => got?.mail.headers.find(({ key }) => key === name)?.value;
  assert.is(header('auto-submitted'), 'auto-generated');
  assert.match(header('content-type') ?? '', /^text\/plain; charset=utf-8/i);
  assert.is(header('x-mailer'), undefined);
  assert.is(got?.mail.html, undefined);
  mail.close();
  await server.kill();
});

test('uses TLS from the start, and STARTTLS where it is asked for, with the configured authority and the password', async () => {
  for (const tls of ['implicit', 'starttls'] as const) {
    const server = await startSmtp({ tls, user: { name: 'desk@example.org', password: 'canary-Ω-password' } });
    const mail = createMail(server.config);
    assert.is((await mail.send(letter)).kind, 'sent', tls);
    assert.is(server.received[0]?.isEncrypted, true, tls);
    assert.is(server.received[0]?.user, 'desk@example.org');
    mail.close();
    await server.kill();
  }
});

test('sends nothing where STARTTLS is refused, and nothing to a server with a foreign certificate', async () => {
  const plain = await startSmtp();
  const authority = await startSmtp({ tls: 'starttls' });
  const careful = createMail({ ...plain.config, requireStartTls: true });
  assert.is((await careful.send(letter)).kind, 'away');
  assert.is(plain.received.length, 0);

  for (const tls of ['implicit', 'starttls'] as const) {
    const server = await startSmtp({ tls });
    const mail = createMail({ ...server.config, ca: authority.ca });
    assert.is((await mail.send(letter)).kind, 'away', tls);
    assert.is(server.received.length, 0, tls);
    await server.kill();
  }
  await plain.kill();
  await authority.kill();
});

test('tells an answer about this message from one about all', async () => {
  const server = await startSmtp();
  const cases = [
    [{ recipient: () => '550 no such mailbox' }, 'refused'],
    [{ recipient: () => '451 greylisted, come back' }, 'later'],
    [{ recipient: () => '421 closing' }, 'away'],
    [{ content: () => '554 not wanted' }, 'refused'],
    [{ content: () => '452 mailbox full' }, 'later'],
    [{ sender: () => '550 not from you' }, 'away'],
    [{ hangsAt: 'greeting' }, 'away'],
    [{ hangsAt: 'sender' }, 'away'],
    [{ hangsAt: 'recipient' }, 'away'],
    [{ hangsAt: 'content' }, 'away'],
  ] as const;
  for (const [manners, expected] of cases) {
    server.behave(manners);
    // Only who says nothing is waited for shortly.
    const limits = 'hangsAt' in manners ? { greeting: 300, silence: 300 } : {};
    const mail = createMail({ ...server.config, limits: { ...server.config.limits, ...limits }, from: sender });
    const { kind, answer } = await mail.send(letter);
    assert.is(kind, expected, JSON.stringify(manners));
    assert.not(answer.includes('12345678'));
    mail.close();
  }
  assert.is(server.received.length, 0);
  await server.kill();
  const mail = createMail({ ...server.config, from: sender });
  assert.is((await mail.send(letter)).kind, 'away');
  mail.close();
});

test('a connection that the server has dropped meanwhile costs nothing', async () => {
  const server = await startSmtp();
  const mail = createMail({ ...server.config, from: sender });
  for (const round of [1, 2]) {
    assert.is((await mail.send(letter)).kind, 'sent');
    assert.is((await mail.send(letter)).kind, 'sent');
    assert.is(server.connections(), round);
    await server.kill();
    await server.revive();
  }
  mail.close();
  await server.kill();
});

test('no address and no name carries a second recipient, a header or a command', async () => {
  const server = await startSmtp();
  const mail = createMail({ ...server.config, from: sender });
  const evil = [
    'alice@example.org\r\nBcc: eve@example.org',
    'alice@example.org\nRCPT TO:<eve@example.org>',
    'alice@example.org,eve@example.org',
    'alice@example.org;eve@example.org',
    'Eve <eve@example.org>',
    '<alice@example.org>',
    '"a b"@example.org',
    'alice@[127.0.0.1]',
    'group: eve@example.org;',
    'alice@example.org ORCPT=x',
    'alice@exa\0mple.org',
    'alice',
    '',
    `${'a'.repeat(250)}@example.org`,
  ];
  for (const to of evil) assert.is((await mail.send({ ...letter, to })).kind, 'refused', JSON.stringify(to));
  assert.is(server.connections(), 0);
  assert.is((await mail.send({ ...letter, subject: 'one\r\nBcc: eve@example.org\r\n\r\nbody' })).kind, 'sent');
  const [got] = server.received;
  assert.equal(got?.to, ['alice@example.org']);
  assert.is(got?.mail.bcc, undefined);
  for (const from of [
    'Eve\r\nBcc: eve@example.org <a@example.org>',
    'a@example.org\r\nX: y',
    'nobody',
    'A <a@example.org>, B <b@example.org>',
  ])
    assert.throws(() => createMail({ ...server.config, from }), /mail\.from/);
  for (const to of ["o'neil+tag@sub.example.org", 'jörg@exämple.org']) assert.is((await mail.send({ ...letter, to })).kind, 'sent', to);
  mail.close();
  await server.kill();
});

test('keeps the dialogue of a test message without the password and without the message', async () => {
  const server = await startSmtp({ tls: 'implicit', user: { name: 'desk', password: 'canary-password' } });
  const mail = createMail(server.config);
  const { sending, lines } = await mail.sendAloud(letter);
  assert.is(sending.kind, 'sent');
  const all = lines.join('\n');
  assert.match(all, /^S: 220/m);
  assert.match(all, /^C: RCPT TO:<alice@example\.org>/m);
  assert.match(all, /^S: 250.*taken as 1/m);
  for (const secret of ['canary-password', Buffer.from('\0desk\0canary-password').toString('base64'), '12345678'])
    assert.not(all.includes(secret));

  const probe = await mail.probe();
  assert.is(probe.sending.kind, 'sent');
  assert.is(server.received.length, 1);
  const wrong = createMail({ ...server.config, password: 'canary-other' });
  const refused = await wrong.probe();
  assert.is(refused.sending.kind, 'away');
  assert.match(refused.sending.answer, /535/);
  assert.not(refused.lines.join('\n').includes(Buffer.from('\0desk\0canary-other').toString('base64')));
  await server.kill();
});

test('closing breaks off what is under way', async () => {
  const server = await startSmtp();
  server.behave({ hangsAt: 'recipient' });
  const mail = createMail({ ...server.config, limits: {} });
  const sending = mail.send(letter);
  await eventually('nobody connects', () => server.connections() > 0);
  mail.close();
  assert.is((await sending).kind, 'away');
  await server.kill();
});

test.run();
