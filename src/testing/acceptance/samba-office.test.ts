/** An office on Active Directory, as people meet it: on both Sambas and, where OpenLDAP can do the same, on slapd. Binds prove what is in force. */
// needs: samba samba-tree slapd ldap-utils

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { escapeValue } from '../../directory/dn.ts';
import { day } from '../../rules/time.ts';
import type { Browser } from '../browser.ts';
import { eventually } from '../eventually.ts';
import { type HouseBefore, openHouseBefore, openRealHouse, type Person } from '../house.ts';
import { fileTime, type Samba, type SambaOptions, startSamba } from '../samba.ts';
import { sambaTree } from '../samba-tree.ts';
import { timeAgo } from '../slapd-bench.ts';
import { change, choosePassword, comeBack } from '../way-back.ts';

const logins = [
  'plain',
  'must',
  'expired',
  'mustin',
  'expiredin',
  'wrongmust',
  'wrongexp',
  'locked',
  'reset',
  'again',
  'strict',
  'switchedoff',
] as const;
type Login = (typeof logins)[number];
const first = 'First words of the Year 5';
const wanted = 'A wholly new sentence 7';
const people = Object.fromEntries(
  logins.map((login): [Login, Person] => [
    login,
    { login, name: `Office, ${login}`, password: `${first} ${login.length}`, address: `${login}@home.example.net` },
  ]),
) as Record<Login, Person>;

/** An office, and the hands of its directory's administrator. */
interface Office {
  readonly house: HouseBefore;
  mustChange(person: Person): Promise<void>;
  expire(person: Person): Promise<void>;
  disable(person: Person): Promise<void>;
  /** By wrong passwords, behind Latchkey's back. */
  lock(person: Person): Promise<void>;
}
interface SambaOffice extends Office {
  readonly samba: Samba;
  dn(person: Person): string;
}

async function opened<T extends Office>(office: T): Promise<T> {
  await office.house.admit(Object.values(people));
  await office.house.start();
  return office;
}

async function sambaOffice(options: SambaOptions): Promise<SambaOffice> {
  const samba = await startSamba(options);
  const dn = ({ name }: Pick<Person, 'name'>) => `CN=${escapeValue(name)},${samba.people}`;
  const { ca, serviceDn, servicePassword, base: baseDn } = samba;
  const house = await openHouseBefore({
    ...{ ca, serviceDn, servicePassword, baseDn, url: samba.ldaps, startTls: false, close: samba.close },
    async add(all) {
      for (const person of all) {
        await samba.addPerson(person);
        await samba.force(dn(person), { pwdLastSet: fileTime(Date.now() - day) });
      }
    },
    opens: (person, password) => samba.opens(dn(person), password),
  });
  return opened({
    samba,
    house,
    dn,
    mustChange: (person) => samba.replace(dn(person), { pwdLastSet: 0 }),
    expire: (person) => samba.force(dn(person), { pwdLastSet: fileTime(Date.now() - 100 * day) }),
    disable: (person) => samba.replace(dn(person), { userAccountControl: 0x202 }),
    lock: (person) => samba.lock(dn(person)),
  });
}

async function slapdOffice(): Promise<Office> {
  const house = await openRealHouse();
  const set = (person: Person, attribute: string, value: string) =>
    house.slapd.force(`dn: ${house.dn(person)}\nchangetype: modify\nreplace: ${attribute}\n${attribute}: ${value}\n\n`);
  return opened({
    house,
    mustChange: (person) => set(person, 'pwdReset', 'TRUE'),
    expire: (person) => set(person, 'pwdChangedTime', timeAgo(100 * day)),
    disable: (person) => set(person, 'pwdEndTime', timeAgo(day)),
    async lock(person) {
      for (let tries = 0; tries < 3; tries += 1) await house.opens(person, 'a wrong password');
    },
  });
}

const sentence = (house: HouseBefore, key: string, params: Record<string, number | string> = {}): Promise<string> =>
  house.inside(({ texts }) => texts.find('en', key, params) ?? key);

async function isInForce({ house }: Office, person: Person, password: string): Promise<void> {
  assert.ok(await house.opens(person, password), `${person.login}: the new password opens`);
  assert.not.ok(await house.opens(person, person.password), `${person.login}: the old one does not`);
}

async function signIn(house: HouseBefore, { login }: Person, password: string): Promise<Browser> {
  const browser = house.visitor();
  await browser.open('/sign-in');
  return browser.submit({ login, password });
}

/** An answer as anybody would see it, less what differs at every visit and what the visitor typed. */
async function seen(house: HouseBefore, door: '/change' | '/sign-in', login: string): Promise<readonly string[]> {
  const browser = house.visitor();
  await browser.open(door);
  const wrong = 'A wrong sentence 4';
  const fields = door === '/change' ? { current_password: wrong, password: wanted, password_again: wanted } : { password: wrong };
  const csrf = /name="csrf" value="([^"]+)"/.exec(browser.html)?.[1] ?? '';
  const body = String(new URLSearchParams({ csrf, login, ...fields }));
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const answer = await browser.send('POST', door, { body, headers });
  const { date, 'set-cookie': cookies = [], ...others } = answer.headers;
  assert.ok(date);
  const shown = answer.html
    .replaceAll(/(name="csrf" value=")[^"]+/g, '$1CSRF')
    .replaceAll(/(class="support-code"[^>]*>)[A-Z-]+/g, '$1CODE')
    .replaceAll(`"${login}"`, '"LOGIN"');
  const length = others['content-length'] === undefined ? {} : { 'content-length': Number(others['content-length']) - answer.html.length };
  const kept = cookies.map((cookie) => cookie.replace(/=[^;]{20,}/, '=VALUE'));
  return [JSON.stringify([answer.status, { ...others, ...length }, kept]), ...shown.split('\n')];
}

/** Line by line, so that a difference can be read. All at once, for each no waits for its floor. */
async function areLikeNobody(house: HouseBefore, door: '/change' | '/sign-in', who: readonly Person[]): Promise<void> {
  const [expected = [], ...found] = await Promise.all(
    ['nobody-at-all', ...who.map(({ login }) => login)].map((login) => seen(house, door, login)),
  );
  for (const [at, lines] of found.entries()) {
    for (const [line, words] of lines.entries()) assert.is(words, expected[line], `${door}, ${who[at]?.login}: line ${line}`);
    assert.is(lines.length, expected.length);
  }
}

function everyOffice(name: string, open: () => Promise<Office>): void {
  const test = suite<{ office: Office }>(`must change and expired, ${name}`);
  test.before(async (room) => {
    room.office = await open();
  });
  test.after(({ office }) => office?.house.close());

  test('who must change, and whose password has expired, get a new one in one visit at /change', async ({ office }) => {
    await office.mustChange(people.must);
    await office.expire(people.expired);
    for (const person of [people.must, people.expired]) {
      const browser = await change(office.house, person, { current: person.password, password: wanted });
      assert.is(browser.heading(), 'Your new password is set', browser.text());
      await isInForce(office, person, wanted);
      assert.is((await signIn(office.house, person, wanted)).path, '/account', `${person.login} is simply in`);
    }
  });

  test('the same coming from the sign-in, which says why and lets nobody further', async ({ office }) => {
    await office.mustChange(people.mustin);
    await office.expire(people.expiredin);
    for (const [person, why] of [
      [people.mustin, 'must-change'],
      [people.expiredin, 'expired'],
    ] as const) {
      const browser = await signIn(office.house, person, person.password);
      assert.ok(browser.text().includes(await sentence(office.house, `access.change.why.${why}`)), browser.text());
      await browser.submit({ current_password: person.password, password: wanted, password_again: wanted });
      assert.is(browser.heading(), 'Your new password is set', browser.text());
      await isInForce(office, person, wanted);
    }
  });

  test('with a wrong one the answer is that of any wrong password and of any stranger, byte by byte', async ({ office }) => {
    await office.mustChange(people.wrongmust);
    await office.expire(people.wrongexp);
    await office.disable(people.switchedoff);
    await office.lock(people.locked);
    const all = [people.plain, people.wrongmust, people.wrongexp, people.switchedoff, people.locked];
    for (const door of ['/change', '/sign-in'] as const) await areLikeNobody(office.house, door, all);
    for (const person of [people.plain, people.wrongmust, people.wrongexp])
      assert.not.ok(await office.house.opens(person, wanted), `${person.login}: a refused change is no reset`);
    assert.ok(await office.house.opens(people.plain, people.plain.password));
  });

  test.run();
}

everyOffice('slapd', slapdOffice);
everyOffice('Samba of the distribution', () => sambaOffice({}));
everyOffice('Samba with policy hints', () => sambaOffice({ tree: sambaTree() }));

function activeDirectory(name: string, { hasHint, ...options }: { hasHint: boolean; tree?: () => string }): void {
  const test = suite<{ office: SambaOffice }>(`an office on ${name}`);
  test.before(async (room) => {
    room.office = await sambaOffice(options.tree ? { tree: options.tree() } : {});
  });
  test.after(({ office }) => office?.house.close());

  test('a whole reset by mailed code, also of who must change and of whose password has expired: proved by binds', async ({ office }) => {
    const { house, samba, dn } = office;
    await office.mustChange(people.must);
    await office.expire(people.expired);
    for (const person of [people.reset, people.must, people.expired]) {
      const browser = await choosePassword(await comeBack(house, person), wanted);
      assert.is(browser.heading(), 'Your new password is set', browser.text());
      await isInForce(office, person, wanted);
      assert.is(await samba.bindSays(dn(person), wanted), 'in', 'with no further change asked for');
      const [row] = await house.inside(({ world }) => world.journal.ofAccount(person.login, 5).filter(({ event }) => event === 'reset'));
      assert.equal([row?.result, row?.detail], ['succeeded', 'proved']);
    }
  });

  test('an unlock by mailed code: the same password opens again, at once', async ({ office }) => {
    const { house, samba, dn } = office;
    await office.lock(people.locked);
    assert.is(await samba.bindSays(dn(people.locked), people.locked.password), '775');
    const browser = await (await comeBack(house, people.locked, '/unlock')).submit();
    assert.is(browser.heading(), 'Your account is unlocked', browser.text());
    assert.is(await samba.bindSays(dn(people.locked), people.locked.password), 'in');
  });

  test('who is locked out resets, and is in: a reset alone would leave an Active Directory locked', async ({ office }) => {
    const person = people.again;
    await office.lock(person);
    const browser = await choosePassword(await comeBack(office.house, person), wanted);
    assert.is(browser.heading(), 'Your new password is set', browser.text());
    await isInForce(office, person, wanted);
  });

  test('the password that was in force is no new one', async ({ office }) => {
    const { house } = office;
    // Seen to be right: where the directory does not remember it at a reset, Latchkey does.
    await signIn(house, people.plain, people.plain.password);
    // It is hashed after the reply has left.
    if (!hasHint)
      await house.inside(({ world }) => {
        const [account] = world.accounts.byLogin(people.plain.login);
        return eventually('it is not remembered', () => world.passwordHistory.of(account?.id ?? 0).length > 0);
      });
    const browser = await choosePassword(await comeBack(house, people.plain), people.plain.password);
    assert.is(browser.status, 422, browser.text());
    assert.ok(await house.opens(people.plain, people.plain.password));
    const [row] = await house.inside(({ world }) =>
      world.journal.ofAccount(people.plain.login, 5).filter(({ event }) => event === 'reset'),
    );
    assert.is(row?.result, 'failed');
    if (hasHint) assert.match(row?.raw ?? '', /^53 0000052D: .*already used/);
  });

  test('under a fine-grained policy: its rules before typing, its refusal after, on both portals', async ({ office }) => {
    const { house, samba, dn } = office;
    const person = people.strict;
    await samba.addPolicy('office, strict', { 'msDS-MinimumPasswordLength': 20 }, [dn(person)]);
    const [rule, refusal] = await Promise.all([
      sentence(house, 'rule.length', { least: 20 }),
      sentence(house, 'refusal.password.too-short', { least: 20 }),
    ]);
    const reset = await comeBack(house, person);
    assert.ok(reset.text().includes(rule), reset.text());
    const short = 'Fifteen signs 1';
    await choosePassword(reset, short);
    assert.ok(reset.status === 422 && reset.text().includes(refusal), reset.text());
    const inside = await signIn(house, person, person.password);
    await inside.open('/change');
    assert.ok(inside.text().includes(rule), inside.text());
    await inside.submit({ current_password: person.password, password: short, password_again: short });
    assert.ok(inside.status === 422 && inside.text().includes(refusal), inside.text());
    assert.ok(await house.opens(person, person.password));
    await choosePassword(reset, wanted);
    await isInForce(office, person, wanted);
  });

  test('who is disabled gets no code and stays disabled', async ({ office }) => {
    const { house, samba, dn } = office;
    await office.disable(people.switchedoff);
    const browser = house.visitor();
    await browser.open('/reset');
    await browser.submit({ login: people.switchedoff.login });
    await browser.submit({ method: 'email' });
    await browser.submit({ answer: '12345678' });
    assert.ok(browser.text().includes(await sentence(house, 'refusal.answer.wrong')), browser.text());
    assert.equal(house.mailsTo(people.switchedoff.address), []);
    assert.is(await samba.bindSays(dn(people.switchedoff), people.switchedoff.password), '533');
  });

  test.run();
}

activeDirectory('Samba of the distribution', { hasHint: false });
activeDirectory('Samba with policy hints', { hasHint: true, tree: sambaTree });
