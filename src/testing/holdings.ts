/** What somebody registers of each method, as they keep it themselves: an app's seed, a device, a sheet of codes, memories. Knows no page. */

import { createHash } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import type { EnrolmentStart } from '../methods/method.ts';
import type { Methods } from '../methods/methods.ts';
import { issuePass } from '../methods/pass.ts';
import type { Account } from '../rules/account.ts';
import { isRefusal } from '../rules/refusal.ts';
import { type Instant, minute, second } from '../rules/time.ts';
import type { MethodName } from '../rules/vocabulary.ts';
import { createTexts, type TextKey } from '../text/texts.ts';
import type { World } from '../world.ts';
import { type Authenticator, authenticator } from './authenticator.ts';

export interface Site {
  readonly world: World;
  readonly methods: Methods;
  readonly publicUrl: string;
}

export interface Wanted {
  readonly account: Account;
  readonly methods: readonly MethodName[];
  /** Where mailed codes go. */
  readonly address: string;
}

export interface Holding {
  /** Where texts go. */
  readonly number: string;
  readonly seed: string;
  readonly codes: readonly string[];
  readonly pass: string;
  readonly device: Authenticator | null;
}

export const passLife = 60 * minute;
const texts = createTexts();
const questions = ['q02', 'q07', 'q11', 'q23', 'q35'] as const;

/** What this person remembers of a question, as the page words it. */
export const memoryOf = (login: string, question: string): string =>
  createHash('sha256').update(`${login} ${question}`).digest('hex').slice(0, 12);

export const codeOf = ({ seed }: Pick<Holding, 'seed'>, at: Instant): string =>
  new TOTP({ secret: Secret.fromBase32(seed) }).generate({ timestamp: at });

/** Enrols the account by the methods' own steps; the app by the code of half a minute ago, so that the present one is still good. */
export async function give({ world, methods, publicUrl }: Site, { account, methods: wanted, address }: Wanted): Promise<Holding> {
  const { enrolments, clock } = world;
  const at = clock.now();
  const number = `+4477009${String(account.id).padStart(5, '0')}`;
  const kept: Holding = { number, seed: '', codes: [], pass: '', device: null };
  const enrolling = { account, session: 0, held: [], language: 'en', at };

  async function begun(method: MethodName, form: Record<string, string> = {}): Promise<EnrolmentStart> {
    const start = await methods.get(method)?.enrolment?.begin({ ...enrolling, form });
    if (start === undefined || isRefusal(start)) throw new Error(`${account.login} cannot begin with ${method}: ${start?.key}`);
    return start;
  }
  async function finish(method: MethodName, answer: string): Promise<void> {
    const finished = await methods.get(method)?.enrolment?.finish({ ...enrolling, form: { answer } });
    if (finished === undefined || isRefusal(finished)) throw new Error(`${account.login} cannot finish ${method}: ${finished?.key}`);
  }
  async function app(): Promise<Partial<Holding>> {
    const seed = String((await begun('totp')).seed).replaceAll(' ', '');
    await finish('totp', codeOf({ seed }, at - 30 * second));
    return { seed };
  }
  async function passkey(): Promise<Partial<Holding>> {
    const device = authenticator(publicUrl);
    await finish('passkey', device.create(String((await begun('passkey')).options)));
    return { device };
  }
  async function pass(): Promise<Partial<Holding>> {
    const issued = { account, length: 12, life: passLife, isOnce: true, actor: 'desk', reason: 'lost everything', address: null };
    const given = await issuePass({ ...world, publicUrl })(issued);
    if (isRefusal(given)) throw new Error(`${account.login} gets no pass: ${given.key}`);
    return { pass: given };
  }
  const known = async (method: MethodName, label: string): Promise<Partial<Holding>> => {
    enrolments.add({ account: account.id, method, label, secret: '', at });
    return {};
  };
  const steps: Readonly<Record<MethodName, () => Promise<Partial<Holding>>>> = {
    email: () => known('email', address),
    sms: () => known('sms', number),
    totp: app,
    passkey,
    questions: async () => ({ ...(await begun('questions', memoriesOf(account.login))) }),
    'recovery-code': async () => ({ codes: (await begun('recovery-code')).codes as readonly string[] }),
    pass,
    /** Nobody registers it: policy names whom to ask. */
    colleague: async () => ({}),
  };
  const parts: Partial<Holding>[] = [];
  for (const name of wanted) parts.push(await steps[name]());
  return Object.assign(kept, ...parts);
}

const memoriesOf = (login: string): Record<string, string> =>
  Object.fromEntries(
    questions.flatMap((name, nth) => [
      [`question_${nth + 1}`, name],
      [`answer_${nth + 1}`, memoryOf(login, texts.say('en', `question.${name}` satisfies TextKey))],
    ]),
  );
