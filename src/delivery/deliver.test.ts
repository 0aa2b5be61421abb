/** The outbox's way against a real SMTP server and the real store: order, waits, dead letters, wiped bodies, restarts. */

import { randomBytes } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { day, hour, minute, second } from '../rules/time.ts';
import { bringUpToDate, openDatabase } from '../store/database.ts';
import { storeOn } from '../store/store.ts';
import { systemRandom } from '../system.ts';
import { eventually } from '../testing/eventually.ts';
import { type SmtpListener, startSmtp } from '../testing/smtp.ts';
import { createTexts } from '../text/texts.ts';
import { createVault, keyFrom } from '../vault.ts';
import type { Message } from '../world.ts';
import { byChannel, noTexts } from './channels.ts';
import { createDeliver } from './deliver.ts';
import { createMail } from './mail.ts';
import type { Mail, Transport } from './transport.ts';

const texts = createTexts();
const noon = Date.UTC(2026, 2, 4, 12);

function house() {
  const db = openDatabase(':memory:');
  bringUpToDate(db, ':memory:');
  const clock = { at: noon, now: () => clock.at, sleep: (span: number) => new Promise<void>((resolve) => setTimeout(resolve, span)) };
  const vault = createVault(keyFrom(randomBytes(32).toString('base64')), systemRandom);
  const store = storeOn(db, { vault, clock, random: systemRandom });
  const logged: string[] = [];
  const keep = (...words: unknown[]) => void logged.push(JSON.stringify(words));
  const log = { info: keep, warn: keep, error: keep };
  const rows = () => db.$client.prepare('SELECT * FROM outbox ORDER BY id').all() as OutboxRow[];
  const deliverBy = (transport: Transport) =>
    createDeliver({ outbox: store.outbox, vault, clock, texts, transport, office: () => 'Oak & Elm', log });
  return { ...store, db, clock, vault, logged, rows, deliverBy };
}
interface OutboxRow {
  id: number;
  sealed: string | null;
  tries: number;
  next_at: number | null;
  dead_at: number | null;
  sent_at: number | null;
  problem: string | null;
}

const mailTo = ({ config }: SmtpListener, silence = 5000) => createMail({ ...config, limits: { ...config.limits, silence } });

const unlocked = (to: string, notMeLink = 'https://desk.example.org/not-me/x'): Message<'account-unlocked'> => ({
  kind: 'account-unlocked',
  to,
  language: 'en',
  name: 'Alice Example',
  variables: { notMeLink },
});
const code = (to: string, more: Partial<Message<'reset-code'>> = {}): Message<'reset-code'> => ({
  kind: 'reset-code',
  to,
  language: 'en',
  name: 'Alice',
  variables: { code: '48151623', link: 'https://desk.example.org/reset/code/canary-link', minutes: 10 },
  expiresAt: noon + 10 * minute,
  ...more,
});

const deliver = suite<{ server: SmtpListener }>('deliver');
deliver.before.each(async (context) => {
  context.server = await startSmtp();
});
deliver.after.each(({ server }) => server.kill());

deliver('sends by itself after the transaction, with the code on a line of its own, and wipes the body', async ({ server }) => {
  const { atomically, deliverBy, rows, db, logged, vault } = house();
  const desk = deliverBy(mailTo(server));
  atomically(() => desk.queue(code('alice@example.org')));
  assert.is(rows().length, 1);
  const sealed = rows()[0]?.sealed ?? '';
  assert.match(vault.open('outbox', sealed), /48151623/);
  assert.not(JSON.stringify(rows()).includes('48151623'));
  const [got] = await server.arrived(1);
  assert.is(got?.mail.subject, 'Oak & Elm: the code you asked for');
  assert.ok(got?.mail.text?.split('\n').includes('48151623'));
  assert.match(got?.mail.text ?? '', /^Hello Alice,\n/);
  await desk.flush();
  assert.is(rows()[0]?.sealed, null);
  assert.is(desk.health().waiting, 0);
  assert.is(desk.health().lastSentAt, noon);
  assert.equal(logged, []);
  await desk.close();
  db.$client.close();
});

deliver('a transaction that is undone sends nothing', async ({ server }) => {
  const { atomically, deliverBy, rows } = house();
  const desk = deliverBy(mailTo(server));
  assert.throws(() =>
    atomically(() => {
      desk.queue(code('alice@example.org'));
      throw new Error('undone');
    }),
  );
  await desk.flush();
  assert.equal(rows(), []);
  assert.is(server.connections(), 0);
  await desk.close();
});

deliver('one mailbox gets its messages in order, however often the sender is called', async ({ server }) => {
  const { deliverBy } = house();
  const desk = deliverBy(mailTo(server));
  for (let i = 0; i < 20; i += 1) desk.queue(unlocked(`person${i % 3}@example.org`, `https://desk.example.org/not-me/${i}`));
  await Promise.all(Array.from({ length: 10 }, () => desk.flush()));
  await desk.flush();
  assert.is(server.received.length, 20);
  for (const person of [0, 1, 2]) {
    const numbers = server.received
      .filter(({ to }) => to[0] === `person${person}@example.org`)
      .map(({ mail }) => Number(/not-me\/(\d+)/.exec(mail.text ?? '')?.[1]));
    assert.equal(
      numbers,
      [...numbers].sort((a, b) => a - b),
    );
  }
  await desk.close();
});

deliver('waits grow, and after a day the letter is dead and its body gone', async ({ server }) => {
  const { deliverBy, rows, clock } = house();
  const desk = deliverBy(mailTo(server));
  server.behave({ recipient: () => '451 greylisted' });
  desk.queue(unlocked('alice@example.org'));
  const waits: number[] = [];
  for (let row = rows()[0]; row && row.dead_at === null; row = rows()[0]) {
    await desk.flush();
    const after = rows()[0];
    if (after?.next_at == null) break;
    await desk.flush(); // not due: nothing happens
    assert.is(rows()[0]?.tries, after.tries);
    waits.push(after.next_at - clock.at);
    clock.at = after.next_at;
  }
  assert.equal(waits.slice(0, 6), [15 * second, minute, 5 * minute, 15 * minute, hour, hour]);
  assert.ok(clock.at > noon + 22 * hour && clock.at < noon + day);
  assert.is(rows()[0]?.sealed, null);
  assert.match(rows()[0]?.problem ?? '', /greylisted/);
  assert.equal([desk.health().waiting, desk.health().dead], [0, 1]);
  assert.is(server.received.length, 0);
  await desk.close();
});

deliver('greylisted once, it arrives at the next try, once', async ({ server }) => {
  const { deliverBy, clock } = house();
  const desk = deliverBy(mailTo(server));
  server.behave({ recipient: () => '451 greylisted' });
  desk.queue(unlocked('alice@example.org'));
  await desk.flush();
  server.behave({});
  clock.at += 15 * second;
  await desk.flush();
  await desk.flush();
  assert.is(server.received.length, 1);
  await desk.close();
});

deliver('a mailed code leaves by mail to an address that begins like a number', async ({ server }) => {
  const { deliverBy } = house();
  const texted: Mail[] = [];
  const text: Transport = { ...noTexts, send: async (mail) => ({ kind: 'sent', answer: String(texted.push(mail)) }) };
  const desk = deliverBy(byChannel({ mail: mailTo(server), text }));
  const honest = ['+447700900199@example.org', '+tag@example.org', 'alice+tag@example.org'];
  for (const to of honest) desk.queue(code(to));
  await desk.flush();
  assert.equal(server.received.map(({ to }) => to[0]).sort(), honest.sort());
  assert.equal(texted, []);
  await desk.close();
});

deliver('a refused mailbox is dead at once, an impossible one before any connection, and the next letter goes on', async ({ server }) => {
  const { deliverBy, rows, logged } = house();
  const desk = deliverBy(mailTo(server));
  server.behave({ recipient: (address) => (address.startsWith('bob') ? '550 no such mailbox' : null) });
  desk.queue(code('bob@example.org'));
  desk.queue(code('alice@example.org\r\nBcc: eve@example.org'));
  desk.queue(code('alice@example.org'));
  await desk.flush();
  assert.equal(
    rows().map(({ dead_at, sealed }) => [dead_at !== null, sealed]),
    [
      [true, null],
      [true, null],
      [false, null],
    ],
  );
  assert.is(server.received.length, 1);
  assert.is(desk.health().dead, 2);
  assert.not(logged.join().includes('48151623'));
  assert.not(logged.join().includes('canary-link'));
  await desk.close();
});

deliver('a message dies with its code, and with its end', async ({ server }) => {
  const { deliverBy, rows, clock, accounts, tokens } = house();
  const desk = deliverBy(mailTo(server));
  const at = clock.now();
  const alice = accounts.createLocal({ login: 'alice', name: 'Alice', mail: null, role: 'person', passwordHash: 'x', at });
  const issue = (secret: string) =>
    tokens.issue({ purpose: 'reset code', secret, account: alice.id, attempt: null, at, expiresAt: at + 10 * minute, tries: 5 });
  await server.kill();
  desk.queue(code('alice@example.org', { token: issue('1') }));
  await desk.flush();
  const replaced = rows()[0];
  assert.ok(replaced?.sealed);
  desk.queue(code('alice@example.org', { token: issue('2') })); // takes the place of the first
  desk.queue(code('alice@example.org', { expiresAt: at + 5 * second }));
  await server.revive();
  clock.at += 15 * second;
  await desk.flush();
  assert.is(server.received.length, 1);
  assert.equal(
    rows().map(({ sealed }) => sealed),
    [null, null, null],
  );
  await desk.close();
});

deliver('where no try is left before its end, a code’s message is a dead letter', async ({ server }) => {
  const { deliverBy, rows, clock } = house();
  const desk = deliverBy(mailTo(server));
  await server.kill();
  desk.queue(code('alice@example.org'));
  for (const wait of [0, 15 * second, minute, 5 * minute]) {
    clock.at += wait;
    await desk.flush();
  }
  assert.is(rows()[0]?.tries, 4);
  assert.ok(rows()[0]?.dead_at);
  assert.is(rows()[0]?.sealed, null);
  await desk.close();
});

deliver('while the server hangs, two messages wait for it and a thousand do not', async ({ server }) => {
  const { deliverBy, rows, clock } = house();
  const impatient = deliverBy(mailTo(server, 300));
  server.behave({ hangsAt: 'recipient' });
  for (let i = 0; i < 1000; i += 1) impatient.queue(unlocked(`p${i}@example.org`));
  await impatient.flush();
  assert.is(rows().filter(({ tries }) => tries > 0).length, 2);
  assert.is(server.received.length, 0);
  await impatient.close();
  server.behave({});
  const recovered = Date.now();
  const desk = deliverBy(mailTo(server));
  clock.at += 15 * second;
  await desk.flush();
  assert.is(server.received.length, 1000);
  assert.is(new Set(server.received.map(({ to }) => to[0])).size, 1000);
  console.log(`  1,000 queued letters left in ${Date.now() - recovered} ms`);
  await desk.close();
});

deliver('what a stopped process left is sent by the next one, once, under the same Message-ID', async ({ server }) => {
  const { deliverBy, rows } = house();
  const first = deliverBy(mailTo(server, 60_000));
  server.behave({ hangsAt: 'content' });
  for (const to of ['alice@example.org', 'bob@example.org', 'carol@example.org']) first.queue(code(to));
  void first.flush();
  await eventually('nobody connects', () => server.connections() >= 2);
  await first.close();
  assert.is(rows().filter(({ sealed }) => sealed !== null).length, 3);
  first.queue(code('dave@example.org'));
  await first.flush();
  assert.is(server.received.length, 0);

  server.behave({});
  const next = deliverBy(mailTo(server));
  await next.flush();
  await next.close();
  assert.equal(server.received.map(({ to }) => to[0]).sort(), [
    'alice@example.org',
    'bob@example.org',
    'carol@example.org',
    'dave@example.org',
  ]);
  assert.is(new Set(server.received.map(({ mail }) => mail.messageId)).size, 4);
});

deliver('never throws at the caller, and a failing store does not send twice', async ({ server }) => {
  const { deliverBy, vault, clock, outbox, logged } = house();
  const broken = createDeliver({
    outbox: { ...outbox, put: () => assert.unreachable('disk full') },
    ...{ vault, clock, texts, transport: mailTo(server), office: () => 'x' },
    log: { info: () => {}, warn: () => {}, error: (...words: unknown[]) => void logged.push(JSON.stringify(words)) },
  });
  broken.queue(code('alice@example.org'));
  assert.is(logged.length, 1);
  assert.not(logged[0]?.includes('48151623'));

  let failures = 3;
  const forgetful = createDeliver({
    outbox: {
      ...outbox,
      sent: (id, at) => {
        failures -= 1;
        if (failures >= 0) throw new Error('disk full');
        outbox.sent(id, at);
      },
    },
    ...{ vault, clock, texts, transport: mailTo(server), office: () => 'x' },
    log: { info: () => {}, warn: () => {}, error: () => {} },
  });
  forgetful.queue(code('alice@example.org'));
  for (let round = 0; round < 5; round += 1) await forgetful.flush();
  assert.is(server.received.length, 1);
  assert.is(outbox.counts().waiting, 0);
  await deliverBy(mailTo(server)).close();
});

deliver('a letter sealed under another key is buried, not retried', async ({ server }) => {
  const { deliverBy, db, rows } = house();
  const desk = deliverBy(mailTo(server));
  desk.queue(code('alice@example.org'));
  db.$client.exec("UPDATE outbox SET sealed = 'v1.' || substr(sealed, 8)");
  await desk.flush();
  assert.is(rows()[0]?.problem, 'sealed under another key');
  assert.is(server.received.length, 0);
  await desk.close();
});

deliver.run();
