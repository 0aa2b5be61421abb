/** An office whose people hold every way to prove who they are: what each of them registered, and what they type where a page asks for it. */

import * as assert from 'uvu/assert';
import type { Policy, SettingKey } from '../../rules/policy.ts';
import { type MethodName, methodNames } from '../../rules/vocabulary.ts';
import { systemClock } from '../../system.ts';
import type { Authenticator } from '../authenticator.ts';
import type { Browser } from '../browser.ts';
import { opens } from '../demo-bench.ts';
import { eventually } from '../eventually.ts';
import { type Gateway, startGateway } from '../gateway.ts';
import { codeOf, give, type Holding, memoryOf } from '../holdings.ts';
import { addressOf, type Office, startOffice } from './office.ts';

/** A mailed code can be typed, or the link beside it followed. */
export type Way = MethodName | 'link';

/** One person, and the gates that they pass, in this order. */
export interface Journey {
  readonly login: string;
  readonly ways: readonly Way[];
}

export const methodOf = (way: Way): MethodName => (way === 'link' ? 'email' : way);
export const journeyOf = (...ways: readonly Way[]): Journey => ({ login: ways.join('.'), ways });

const standAlone: readonly Way[] = ['email', 'sms', 'totp', 'passkey', 'recovery-code', 'pass', 'colleague'];
export const journeys = {
  alone: [...standAlone, 'link' as const].map((way) => journeyOf(way)),
  /** Each two that make two gates by themselves; mail and text do so only where policy says it. */
  pairs: [...standAlone, 'questions' as const]
    .flatMap((one, at, all) => all.slice(at + 1).map((other) => journeyOf(one, other)))
    .filter(({ login }) => login !== 'email.sms'),
  mailAndText: journeyOf('email', 'sms'),
};

export interface Ways {
  readonly office: Office;
  decide(policy: Partial<Policy>): void;
  /** What this person types; where the page shows labels of its own, one field for each. A code that was sent is awaited. */
  answersTo(login: string, way: Way, labels: readonly string[]): Promise<Record<string, string>>;
  /** The path of the mailed link, awaited. */
  linkOf(login: string): Promise<string>;
  deviceOf(login: string): Authenticator;
  fresh(): string;
  /** Only this password opens the directory. */
  isInForce(login: string, password: string): Promise<void>;
  close(): Promise<void>;
}

/** Whom policy names for approvals. */
export const colleague = 'rpatel';
/** Every method is allowed, some have a colleague to ask, and nobody is led aside at sign-in. */
const served: Partial<Policy> = {
  methods: methodNames,
  profiles: [{ name: 'With a colleague', groups: ['asking'], approvers: [colleague] }],
  ...{ approval_by_manager: false, registration_required: false },
};

export async function startWays(people: readonly Journey[]): Promise<Ways> {
  const gateway = await startGateway();
  const office = await startOffice({
    gateway,
    arrange: ({ people: staff, groups, ...rest }) => ({
      ...rest,
      groups: [...groups, { name: 'asking', people: people.filter(({ ways }) => ways.includes('colleague')).map(({ login }) => login) }],
      people: [
        ...staff,
        ...people.map(({ login }, nth) => ({ login, name: `Nth ${nth}`, password: `Old password of ${nth}`, mail: addressOf(login) })),
      ],
    }),
  });
  const held = await giveAll(office, people);
  let chosen = 0;
  const { settings } = office.house.world;
  for (const [key, value] of Object.entries(served)) settings.set(key as SettingKey, value);
  const holdingOf = (login: string): Holding => {
    const holding = held.get(login);
    if (!holding) throw new Error(`${login} holds nothing`);
    return holding;
  };
  const linkOf = (login: string): Promise<string> => eventually(`no link came to ${login}`, () => office.mailed(login).link);

  return {
    office,
    decide(policy) {
      for (const [key, value] of Object.entries(policy)) settings.set(key as SettingKey, value);
    },
    async answersTo(login, way, labels) {
      const holding = holdingOf(login);
      if (way === 'questions') return Object.fromEntries(labels.map((label, nth) => [`answer_${nth + 1}`, memoryOf(first, label)]));
      if (way === 'colleague') return { answer: await approvedCode(office, login) };
      if (way === 'email') return { answer: await eventually(`no code came to ${login}`, () => office.mailed(login).code) };
      if (way === 'sms') return { answer: await eventually(`no text came to ${login}`, () => textedCode(gateway, holding.number)) };
      if (way === 'totp') return { answer: codeOf(holding, systemClock.now()) };
      return { answer: way === 'pass' ? holding.pass : (holding.codes[3] ?? '') };
    },
    linkOf,
    deviceOf(login) {
      const { device } = holdingOf(login);
      if (!device) throw new Error(`${login} has no passkey`);
      return device;
    },
    fresh: () => `seven quiet lanterns ${++chosen} over Zürich`,
    async isInForce(login, password) {
      assert.is(await opens(office.directory, login, password), true, `${login}: the new password`);
      assert.is(await opens(office.directory, login, office.password(login)), false, `${login}: the old password`);
    },
    async close() {
      await office.close();
      await gateway.close();
    },
  };
}

/** What is kept as slow hashes, many of them, is made once and given to everybody who holds it. */
const slow: readonly MethodName[] = ['questions', 'recovery-code'];
const first = 'zthompson';

async function giveAll(office: Office, people: readonly Journey[]): Promise<ReadonlyMap<string, Holding>> {
  const { world, methods, config } = office.house;
  const site = { world, methods, publicUrl: config.publicUrl };
  const shared = await give(site, { account: office.account(first), methods: slow, address: '' });
  const made = world.enrolments.of(office.account(first).id);
  const held = new Map<string, Holding>();
  for (const { login, ways } of people) {
    const account = office.account(login);
    const wanted = [...new Set(ways.map(methodOf))];
    const own = await give(site, { account, methods: wanted.filter((name) => !slow.includes(name)), address: addressOf(login) });
    for (const { method, secret } of made.filter(({ method }) => wanted.includes(method)))
      world.enrolments.add({ account: account.id, method, label: '', secret, at: world.clock.now() });
    held.set(login, { ...own, codes: shared.codes });
  }
  return held;
}

/** Ravi signs in, looks who asks, and reads out what the page gives him. */
async function approvedCode(office: Office, login: string): Promise<string> {
  const browser = await office.browserAt('10.62.0.1').open('/sign-in?next=%2Fapprovals');
  await browser.submit({ login: colleague, password: office.password(colleague) });
  await eventually(`nobody is asked about ${login}`, async () => approvalOf(await browser.open('/approvals'), login));
  await browser.submit({}, { at: approvalOf(browser, login) });
  return /<code>(\d{8})<\/code>/.exec(browser.html)?.[1] ?? '';
}

/** Where the form for this person goes; '' while they have not asked. */
const approvalOf = ({ html }: Browser, login: string): string =>
  html
    .split('<section ')
    .filter((section) => section.includes(`>${login}<`))
    .map((section) => /action="(\/approvals\/\d+\/code)"/.exec(section)?.[1])[0] ?? '';

function textedCode({ asked }: Gateway, number: string): string {
  const texts = asked.map(({ body }) => JSON.parse(body) as { to: string; text: string }).filter(({ to }) => to === number);
  return /\b\d{6}\b/.exec(texts.at(-1)?.text ?? '')?.[0] ?? '';
}

/** All at the same time, but no more than `lanes` at once; the first that fails says who it was. */
export async function together(walks: readonly Journey[], walk: (journey: Journey) => Promise<void>, lanes = 6): Promise<void> {
  const waiting = [...walks];
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { login } = next;
      await walk(next).catch((problem: unknown) => {
        if (problem instanceof Error) problem.message = `${login}: ${problem.message}`;
        throw problem;
      });
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
