/** A mailed link or code: looking spends nothing, it works once, for one account, attempt and purpose; and nothing a request claims moves it. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { addressKey, limits } from '../../rules/throttle.ts';
import { Browser } from '../browser.ts';
import { eventually } from '../eventually.ts';
import { type Office, startOffice } from './office.ts';

const wrongCode = /does not fit/;
let office: Office;
let visitors = 0;
const visitor = (): Browser => {
  visitors += 1;
  return office.browserAt(`10.30.0.${visitors}`);
};

test.before(async () => {
  office = await startOffice();
  for (const login of ['alice', 'bob', 'heidi', 'osmith', 'skim', 'pdevries', 'nokafor']) await office.register(login, 'email');
});
test.after(async () => {
  await office.close();
});

/** Until the code and the link are in the person's mailbox. */
async function asked(login: string, browser = visitor()): Promise<{ browser: Browser; code: string; link: string }> {
  const before = office.mailed(login).link;
  await browser.open('/reset');
  await browser.submit({ login });
  await browser.submit({ method: 'email' });
  await eventually(`no code came to ${login}`, () => office.mailed(login).link !== before);
  return { browser, ...office.mailed(login) };
}

const mayChoose = (browser: Browser): boolean => browser.forms().some(({ action }) => action === '/reset/password');

async function choosePassword(browser: Browser, password: string): Promise<void> {
  await browser.submit({ password, password_again: password });
  assert.is(browser.status, 200, browser.text());
}

const rows = (): string =>
  JSON.stringify(
    ['token', 'attempt', 'attempt_step', 'hit', 'journal', 'outbox'].map((table) =>
      office.house.db.$client.prepare(`SELECT * FROM ${table}`).all(),
    ),
  );

test('fifty looks at a mailed link spend nothing', async () => {
  const { link } = await asked('alice');
  await eventually('the letters are not noted as sent', () => office.house.world.deliver.health().waiting === 0);
  const before = rows();
  for (let look = 0; look < 25; look += 1) {
    const scanner = visitor();
    assert.is((await scanner.open(link)).status, 200);
    assert.is((await scanner.send('HEAD', link)).status, 200);
  }
  assert.is(rows(), before, 'nothing was written');
  const person = visitor();
  await person.open(link);
  await person.submit();
  assert.ok(mayChoose(person), person.text());
});

test('two presses at once open one door', async () => {
  const { link } = await asked('bob');
  const [one, two] = [visitor(), visitor()];
  await one.open(link);
  await two.open(link);
  await Promise.all([one.submit(), two.submit()]);
  assert.equal([one, two].filter(mayChoose).length, 1);
  const late = visitor();
  assert.is((await late.open(link)).status, 404);
  assert.is(late.forms().filter(({ action }) => action.startsWith('/reset/code')).length, 0);
});

test('a link of one purpose opens nothing of another', async () => {
  const { link, browser, code } = await asked('heidi');
  const secret = link.split('/').at(-1) ?? '';
  assert.is((await visitor().open(`/not-me/${secret}`)).status, 404);
  await browser.submit({ answer: code });
  await choosePassword(browser, 'Quiet rivers meander 77');
  await eventually('no notice came', () => office.mailed('heidi').notMe);
  const notMe = office.mailed('heidi').notMe.split('/').at(-1) ?? '';
  const thief = visitor();
  assert.is((await thief.open(`/reset/code/${notMe}`)).status, 404);
  await thief.open('/reset');
  await thief.post(`/reset/code/${notMe}`, { csrf: thief.form({ login: '' }).fields.csrf ?? '' });
  assert.is(thief.status, 422);
  assert.not.ok(mayChoose(thief));
  assert.is((await visitor().open(`/not-me/${notMe}`)).status, 200, 'looking at it as what it is not has spent nothing');
});

test('a "this was not me" link works once, and only when pressed', async () => {
  const { notMe } = office.mailed('heidi');
  for (let look = 0; look < 100; look += 1) assert.is((await visitor().send(look % 2 ? 'HEAD' : 'GET', notMe)).status, 200);
  assert.is(office.account('heidi').suspendedAt, null);
  const [one, two] = [visitor(), visitor()];
  await one.open(notMe);
  await two.open(notMe);
  await Promise.all([one.submit(), two.submit()]);
  assert.equal([one.status, two.status].toSorted(), [200, 404]);
  assert.ok(office.account('heidi').suspendedAt);
});

test('a code of one attempt or account opens no other', async () => {
  const first = await asked('osmith');
  const second = await asked('osmith');
  const other = await asked('skim');
  await second.browser.submit({ answer: first.code });
  assert.match(second.browser.text(), wrongCode);
  await other.browser.submit({ answer: second.code });
  assert.match(other.browser.text(), wrongCode);
  await other.browser.submit({ answer: other.code });
  assert.ok(mayChoose(other.browser), other.browser.text());
});

test('the attempt of one browser is not opened by the code in another', async () => {
  const mine = await asked('nokafor');
  const thief = visitor();
  await thief.open('/reset');
  await thief.submit({ login: 'nokafor' });
  await thief.submit({ method: 'totp' });
  await thief.submit({ answer: mine.code });
  assert.not.ok(mayChoose(thief));
  const cookie = mine.browser.cookies.get('attempt');
  await mine.browser.submit({ answer: mine.code });
  assert.ok(mayChoose(mine.browser));
  assert.is.not(mine.browser.cookies.get('attempt'), cookie, 'a proof gives a new cookie');
  const holder = visitor();
  holder.cookies.set('attempt', cookie ?? '');
  await holder.open('/reset');
  assert.ok(holder.form({ login: '' }), 'the old cookie opens nothing');
});

test('success spends every open attempt, code and link of the account', async () => {
  const first = await asked('pdevries');
  const second = await asked('pdevries');
  const winner = await asked('pdevries');
  await winner.browser.submit({ answer: winner.code });
  await choosePassword(winner.browser, 'Green lanterns sway 31');
  assert.ok(await office.directory.administrator.isPassword('pdevries', 'Green lanterns sway 31'));
  for (const { link } of [first, second, winner]) assert.is((await visitor().open(link)).status, 404);
  for (const { browser, code } of [first, second]) {
    await browser.open('/reset');
    await browser.submit({ answer: code });
    assert.is(browser.status, 422, 'it looks like a stranger’s, and its code is wrong');
    assert.not.ok(mayChoose(browser));
  }
  const live = office.house.db.$client
    .prepare("SELECT count(*) FROM token WHERE account_id = ? AND used_at IS NULL AND purpose <> 'not me'")
    .pluck()
    .get(office.account('pdevries').id);
  assert.is(live, 0);
});

test('a forged Host or forwarded host changes no link', async () => {
  const forged = { Host: 'evil.example', 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'https', Forwarded: 'host=evil.example' };
  const browser = new Browser(office.site, { headers: { ...forged, 'X-Forwarded-For': '10.31.0.1' } });
  await asked('alice', browser);
  const mails = office.smtp.received.filter(({ to }) => to.includes('alice@mail.example'));
  assert.match(mails.at(-1)?.raw ?? '', `${office.config.publicUrl}/reset/code/`);
  for (const { raw } of mails) assert.not.match(raw, /evil/);
  assert.not.match(browser.html, /evil/);
  assert.not.match(JSON.stringify(browser.headers), /evil/);
});

/** The limit's hits of these addresses. */
const typedFrom = (...addresses: string[]): number[] => {
  const { throttle, clock } = office.house.world;
  return addresses.map((address) => throttle.count(limits.loginsTyped, addressKey(address), clock.now()));
};

test('a stranger in front of the proxy cannot choose the address that is counted', async () => {
  // What a client claims stands to the left of what the trusted proxy adds.
  for (const claimed of ['198.51.100.1', '198.51.100.2', '127.0.0.1', 'nonsense'])
    await new Browser(office.site, { headers: { 'X-Forwarded-For': `${claimed}, 203.0.113.7` } })
      .open('/reset')
      .then((browser) => browser.submit({ login: 'eve' }));
  assert.equal(typedFrom('203.0.113.7', '198.51.100.1', '198.51.100.2', '127.0.0.1'), [4, 0, 0, 0]);
});

test('from a peer that is no trusted proxy the header is not read at all', async () => {
  const bare = await startOffice({ trustedProxies: ['192.0.2.1'], smtp: office.smtp });
  try {
    const { throttle, clock } = bare.house.world;
    const count = (address: string): number => throttle.count(limits.loginsTyped, address, clock.now());
    const wanted = limits.loginsTyped.most;
    const typeUpTo = (most: number): void => {
      for (let hit = count('127.0.0.1'); hit < most; hit += 1) throttle.hit(limits.loginsTyped, '127.0.0.1', clock.now());
    };
    typeUpTo(wanted - 5);
    const statuses: number[] = [];
    for (let tries = 0; tries < 7; tries += 1) {
      // The wait grows with each, and one who has only just typed too many would be let in again by a busy machine.
      if (tries === 5) typeUpTo(wanted + 30);
      const browser = bare.browserAt(`198.51.100.${tries}`);
      await browser.open('/reset');
      statuses.push((await browser.submit({ login: 'eve' })).status);
    }
    assert.equal(statuses, [200, 200, 200, 200, 200, 429, 429]);
    assert.is(count('198.51.100.0'), 0);
    const held = bare.house.db.$client.prepare('SELECT DISTINCT address FROM attempt').pluck().all();
    assert.equal(held, ['127.0.0.1']);
  } finally {
    await bare.close();
  }
});

test('a code dies with its tries, and the attempt with its time', async () => {
  const { browser, code } = await asked('skim');
  for (let tries = 0; tries < 5; tries += 1) await browser.submit({ answer: '12345678' === code ? '87654321' : '12345678' });
  await browser.submit({ answer: code });
  assert.not.ok(mayChoose(browser), 'five wrong ones and the right one is wrong');
  assert.match(browser.text(), wrongCode);
});

test.run();
