/** Somebody who goes through a reset with all that they know and hold, as far as they are let. */

import type { PasswordReset } from '../reset/reset.ts';
import { isRefusal } from '../rules/refusal.ts';
import type { Intention, MethodName } from '../rules/vocabulary.ts';
import { type CastName, cast } from './cast.ts';
import type { TestWorld } from './world.ts';

/** Answers beside those of mail and app: a pass that was read to them, a printed code, the answers to questions. */
export type Known = Partial<Record<MethodName, (questions: readonly string[]) => string>>;

export interface Walked {
  /** Where it ended: `done`, or the page that leads no further. */
  readonly end: string;
  readonly proofs: readonly MethodName[];
  /** How many codes or links came. */
  readonly codes: number;
}

const goodPassword = 'correct horse battery';
let walks = 0;

export async function walkThrough(
  { world, reset }: { world: TestWorld; reset: PasswordReset },
  { name, intention = 'reset', known = {} }: { name: CastName; intention?: Intention; known?: Known },
): Promise<Walked> {
  walks += 1;
  const codes = (): number => world.mail.filter(({ kind }) => kind === 'reset-code').length;
  const before = codes();
  const typed = { login: cast[name].login, intention, address: '192.0.2.1', language: 'en', supportCode: `WALK-${walks}` };
  const opened = await reset.identify(typed);
  if (isRefusal(opened)) return { end: opened.key, proofs: [], codes: 0 };
  let { token } = opened;
  const proofs: MethodName[] = [];
  const tried = new Set<MethodName>();

  async function tryOne(method: MethodName): Promise<boolean> {
    tried.add(method);
    const mailed = codes();
    if (isRefusal(await reset.choose(token, method))) return false;
    const sight = await reset.show(token);
    await world.deferral.drain();
    const answers: Known = {
      email: () => (codes() > mailed ? world.codeFromMail(cast[name].mail) : '00000000'),
      ...(cast[name].holds.includes('totp') ? { totp: () => world.totpCode(name) } : {}),
      ...known,
    };
    const questions = (sight?.question?.questions ?? []) as readonly string[];
    const judged = await reset.answer(token, answers[method]?.(questions) ?? '00000000');
    if (isRefusal(judged)) return false;
    token = judged.token;
    proofs.push(method);
    return true;
  }

  for (;;) {
    const sight = await reset.show(token);
    const place = sight?.place ?? 'nowhere';
    const next = sight?.methods.find((method) => !tried.has(method));
    if ((place === 'method' || place === 'answer') && next) await tryOne(next);
    else {
      const end = place === 'password' || place === 'unlock' ? await finish(place) : place;
      await world.deferral.drain();
      return { end, proofs, codes: codes() - before };
    }
  }

  async function finish(place: 'password' | 'unlock'): Promise<string> {
    const typed = { password: goodPassword, again: goodPassword };
    const written = place === 'unlock' ? await reset.unlock(token) : await reset.complete(token, typed);
    return isRefusal(written) ? written.key : written.kind;
  }
}
