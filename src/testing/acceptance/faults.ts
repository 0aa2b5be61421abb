/** Whatever slapd does at whatever moment of an act: page, journal and mail tell which password is in force. The acts run in files side by side. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Browser } from '../browser.ts';
import { eventually } from '../eventually.ts';
import { openRealHouse, type Person, type RealHouse } from '../house.ts';
import { type Fate, fates, type Request, refusals } from '../proxy.ts';
import { timeAgo } from '../slapd-bench.ts';
import { change, choosePassword, comeBack } from '../way-back.ts';

const chosen = 'a wholly new sentence';
const settleAfter = 46_000;

const person = (at: number): Person => ({
  login: `u${at}`,
  name: `Somebody ${at}`,
  password: 'first words of the year',
  address: `u${at}@home.example.net`,
});

/** Minutes ago, so that the directory's mark of whole seconds tells the password of now from the one before. */
async function admit(house: RealHouse, count: number): Promise<Person[]> {
  const people = Array.from({ length: count }, (_none, at) => person(at));
  await house.admit(people);
  const lines = people.map(
    (one) => `dn: ${house.dn(one)}\nchangetype: modify\nreplace: pwdChangedTime\npwdChangedTime: ${timeAgo(600_000)}\n\n`,
  );
  await house.slapd.force(lines.join(''));
  return people;
}

type ActName = 'reset' | 'change' | 'unlock';
interface Act {
  readonly name: ActName;
  /** The request that changes something. */
  readonly request: Request;
  /** All that comes before the act itself. */
  prepare(house: RealHouse, who: Person): Promise<Browser>;
  run(house: RealHouse, who: Person, browser: Browser): Promise<Browser>;
  readonly newsSubject: RegExp;
}

const lock = (house: RealHouse, who: Person): Promise<void> =>
  house.slapd.force(
    `dn: ${house.dn(who)}\nchangetype: modify\nreplace: pwdAccountLockedTime\npwdAccountLockedTime: ${timeAgo(60_000)}\n\n`,
  );

const reset: Act = {
  name: 'reset',
  request: 'extended',
  prepare: (house, who) => comeBack(house, who),
  run: (_house, _who, browser) => choosePassword(browser, chosen),
  newsSubject: /your password was reset/,
};
const changing: Act = {
  name: 'change',
  request: 'extended',
  prepare: async (house) => house.visitor(),
  run: (house, who) => change(house, who, { current: who.password, password: chosen }),
  newsSubject: /your password was changed/,
};
const unlock: Act = {
  name: 'unlock',
  request: 'modify',
  async prepare(house, who) {
    await lock(house, who);
    return comeBack(house, who, '/unlock');
  },
  run: (_house, _who, browser) => browser.submit(),
  newsSubject: /your account is unlocked/,
};
const acts = { reset, change: changing, unlock };

/** What is so in the directory, asked of slapd itself; one of the two passwords is in force, and never both. */
async function isDone(house: RealHouse, act: Act, who: Person): Promise<boolean> {
  if (act.name === 'unlock') {
    const isLocked = (await house.slapd.read(house.dn(who))).has('pwdAccountLockedTime');
    if (!isLocked) assert.is(await house.opens(who, who.password), true, 'unlocked, and the password is the same');
    return !isLocked;
  }
  const [opens, opensOld] = [await house.opens(who, chosen), await house.opens(who, who.password)];
  assert.is(opens, !opensOld, `${who.login}: exactly one of the two passwords`);
  return opens;
}

type End = 'done' | 'refused' | 'unknown';
function endOf(browser: Browser): End {
  const heading = browser.heading();
  if (/^We do not know yet/.test(heading)) return 'unknown';
  if (browser.status >= 400) return 'refused';
  assert.match(heading, /^(Your new password (is|was) set|Your account is unlocked|The lock was cleared)/, browser.text());
  return 'done';
}

interface Left {
  readonly act: Act;
  readonly who: Person;
  readonly browser: Browser;
  readonly what: string;
}

/** Runs the prepared act, and holds the page against the directory. Those whose page says "unknown" are returned. */
async function judged(house: RealHouse, { act, who, browser, what }: Left, heal: () => unknown): Promise<{ end: End; left: Left }> {
  const page = await act.run(house, who, browser);
  await heal();
  const end = endOf(page);
  const done = await isDone(house, act, who);
  if (end !== 'unknown') assert.is(done, end === 'done', `${what}: the page says ${end}: ${page.text()}`);
  const rows = await actsOf(house, act, who);
  const told = { done: 'succeeded', refused: 'failed', unknown: 'unknown' }[end];
  // Where the clock was put forward, the timetable may have settled an "unknown" already: it stands below what it became.
  const row = end === 'unknown' ? rows.find(({ result }) => result === told) : rows[0];
  if (rows.length > 0) assert.is(row?.result, told, `${what}: the journal`);
  else assert.is(end, 'refused', `${what}: nothing in the journal`);
  return { end, left: { act, who, browser: page, what } };
}

const actsOf = (house: RealHouse, act: Act, who: Person) =>
  house.inside(({ world }) => world.journal.ofAccount(who.login, 50).filter(({ event }) => event === act.name));

const mailArrives = (house: RealHouse, who: Person, pattern: RegExp) =>
  eventually(
    () => `${who.login}: no mail ${pattern} among ${house.mailsTo(who.address).map((mail) => mail.split('\n')[0])}`,
    () => house.mailsTo(who.address).some((mail) => pattern.test(mail)),
  );

const looks = new WeakMap<RealHouse, () => Promise<unknown>>();
const settlings = new WeakMap<RealHouse, () => Promise<number>>();
const settleNow = (house: RealHouse): Promise<number> => settlings.get(house)?.() ?? Promise.reject(new Error('no timetable was stopped'));

/** The timetable settles nothing between two looks, and no look of its own at the directory meets the fault that was meant for an act. */
const quietTimetable = (house: RealHouse): Promise<void> =>
  house.inside(({ desk, world }) => {
    for (const directory of world.directories.all) {
      looks.set(house, directory.probe);
      Object.assign(directory, { probe: async () => directory.health() });
    }
    settlings.set(house, desk.settleWrites);
    Object.assign(desk, { settleWrites: async () => 0 });
  });

/** Later the job asks the directory: journal, mail and the person's page say what is so. */
async function settleTruthfully(house: RealHouse, left: readonly Left[]): Promise<void> {
  house.forward(settleAfter);
  for (const { act, who, what } of left)
    assert.ok(
      (await actsOf(house, act, who)).some(({ result }) => result === 'unknown'),
      `${what}: nobody was told that it is unknown`,
    );
  await settleNow(house);
  assert.is(await house.inside(({ world }) => world.writes.unsettled(world.clock.now()).length), 0);
  for (const { act, who, browser, what } of left) {
    const done = await isDone(house, act, who);
    const [row] = await actsOf(house, act, who);
    assert.is(row?.result, done ? 'succeeded' : 'failed', `${what}: the journal after settling`);
    await mailArrives(house, who, done ? act.newsSubject : /The change was not made: your old password is in force/);
    if (!done)
      assert.not.ok(
        house.mailsTo(who.address).some((mail) => act.newsSubject.test(mail)),
        `${what}: a mail that is not true`,
      );
    if (act.name === 'change') continue;
    await browser.open('/reset');
    assert.match(browser.heading(), done ? /^(Your new password was set, but|The lock was cleared)/ : /^This is over/, what);
  }
}

/**
 * All that comes before the act, again where it was disturbed: on a busy machine a look may come too late for the short limits here, and then
 * the door stays shut until the directory is seen again.
 */
async function atTheDoor(house: RealHouse, act: Act, who: Person): Promise<Browser> {
  for (let tries = 1; ; tries += 1) {
    const outcome = await act.prepare(house, who).catch((problem: unknown) => problem);
    if (outcome instanceof Browser && (act.name === 'change' || /^(Choose your new password|Unlock )/.test(outcome.heading())))
      return outcome;
    if (tries === 5) throw outcome instanceof Browser ? new Error(outcome.text()) : outcome;
    await looks.get(house)?.();
  }
}

/** Some at a time: what comes before the act waits mostly for mail. */
async function prepared(house: RealHouse, act: Act, cases: readonly { who: Person; what: string }[]): Promise<Left[]> {
  const ready: Left[] = [];
  for (let at = 0; at < cases.length; at += 12)
    ready.push(
      ...(await Promise.all(cases.slice(at, at + 12).map(async (one) => ({ ...one, act, browser: await atTheDoor(house, act, one.who) })))),
    );
  return ready;
}

let people: Person[] = [];
const someone = (): Person => {
  const who = people.pop();
  if (!who) throw new Error('admit more people');
  return who;
};

async function ready(house: RealHouse, act: Act): Promise<[Person, Browser]> {
  const who = someone();
  return [who, await atTheDoor(house, act, who)];
}

/** Noes that no other server can turn into a yes. */
const lastWords: readonly Fate[] = ['no rights', 'unwilling'];

/**
 * Whether a no to this request is one to the whole act: it came before the writing, and asked neither what the server offers nor whether its
 * policy holds a reset, without which the act goes on. An unlock does without the rules for passwords, too.
 */
function mustRefuse({ name, request }: Act, seen: readonly Request[], at: number): boolean {
  const writing = seen.lastIndexOf(request);
  const isAside = (seen[at] === 'modify' && request !== 'modify') || (seen[at] === 'search' && seen[at - 1] === 'bind');
  return name !== 'unlock' && seen[at] === 'search' && !isAside && (writing < 0 || at < writing);
}

/** Where each act is spoiled: the writing and what is next to it in every way, all before it in turns. */
async function plan(house: RealHouse, act: Act): Promise<{ at: number | Request; fate: Fate }[]> {
  // The first time slapd is asked what is remembered afterwards.
  await act.run(house, ...(await ready(house, act)));
  const once = await ready(house, act);
  house.proxy().heal();
  await act.run(house, ...once);
  const seen = [...house.proxy().seen];
  const writing = seen.indexOf(act.request);
  assert.ok(writing > 0, seen.join(' '));
  return seen.flatMap((request, at) => {
    if (request === 'unbind') return [];
    // A service account without rights is not tried again for a minute, and would spoil all that comes after.
    const noes = request === 'bind' ? refusals.filter((fate) => fate !== 'no rights') : refusals;
    const inTurn: readonly Fate[] = [at % 2 === 0 ? 'cut before' : 'silent after', noes[at % noes.length] ?? 'busy'];
    const own = at >= writing - 1 ? [...fates, ...noes] : inTurn;
    return own.map((fate) => ({ at: at === writing ? act.request : at, fate }));
  });
}

let killedPeople: Person[] = [];
const victim = async (house: RealHouse): Promise<Person> => {
  if (killedPeople.length === 0) killedPeople = await admit(house, 20);
  await looks.get(house)?.(); // the door stays shut until the directory is seen again
  return killedPeople.pop() as Person;
};

/** Runs `what` in the turn in which the request that writes leaves. */
async function atTheWrite(house: RealHouse, what: () => void): Promise<() => void> {
  const { writes } = await house.inside(({ world }) => world);
  const { sent } = writes;
  Object.assign(writes, {
    sent(...given: Parameters<typeof sent>) {
      sent(...given);
      what();
    },
  });
  return () => void Object.assign(writes, { sent });
}

/** The tests of these acts, not yet run. */
export function faultsOf(...names: readonly ActName[]): { run(): void } {
  const test = suite<{ spoilt: RealHouse; killed: RealHouse }>(`faults of ${names.join(' and ')}`);
  const named = names.map((name) => acts[name]);
  test.before(async (room) => {
    [room.spoilt, room.killed] = await Promise.all([
      openRealHouse({ way: 'proxy', timeoutSeconds: 1 }),
      openRealHouse({ timeoutSeconds: 1 }),
    ]);
    for (const house of [room.spoilt, room.killed]) {
      await house.start();
      await quietTimetable(house);
    }
  });
  test.after(async ({ spoilt, killed }) => {
    await Promise.all([spoilt.close(), killed.close()]);
  });

  for (const act of named)
    test(`${act.name}: every request cut or silenced, before and after slapd hears it, or answered with a no`, async ({
      spoilt: house,
    }) => {
      if (people.length === 0) people = await admit(house, 260);
      const cases = (await plan(house, act)).map((planned) => ({
        ...planned,
        who: someone(),
        what: `${act.name}, ${planned.fate} of ${planned.at}`,
      }));
      const ready = await prepared(house, act, cases);
      const ends: Record<End, number> = { done: 0, refused: 0, unknown: 0 };
      const unknown: Left[] = [];
      let held = 0;
      for (const [nth, one] of ready.entries()) {
        const { at = 0, fate = 'cut before' } = cases[nth] ?? {};
        let seen: readonly Request[] = [];
        house.proxy().heal();
        house.proxy().spoil(at, fate);
        const { end, left } = await judged(house, one, () => {
          seen = [...house.proxy().seen];
          house.proxy().heal();
        });
        if (lastWords.includes(fate) && typeof at === 'number' && mustRefuse(act, seen, at)) assert.is(end, 'refused', one.what);
        // Some noes say that nothing was done: then it may be written on another connection after all.
        if (refusals.includes(fate) && at === act.request && seen.filter((request) => request === at).length === 1) {
          assert.is(end, 'refused', one.what);
          held += 1;
        }
        ends[end] += 1;
        if (end === 'unknown') unknown.push(left);
      }
      assert.ok(held >= 2, `only ${held} noes were the last word`);
      assert.ok(ends.done > 0 && ends.refused > 0 && ends.unknown > 0, JSON.stringify(ends));
      await settleTruthfully(house, unknown);
    });

  for (const act of named)
    test(`${act.name}: refused while the directory was away, it succeeds at once when it is back`, async ({ spoilt: house }) => {
      const who = someone();
      const browser = await atTheDoor(house, act, who);
      house.proxy().behave('refuse');
      const { end } = await judged(house, { act, who, browser, what: 'away' }, () => house.proxy().heal());
      assert.is(end, 'refused');
      assert.is(endOf(await act.run(house, who, browser)), 'done');
      assert.is(await isDone(house, act, who), true);
    });

  for (const act of named) {
    test(`${act.name}: slapd stopped (SIGSTOP) before the act: refused`, async ({ killed: house }) => {
      const who = await victim(house);
      const browser = await atTheDoor(house, act, who);
      house.slapd.freeze();
      const { end } = await judged(house, { act, who, browser, what: 'frozen before' }, () => house.slapd.thaw());
      assert.is(end, 'refused');
    });

    test(`${act.name}: slapd killed (SIGKILL) before the act: refused`, async ({ killed: house }) => {
      const who = await victim(house);
      const browser = await atTheDoor(house, act, who);
      await house.slapd.kill();
      const { end } = await judged(house, { act, who, browser, what: 'killed before' }, () => house.slapd.start());
      assert.is(end, 'refused');
    });

    test(`${act.name}: slapd stopped or killed as the write leaves: settled, unless it was quicker`, async ({ killed: house }) => {
      const unknown: Left[] = [];
      const blows = [
        { what: 'frozen at the write', strike: () => house.slapd.freeze(), heal: () => house.slapd.thaw() },
        { what: 'killed at the write', strike: () => void house.slapd.kill(), heal: () => house.slapd.start() },
      ];
      for (const { what, strike, heal } of blows) {
        const who = await victim(house);
        const browser = await atTheDoor(house, act, who);
        const undo = await atTheWrite(house, strike);
        const { end, left } = await judged(house, { act, who, browser, what }, async () => {
          undo();
          house.forward(settleAfter); // a directory that is away settles nothing
          await settleNow(house);
          await heal();
        });
        assert.is.not(end, 'refused', what);
        if (end === 'unknown') unknown.push(left);
      }
      await settleTruthfully(house, unknown);
    });
  }
  return test;
}
