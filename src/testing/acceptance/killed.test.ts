// needs: slapd ldap-utils
/** Latchkey killed (SIGKILL) between "set" and "settle": started again on the same data, it asks slapd what became of each act, and says so. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Browser } from '../browser.ts';
import { eventually } from '../eventually.ts';
import { openRealHouse, type Person, type RealHouse } from '../house.ts';
import type { Fate, Request } from '../proxy.ts';
import { timeAgo } from '../slapd-bench.ts';
import { change, choosePassword, comeBack } from '../way-back.ts';

const test = suite<{ house: RealHouse }>('killed');
const chosen = 'a wholly new sentence';
const logins = ['done', 'undone', 'changed', 'unchanged', 'unlocked', 'locked'] as const;
type Login = (typeof logins)[number];
const people = Object.fromEntries(
  logins.map((login) => [
    login,
    { login, name: `Nobody ${login}`, password: 'first words of the year', address: `${login}@home.example.net` },
  ]),
) as Record<Login, Person>;

const age = (house: RealHouse, who: Person, attribute: string) =>
  `dn: ${house.dn(who)}\nchangetype: modify\nreplace: ${attribute}\n${attribute}: ${timeAgo(600_000)}\n\n`;

/** Longer than the act is held, so that it is the kill that ends it. */
test.before(async (room) => {
  room.house = await openRealHouse({ way: 'proxy', timeoutSeconds: 30 });
  const { house } = room;
  await house.admit(Object.values(people));
  await house.slapd.force(
    Object.values(people)
      .map((who) => age(house, who, 'pwdChangedTime'))
      .join(''),
  );
  await house.slapd.force(age(house, people.unlocked, 'pwdAccountLockedTime') + age(house, people.locked, 'pwdAccountLockedTime'));
});
test.after(({ house }) => house.close());

test('what was on its way is settled by asking, page, journal and mail alike', async ({ house }) => {
  const first = await house.serve();
  const ready = {
    done: await comeBack(house, people.done),
    undone: await comeBack(house, people.undone),
    unlocked: await comeBack(house, people.unlocked, '/unlock'),
    locked: await comeBack(house, people.locked, '/unlock'),
  };
  const proxy = house.proxy();
  /** Sends the act, whose answer never comes, and waits until the proxy has its write. */
  async function hold(request: Request, fate: Fate, act: () => Promise<Browser>): Promise<void> {
    const before = proxy.seen.filter((kind) => kind === request).length;
    proxy.spoil(request, fate);
    void act().catch(() => undefined);
    await eventually(`${request} is not sent`, () => proxy.seen.filter((kind) => kind === request).length > before);
  }
  const changeOf = (who: Person) => () => change(house, who, { current: who.password, password: chosen });
  await hold('extended', 'silent after', () => choosePassword(ready.done, chosen));
  await hold('extended', 'silent before', () => choosePassword(ready.undone, chosen));
  await hold('extended', 'silent after', changeOf(people.changed));
  await hold('extended', 'silent before', changeOf(people.unchanged));
  await hold('modify', 'silent after', () => ready.unlocked.submit());
  await hold('modify', 'silent before', () => ready.locked.submit());
  // By the old password, which stops opening: failures would be counted, and would lock.
  for (const who of [people.done, people.changed])
    await eventually(`slapd does not have that of ${who.login}`, async () => !(await house.opens(who, who.password)));
  const ended = await first.end('SIGKILL');
  assert.is(ended.signal, 'SIGKILL');

  proxy.heal();
  // The writes are not yet old enough to be asked for, and soon will be.
  await house.serve();
  await ready.done.open('/reset');
  assert.is(ready.done.heading(), 'Your request is being carried out');
  // Opened once for all the looking: each opening begins a slow hash, and hundreds of them outlast the test.
  await house.inside(async ({ world: { writes, clock } }) => {
    const left = () => writes.unsettled(clock.now()).length;
    assert.is(left(), 6);
    await eventually('the job has not settled them', () => left() === 0, { within: 180_000 });
  });

  const isLocked = async (who: Person) => (await house.slapd.read(house.dn(who))).has('pwdAccountLockedTime');
  for (const [who, isIn] of [
    [people.done, true],
    [people.undone, false],
    [people.changed, true],
    [people.unchanged, false],
  ] as const) {
    assert.is(await house.opens(who, chosen), isIn, who.login);
    assert.is(await house.opens(who, who.password), !isIn, who.login);
  }
  assert.equal([await isLocked(people.unlocked), await isLocked(people.locked)], [false, true]);

  const told: Record<Login, [event: string, result: string, mail: RegExp]> = {
    done: ['reset', 'succeeded', /your password was reset/],
    undone: ['reset', 'failed', /The change was not made/],
    changed: ['change', 'succeeded', /your password was changed/],
    unchanged: ['change', 'failed', /The change was not made/],
    unlocked: ['unlock', 'succeeded', /your account is unlocked/],
    locked: ['unlock', 'failed', /The change was not made/],
  };
  for (const login of logins) {
    const [event, result, mail] = told[login];
    const rows = await house.inside(({ world }) => world.journal.ofAccount(login, 20).filter((row) => row.event === event));
    assert.equal(
      rows.map((row) => row.result),
      [result],
      login,
    );
    await eventually(`${login} hears nothing`, () => house.mailsTo(people[login].address).some((text) => mail.test(text)));
  }
  const headings: Partial<Record<Login, string>> = {};
  for (const [login, browser] of Object.entries(ready)) headings[login as Login] = (await browser.open('/reset')).heading();
  assert.equal(headings, {
    done: 'Your new password was set, but we could not see it work',
    undone: 'This is over',
    unlocked: 'The lock was cleared, but we could not see it work',
    locked: 'This is over',
  });
});

test.run();
