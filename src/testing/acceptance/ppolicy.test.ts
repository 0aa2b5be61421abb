// needs: slapd ldap-utils
/** What slapd's password policy says, as people read it: each no its own sentence with a next step, and the journal has slapd's own words. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Browser } from '../browser.ts';
import { openRealHouse, type Person, type RealHouse } from '../house.ts';
import { slapdPolicy } from '../slapd.ts';
import { timeAgo } from '../slapd-bench.ts';
import { change, choosePassword, comeBack } from '../way-back.ts';

const person = (login: string): Person => ({
  login,
  name: `${login} of the policy`,
  password: `first words of the year ${login.length}`,
  address: `${login}@home.example.net`,
});
const logins = ['short', 'history', 'young', 'safe', 'locked', 'banished', 'caught', 'must', 'expired', 'waiting', 'accents'] as const;
const people = Object.fromEntries(logins.map((login) => [login, person(login)])) as Record<(typeof logins)[number], Person>;

/** One house may read the policy; from the other it is hidden, and so slapd is the first to judge. */
const test = suite<{ open: RealHouse; blind: RealHouse }>('ppolicy');

test.before(async (room) => {
  const hidden = ['to dn.subtree="ou=policies,dc=latchkey,dc=test" by * none', 'to attrs=pwdChangedTime by * none'];
  [room.open, room.blind] = await Promise.all([openRealHouse(), openRealHouse({ slapd: { access: hidden } })]);
  for (const house of [room.open, room.blind]) {
    await house.admit(Object.values(people));
    await house.start();
  }
});
test.after(async ({ open, blind }) => {
  await Promise.all([open.close(), blind.close()]);
});

async function under(house: RealHouse, fields: Readonly<Record<string, string | number>>, work: () => Promise<void>): Promise<void> {
  await house.slapd.setPolicy(fields);
  try {
    await work();
  } finally {
    await house.slapd.setPolicy(Object.fromEntries(Object.keys(fields).map((name) => [name, slapdPolicy[name] ?? 0])));
  }
}

const sentence = (house: RealHouse, key: string, params: Record<string, number | string> = {}): Promise<string> =>
  house.inside(({ texts }) => texts.find('en', `refusal.${key}`, params) ?? '');
const lastAct = (house: RealHouse, { login }: Person) =>
  house.inside(({ world }) => world.journal.ofAccount(login, 20).find(({ event }) => event === 'reset' || event === 'change'));

const said = new Map<string, string>();

/** The page says exactly this, the journal has the raw answer, and the password is the one from before. */
async function isRefused(
  house: RealHouse,
  {
    by,
    browser,
    who,
    params = {},
    raw,
  }: { by: string; browser: Browser; who: Person; params?: Record<string, number | string>; raw: RegExp | null },
): Promise<void> {
  const words = await sentence(house, by, params);
  said.set(by, words);
  assert.ok(browser.text().includes(words), `"${words}" is not in: ${browser.text()}`);
  assert.is(browser.status, 422);
  const row = await lastAct(house, who);
  assert.is(row?.result, 'failed');
  assert.is(row?.detail, by);
  if (raw === null) assert.is(row?.raw, null, 'slapd was not asked');
  else assert.match(row?.raw ?? '', raw);
  assert.is(await house.opens(who, who.password), true, 'the old password is in force');
}

const changedAt = async (house: RealHouse, who: Person): Promise<number> => {
  const [time = ''] = (await house.slapd.read(house.dn(who))).get('pwdChangedTime') ?? [];
  return Date.parse(time.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
};

test('too short, judged before: the page says how long', ({ open }) =>
  under(open, { pwdMinLength: 20 }, async () => {
    const browser = await choosePassword(await comeBack(open, people.short), 'merely three bits');
    await isRefused(open, { by: 'password.too-short', browser, who: people.short, params: { least: 20 }, raw: null });
  }));

test('the sentence speaks of characters where slapd counts bytes: whoever keeps to it is taken, one letter less is not sent', ({ open }) =>
  under(open, { pwdMinLength: 20 }, async () => {
    const twenty = 'zwölf Bäume am Ährli';
    assert.is([...twenty].length, 20);
    const browser = await comeBack(open, people.accents);
    assert.ok(browser.text().includes('At least 20 characters'));
    await choosePassword(browser, [...twenty].slice(1).join(''));
    await isRefused(open, { by: 'password.too-short', browser, who: people.accents, params: { least: 20 }, raw: null });
    await choosePassword(browser, twenty);
    assert.is(browser.heading(), 'Your new password is set', browser.text());
    assert.is(await open.opens(people.accents, twenty), true);
  }));

test('too short, said by slapd', ({ blind }) =>
  under(blind, { pwdMinLength: 20 }, async () => {
    const browser = await choosePassword(await comeBack(blind, people.short), 'merely three bits');
    await isRefused(blind, { by: 'directory.too-short', browser, who: people.short, raw: /^19 Password .*; ppolicy 6$/ });
  }));

test('too short in bytes only counts where slapd counts, and the person may try again at once', ({ blind }) =>
  under(blind, { pwdMinLength: 20 }, async () => {
    const browser = await choosePassword(await comeBack(blind, people.waiting), 'merely three bits');
    await choosePassword(browser, 'merely three bits and then some more');
    assert.is(browser.heading(), 'Your new password is set');
    assert.is(await blind.opens(people.waiting, 'merely three bits and then some more'), true);
  }));

for (const kind of ['open', 'blind'] as const) {
  test(`in history, said by slapd (${kind})`, async (room) => {
    const house = room[kind];
    const browser = await choosePassword(await comeBack(house, people.history), people.history.password);
    await isRefused(house, {
      by: 'directory.history',
      browser,
      who: people.history,
      params: { count: 5 },
      raw: /^19 Password .*; ppolicy 8$/,
    });
  });

  test(`must supply the old one, said by slapd; with it /change succeeds (${kind})`, (room) => {
    const house = room[kind];
    return under(house, { pwdSafeModify: 'TRUE' }, async () => {
      const browser = await choosePassword(await comeBack(house, people.safe), 'a wholly new sentence');
      await isRefused(house, {
        by: 'directory.must-supply-old',
        browser,
        who: people.safe,
        raw: /^50 Must supply old password.*; ppolicy 4$/,
      });
      const changed = await change(house, people.safe, { current: people.safe.password, password: 'a wholly new sentence' });
      assert.is(changed.heading(), 'Your new password is set');
      assert.is(await house.opens(people.safe, 'a wholly new sentence'), true);
    });
  });
}

test('too young, judged before: the page says from when', ({ open }) =>
  under(open, { pwdMinAge: 86_400 }, async () => {
    const at = (await changedAt(open, people.young)) + 86_400_000;
    const browser = await choosePassword(await comeBack(open, people.young), 'a wholly new sentence');
    await isRefused(open, { by: 'directory.minimum-age', browser, who: people.young, params: { at }, raw: null });
    const changed = await change(open, people.young, { current: people.young.password, password: 'a wholly new sentence' });
    await isRefused(open, { by: 'directory.minimum-age', browser: changed, who: people.young, params: { at }, raw: null });
  }));

test('too young, said by slapd, which does not say until when', ({ blind }) =>
  under(blind, { pwdMinAge: 86_400 }, async () => {
    const browser = await choosePassword(await comeBack(blind, people.young), 'a wholly new sentence');
    const no = {
      by: 'directory.minimum-age',
      who: people.young,
      params: { at: 'unknown' },
      raw: /^19 Password is too young to change; ppolicy 7$/,
    };
    await isRefused(blind, { ...no, browser });
    const changed = await change(blind, people.young, { current: people.young.password, password: 'a wholly new sentence' });
    await isRefused(blind, { ...no, browser: changed });
  }));

async function lockOut(house: RealHouse, who: Person): Promise<void> {
  for (let tries = 0; tries < 3; tries += 1) await house.opens(who, 'a wrong password');
  assert.ok((await house.slapd.read(house.dn(who))).has('pwdAccountLockedTime'));
}
const set = (house: RealHouse, who: Person, attribute: string, value: string) =>
  house.slapd.force(`dn: ${house.dn(who)}\nchangetype: modify\nreplace: ${attribute}\n${attribute}: ${value}\n\n`);
const lockOf = async (house: RealHouse, who: Person) => (await house.slapd.read(house.dn(who))).get('pwdAccountLockedTime')?.[0];

test('locked: who is signed in reads it, a stranger does not; unlock opens with the same password', async ({ open }) => {
  const who = people.locked;
  const browser = open.visitor();
  await browser.open('/sign-in');
  await browser.submit({ login: who.login, password: who.password });
  assert.is(browser.path, '/account');
  await lockOut(open, who);
  await browser.open('/change');
  await browser.submit({ current_password: who.password, password: 'a wholly new sentence', password_again: 'a wholly new sentence' });
  const words = await sentence(open, 'directory.locked');
  said.set('directory.locked', words);
  assert.ok(browser.text().includes(words), browser.text());
  assert.is((await lastAct(open, who))?.detail, 'directory.locked');

  const stranger = await change(open, who, { current: who.password, password: 'a wholly new sentence' });
  assert.not.ok(stranger.text().includes(words));
  assert.ok(stranger.text().includes(await sentence(open, 'sign-in.wrong')));

  const unlocked = await (await comeBack(open, who, '/unlock')).submit();
  assert.is(unlocked.heading(), 'Your account is unlocked');
  assert.is(await open.opens(who, who.password), true);
});

test('who is locked out resets, and is in at once', async ({ blind }) => {
  await lockOut(blind, people.locked);
  const browser = await choosePassword(await comeBack(blind, people.locked), 'a wholly new sentence');
  assert.is(browser.heading(), 'Your new password is set');
  assert.is(await blind.opens(people.locked, 'a wholly new sentence'), true);
});

const forGood = '000001010000Z';

test('an administrator’s lock is neither reset nor cleared: no code goes out, and no code fits', async ({ open }) => {
  const who = people.banished;
  await set(open, who, 'pwdAccountLockedTime', forGood);
  for (const door of ['/reset', '/unlock'] as const) {
    const browser = open.visitor();
    await browser.open(door);
    await browser.submit({ login: who.login });
    await browser.submit({ method: 'email' });
    await browser.submit({ answer: '12345678' });
    assert.ok(browser.text().includes(await sentence(open, 'answer.wrong')), browser.text());
  }
  assert.is(open.mailsTo(who.address).length, 0);
  const changed = await change(open, who, { current: who.password, password: 'a wholly new sentence' });
  assert.ok(changed.text().includes(await sentence(open, 'sign-in.wrong')));
  assert.is(await lockOf(open, who), forGood);
  assert.is((await open.inside(({ world }) => world.journal.ofAccount(who.login, 1)))[0]?.detail, 'directory.locked-by-administrator');
});

test('an administrator’s lock that comes between the gate and the act holds', async ({ open }) => {
  const who = people.caught;
  const reset = await comeBack(open, who);
  const unlock = await comeBack(open, who, '/unlock');
  await set(open, who, 'pwdAccountLockedTime', forGood);
  const words = await sentence(open, 'attempt.not-eligible');
  await choosePassword(reset, 'a wholly new sentence');
  assert.ok(reset.text().includes(words), reset.text());
  await unlock.submit();
  assert.ok(unlock.text().includes(words), unlock.text());
  assert.is(await lockOf(open, who), forGood);
  await open.slapd.force(`dn: ${open.dn(who)}\nchangetype: modify\ndelete: pwdAccountLockedTime\n\n`);
  assert.is(await open.opens(who, who.password), true, 'the password is the one from before');
});

for (const kind of ['open', 'blind'] as const) {
  test(`who must change does it in one visit (${kind})`, async (room) => {
    const house = room[kind];
    await set(house, people.must, 'pwdReset', 'TRUE');
    const browser = await change(house, people.must, { current: people.must.password, password: 'a wholly new sentence' });
    assert.is(browser.heading(), 'Your new password is set', browser.text());
    assert.is(await house.opens(people.must, 'a wholly new sentence'), true);
    assert.not.ok((await house.slapd.read(house.dn(people.must))).has('pwdReset'));
  });

  test(`whose password has expired changes it in one visit, coming from the sign-in (${kind})`, async (room) => {
    const house = room[kind];
    await set(house, people.expired, 'pwdChangedTime', timeAgo(8_000_000_000));
    assert.is(await house.opens(people.expired, people.expired.password), false, 'slapd lets nobody in');
    const browser = house.visitor();
    await browser.open('/sign-in');
    await browser.submit({ login: people.expired.login, password: people.expired.password });
    await browser.submit({
      current_password: people.expired.password,
      password: 'a wholly new sentence',
      password_again: 'a wholly new sentence',
    });
    assert.is(browser.heading(), 'Your new password is set', browser.text());
    assert.is(await house.opens(people.expired, 'a wholly new sentence'), true);
    assert.is(await house.opens(people.expired, people.expired.password), false);
  });
}

test('a no that nobody knows: its words stand in the journal, found by the code that the page shows', async () => {
  const house = await openRealHouse({ way: 'proxy' });
  try {
    const who = person('unknown');
    await house.admit([who]);
    await house.start();
    const browser = await comeBack(house, who);
    house.proxy().spoil('extended', 'unwilling');
    await choosePassword(browser, 'a wholly new sentence');
    await isRefused(house, { by: 'directory.unknown', browser, who, raw: /^53/ });
    said.delete('directory.unknown');
    assert.match(browser.supportCode(), /^[A-Z]{4}-[A-Z]{4}$/);
    assert.is((await lastAct(house, who))?.supportCode, browser.supportCode());
    assert.not.match(browser.text(), /\b53\b/);
  } finally {
    await house.close();
  }
});

test('every no has a sentence of its own, and a next step', () => {
  const sentences = [...said.values()];
  assert.is(sentences.length, 6, [...said.keys()].join(' '));
  assert.is(new Set(sentences).size, sentences.length);
  for (const words of sentences) assert.match(words, /\b(Use|Make|Choose|Try|wait|ask|choose)\b/, words);
});

test.run();
