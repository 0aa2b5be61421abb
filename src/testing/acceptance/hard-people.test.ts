// needs: slapd ldap-utils
/** Five hundred people with every hard sign in name, login and password: read from slapd, and each resets once over HTTP and mail. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type HardPerson, hardest, hardPeople } from '../hard-people.ts';
import { openRealHouse, type RealHouse, type Served } from '../house.ts';
import { choosePassword, comeBack, comeBackByLink } from '../way-back.ts';

const test = suite<{ house: RealHouse; served: Served }>('hard people');
const people = hardPeople(500);
/** As many as keep both processors busy while others wait for their mail. */
const atOnce = 24;

test.before(async (room) => {
  room.house = await openRealHouse();
  await room.house.admit(people);
  room.served = await room.house.serve();
});
test.after(({ house }) => house.close());

async function each(all: readonly HardPerson[], work: (person: HardPerson, at: number) => Promise<void>): Promise<void> {
  const waiting = all.map((person, at) => ({ person, at }));
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await work(next.person, next.at);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

test('all are read as the directory spells them', ({ house }) =>
  house.inside(({ world }) => {
    const known = new Map(world.accounts.all('office').map((account) => [account.name, account.login]));
    assert.is(known.size, people.length);
    for (const { name, login } of people) assert.is(known.get(name), login);
  }));

test('each resets once, half by code and half by link; the new password binds and the old does not', async ({ house }) => {
  const wrong: string[] = [];
  await each(people, async (person, at) => {
    const browser = await (at % 2 === 0 ? comeBack : comeBackByLink)(house, person);
    await choosePassword(browser, person.typed);
    const isSet = browser.heading() === 'Your new password is set';
    const opens = await house.opens(person, person.typed.normalize('NFC'));
    const opensOld = await house.opens(person, person.password);
    if (!isSet || !opens || opensOld) wrong.push(`${person.login}: ${browser.heading()}, new ${opens}, old ${opensOld}`);
  });
  assert.equal(wrong, []);
});

test('what is typed in another form than NFC is set in NFC', async ({ house }) => {
  const [first] = people.filter(({ typed }) => typed !== typed.normalize('NFC'));
  assert.ok(first);
  assert.is(await house.opens(first, first.typed), false, 'slapd compares bytes');
});

test('a login with spaces at its edges is typed with them or without', async ({ house }) => {
  const spaced = hardest.find(({ login }) => login !== login.trim());
  assert.ok(spaced);
  for (const login of [spaced.login, spaced.login.trim()]) {
    const browser = await comeBack(house, { ...spaced, login });
    assert.is(browser.heading(), 'Choose your new password', login);
  }
});

test('no password and no code of theirs is in the log', ({ house, served }) => {
  const log = served.log();
  for (const { password, typed } of people)
    for (const secret of [password, typed.normalize('NFC'), typed]) assert.not.ok(log.includes(secret), secret);
  assert.not.match(log, house.slapd.servicePassword);
});

test.run();
