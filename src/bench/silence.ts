/** Whether time tells who has an account: every door, known and unknown logins in turns, and what the same account differs from itself. */

import type { Report } from './figure.ts';
import { median, quantile } from './measure.ts';
import type { Browser } from '../testing/browser.ts';
import { openRealHouse, type Person, type RealHouse } from '../testing/house.ts';

const tries = 200;
/** How often the tries of the same accounts are dealt into two hands, to see what they differ by themselves. */
const deals = 1000;
/** A person's failed sign-ins stay below the count from which waiting begins, the tries of /change included. */
const triesAPerson = 4;
/** Who walks at the same time: few enough that nobody waits for a place in the queue of deferred work. */
const lanes = { reset: 5, password: 12 };

/** 'again': the same people once more, as the measure of what differs by itself. */
const whose = ['known', 'unknown', 'again'] as const;
type Whose = (typeof whose)[number];
type Times = Record<string, Record<Whose, number[]>>;

const person = (number: number): Person => ({
  login: `known${number}`,
  name: `Known ${number}`,
  password: `Quiet lantern ${number} meadow`,
  address: `known${number}@home.example.net`,
});

export async function measureSilence(report: Report): Promise<void> {
  const house = await openRealHouse({
    slapd: { policy: { pwdMaxFailure: 1000 } },
    policy: { second_gate_when_stronger: false },
  });
  try {
    const people = Array.from({ length: (2 * tries) / triesAPerson }, (_, number) => person(number));
    await house.admit(people);
    const served = await house.serve();
    const times = await walkAll(house);
    await served.end('SIGTERM');
    for (const [step, taken] of Object.entries(times)) reportStep(step, taken, report);
  } finally {
    await house.close();
  }
}

async function walkAll(house: RealHouse): Promise<Times> {
  const times: Times = {};
  const timed = async (step: string, who: Whose, work: Promise<unknown>, from = performance.now()): Promise<void> => {
    await work;
    times[step] ??= { known: [], unknown: [], again: [] };
    times[step][who].push(performance.now() - from);
  };
  const posted = (browser: Browser, path: string, fields: Record<string, string>) =>
    browser.send('POST', path, {
      body: String(new URLSearchParams({ csrf: browser.forms().find((form) => form.fields.csrf)?.fields.csrf ?? '', ...fields })),
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    });
  const wanted = { password: 'Some new password 1', password_again: 'Some new password 1' };

  const reset = async (who: Whose, login: string): Promise<void> => {
    const browser = await house.visitor().open('/reset');
    const begun = performance.now();
    await timed('POST /reset/identify', who, posted(browser, '/reset/identify', { login, intention: 'reset' }), begun);
    await timed('GET /reset after it', who, browser.send('GET', '/reset'));
    await posted(browser, '/reset/method', { method: 'email' });
    await timed('POST /reset/answer, from the login on', who, posted(browser, '/reset/answer', { answer: '0000 0000' }), begun);
  };
  const signIn = async (who: Whose, login: string, number: number): Promise<void> => {
    const browser = await house.visitor().open('/sign-in');
    await timed('POST /sign-in', who, posted(browser, '/sign-in', { login, password: `Wrong ${number}` }));
  };
  const change = async (who: Whose, login: string, number: number): Promise<void> => {
    const browser = await house.visitor().open('/change');
    await timed('POST /change', who, posted(browser, '/change', { login, current_password: `Wrong, too ${number}`, ...wanted }));
  };

  await Promise.all([inLanes(lanes.reset, reset), inLanes(lanes.password / 2, signIn), inLanes(lanes.password / 2, change)]);
  return times;
}

/** Each login as often as the others, in turns. */
async function inLanes(count: number, walk: (who: Whose, login: string, number: number) => Promise<void>): Promise<void> {
  const waiting = Array.from({ length: tries * whose.length }, (_, number) => number);
  const lane = async (): Promise<void> => {
    for (let number = waiting.shift(); number !== undefined; number = waiting.shift()) {
      const who = whose[number % whose.length] as Whose;
      const of = Math.floor(number / whose.length) % (tries / triesAPerson);
      const login = who === 'unknown' ? `nobody${of}` : `known${who === 'again' ? of + tries / triesAPerson : of}`;
      await walk(who, login, number);
    }
  };
  await Promise.all(Array.from({ length: count }, lane));
}

/** A small generator of its own: chance must not differ from run to run. */
function dealt(values: readonly number[], seed: number): [number[], number[]] {
  let state = seed + 1;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const cards = values.map((value) => ({ value, at: next() })).toSorted((a, b) => a.at - b.at);
  const hand = (from: number, to: number): number[] => cards.slice(from, to).map(({ value }) => value);
  return [hand(0, cards.length / 2), hand(cards.length / 2, cards.length)];
}

function reportStep(step: string, { known, unknown, again }: Record<Whose, number[]>, report: Report): void {
  const difference = Math.abs(median(known) - median(unknown));
  const once = Math.abs(median(known) - median(again));
  const same = [...known, ...again];
  const differences = Array.from({ length: deals }, (_, deal) => {
    const [left, right] = dealt(same, deal);
    return Math.abs(median(left) - median(right));
  });
  const itself = quantile(differences, 0.95);
  report({
    part: 'silence',
    name: `${step}: known against unknown`,
    value: difference,
    unit: 'ms',
    yardstick: { name: 'the same against itself', value: itself },
    note: `differs less than itself: ${difference <= Math.max(itself, once) ? 'yes' : 'NO'} (medians ${median(known).toFixed(2)} and ${median(unknown).toFixed(2)} ms of ${known.length} tries each; once against again ${once.toFixed(2)} ms)`,
  });
}
