/** An office whose people hold every way to prove who they are: what each of them registered, and what they type where a page asks for it. */

import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Secret, TOTP } from 'otpauth';
import * as assert from 'uvu/assert';
import type { EnrolmentStart } from '../../methods/method.ts';
import { issuePass } from '../../methods/pass.ts';
import type { Account } from '../../rules/account.ts';
import type { Policy, SettingKey } from '../../rules/policy.ts';
import { isRefusal } from '../../rules/refusal.ts';
import { minute } from '../../rules/time.ts';
import { type MethodName, methodNames } from '../../rules/vocabulary.ts';
import { systemClock } from '../../system.ts';
import type { TextKey } from '../../text/texts.ts';
import { type Authenticator, authenticator } from '../authenticator.ts';
import { opens } from '../demo-bench.ts';
import { type Gateway, startGateway } from '../gateway.ts';
import { addressOf, type Office, startOffice } from './office.ts';

/** A mailed code can be typed, or the link beside it followed. */
export type Way = Exclude<MethodName, 'colleague'> | 'link';

/** One person, and the gates that they pass, in this order. */
export interface Journey {
  readonly login: string;
  readonly ways: readonly Way[];
}

export const methodOf = (way: Way): MethodName => (way === 'link' ? 'email' : way);
export const journeyOf = (...ways: readonly Way[]): Journey => ({ login: ways.join('.'), ways });

const standAlone: readonly Way[] = ['email', 'sms', 'totp', 'passkey', 'recovery-code', 'pass'];
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

const patience = 10_000;

export async function startWays(people: readonly Journey[]): Promise<Ways> {
  const gateway = await startGateway();
  const office = await startOffice({
    gateway,
    arrange: ({ people: staff, ...rest }) => ({
      ...rest,
      people: [
        ...staff,
        ...people.map(({ login }, nth) => ({ login, name: `Nth ${nth}`, password: `Old password of ${nth}`, mail: addressOf(login) })),
      ],
    }),
  });
  const cards = new Map<string, Card>();
  const memories = await memoriesOf(office);
  for (const journey of people) cards.set(journey.login, await cardOf(office, memories, journey));
  let chosen = 0;
  const cardFor = (login: string): Card => {
    const card = cards.get(login);
    if (!card) throw new Error(`${login} holds nothing`);
    return card;
  };
  const linkOf = (login: string): Promise<string> => until(() => office.mailed(login).link);

  return {
    office,
    decide(policy) {
      for (const [key, value] of Object.entries(policy)) office.house.world.settings.set(key as SettingKey, value);
    },
    async answersTo(login, way, labels) {
      const card = cardFor(login);
      if (way === 'questions') return Object.fromEntries(labels.map((label, nth) => [`answer_${nth + 1}`, memoryOf(label)]));
      if (way === 'email') return { answer: await until(() => office.mailed(login).code) };
      if (way === 'sms') return { answer: await until(() => textedCode(gateway, card.number)) };
      if (way === 'totp') return { answer: new TOTP({ secret: Secret.fromBase32(card.seed) }).generate() };
      return { answer: way === 'pass' ? card.pass : way === 'recovery-code' ? card.code : '' };
    },
    linkOf,
    deviceOf(login) {
      const { device } = cardFor(login);
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

/** What somebody keeps of what they registered. */
interface Card {
  readonly number: string;
  readonly seed: string;
  readonly code: string;
  readonly pass: string;
  readonly device: Authenticator | null;
}

/** What is kept as slow hashes, many of them: made once, and given to everybody who holds it. */
interface Memories {
  readonly code: string;
  readonly secrets: Readonly<Partial<Record<MethodName, string>>>;
}

async function memoriesOf(office: Office): Promise<Memories> {
  const { enrolments } = office.house.world;
  const account = office.account('zthompson');
  await begun(office, account, 'questions', remembered(office));
  const { codes } = await begun(office, account, 'recovery-code');
  const secrets = Object.fromEntries(enrolments.of(account.id).map(({ method, secret }) => [method, secret]));
  return { code: (codes as readonly string[])[3] ?? '', secrets };
}

async function begun(office: Office, account: Account, method: MethodName, form: Record<string, string> = {}): Promise<EnrolmentStart> {
  const start = await office.house.methods.get(method)?.enrolment?.begin({ ...enrolling(account), form });
  if (start === undefined || isRefusal(start)) throw new Error(`${account.login} cannot begin with ${method}: ${start?.key}`);
  return start;
}
const enrolling = (account: Account) => ({ account, session: 0, held: [], language: 'en', at: systemClock.now() });

async function cardOf(office: Office, { code, secrets }: Memories, { login, ways }: Journey): Promise<Card> {
  const { world, methods, config } = office.house;
  const account = office.account(login);
  const at = systemClock.now();
  const holds = (method: MethodName): boolean => ways.some((way) => methodOf(way) === method);
  const number = `+4477009${String(account.id).padStart(5, '0')}`;
  const seed = await office.register(login, ...(['email', 'totp'] as const).filter(holds));
  if (holds('sms')) world.enrolments.add({ account: account.id, method: 'sms', label: number, secret: '', at });
  for (const method of ['questions', 'recovery-code'] as const)
    if (holds(method)) world.enrolments.add({ account: account.id, method, label: '', secret: secrets[method] ?? '', at });
  const device = holds('passkey') ? authenticator(config.publicUrl) : null;
  if (device) {
    const { options } = await begun(office, account, 'passkey');
    const form = { answer: device.create(String(options)) };
    const made = await methods.get('passkey')?.enrolment?.finish({ ...enrolling(account), form });
    if (made === undefined || isRefusal(made)) throw new Error(`${login} cannot make a passkey`);
  }
  const issued = { account, length: 12, life: 60 * minute, isOnce: true, actor: 'heidi', reason: 'lost everything', address: null };
  const pass = holds('pass') ? await issuePass({ ...world, publicUrl: config.publicUrl })(issued) : '';
  if (isRefusal(pass)) throw new Error(`${login} gets no pass`);
  return { number, seed, code, pass, device };
}

/** The same for everybody: a memory belongs to its question, as the page words it. */
const memoryOf = (question: string): string => createHash('sha256').update(question).digest('hex').slice(0, 12);

function remembered({ house }: Office): Record<string, string> {
  const names = ['q02', 'q07', 'q11', 'q23', 'q35'];
  return Object.fromEntries(
    names.flatMap((name, nth) => [
      [`question_${nth + 1}`, name],
      [`answer_${nth + 1}`, memoryOf(house.texts.say('en', `question.${name}` as TextKey))],
    ]),
  );
}

function textedCode({ asked }: Gateway, number: string): string {
  const texts = asked.map(({ body }) => JSON.parse(body) as { to: string; text: string }).filter(({ to }) => to === number);
  return /\b\d{6}\b/.exec(texts.at(-1)?.text ?? '')?.[0] ?? '';
}

async function until(found: () => string): Promise<string> {
  for (const end = performance.now() + patience; performance.now() < end; await pause(20)) if (found() !== '') return found();
  throw new Error('no message came');
}

/** All at the same time, but no more than `lanes` at once; the first that fails says who it was. */
export async function together(walks: readonly Journey[], walk: (journey: Journey) => Promise<void>, lanes = 6): Promise<void> {
  const waiting = [...walks];
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { login } = next;
      await walk(next).catch((problem: unknown) => {
        throw new Error(`${login}: ${problem instanceof Error ? problem.message : String(problem)}`, { cause: problem });
      });
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

export const everyMethod: readonly MethodName[] = methodNames;
