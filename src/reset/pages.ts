/** The pages of the reset portal: each door, and the page for each place an attempt can be at. */

import { rulesBehind } from '../rules/new-password.ts';
import { isRefusal, Refusal } from '../rules/refusal.ts';
import type { Intention, RefusalKey } from '../rules/vocabulary.ts';
import type { Written } from '../set-password.ts';
import { answerIn } from '../web/numbered.ts';
import { type Page, page, type Reply, seeOther, type Visit } from '../web/visit.ts';
import type { PasswordReset } from './reset.ts';
import type { Sight } from './sight.ts';

const viewOf: Record<Sight['place'], string> = {
  method: 'reset/method',
  answer: 'reset/answer',
  password: 'reset/password',
  unlock: 'reset/unlock',
  writing: 'reset/writing',
  done: 'reset/done',
  'not proved': 'reset/not-proved',
  unknown: 'reset/unknown',
  expired: 'reset/expired',
  ended: 'reset/ended',
  away: 'reset/away',
  refused: 'reset/refused',
};

/** Refusals after which the attempt's own page says best what is going on. */
const tellsItself: readonly RefusalKey[] = ['attempt.none', 'attempt.expired', 'attempt.finished', 'attempt.writing', 'attempt.gates-open'];

export function resetPages(reset: PasswordReset) {
  const loginPage = (intention: Intention, refusals: readonly Refusal[] = [], typed: Record<string, string> = {}): Reply =>
    page(intention === 'unlock' ? 'reset/start-unlock' : 'reset/start', {
      intention,
      refusals,
      typed,
      places: reset.places(),
      step: { at: 1 },
    });

  function attemptPage(sight: Sight, refusals: readonly Refusal[] = [], isAnother = false): Reply {
    const place = isAnother && sight.place === 'answer' ? 'method' : sight.place;
    const view = place === 'done' && sight.intention === 'unlock' ? 'reset/unlocked' : viewOf[place];
    return page(view, { ...sight, ...stepOf(sight), refusals: refusals.map(placed), broken: refusals.flatMap(rulesBehind) });
  }

  const home: Page = async ({ attemptToken, query, language }) => {
    const sight = await reset.show(attemptToken);
    if (!sight) return loginPage('reset');
    const offered = 'suggest' in query ? { offer: await reset.offer(sight, language) } : {};
    return attemptPage({ ...sight, ...offered }, [], 'another' in query);
  };

  const unlockHome: Page = async ({ attemptToken, query }) => {
    const sight = await reset.show(attemptToken);
    return sight?.intention === 'unlock' ? attemptPage(sight, [], 'another' in query) : loginPage('unlock');
  };

  const identify: Page = async ({ form, address, language, supportCode, owesPuzzle }) => {
    const intention: Intention = form.intention === 'unlock' ? 'unlock' : 'reset';
    if (owesPuzzle) return loginPage(intention, [new Refusal('limit.puzzle', { field: 'puzzle_answer' })], { login: form.login ?? '' });
    const opened = await reset.identify({ login: form.login ?? '', intention, address, language, supportCode });
    return isRefusal(opened) ? loginPage(intention, [opened], { login: form.login ?? '' }) : seeOther('/reset', { attempt: opened.token });
  };

  /** The attempt's page again with the reason, or the page that knows better why this went no further. */
  async function again({ attemptToken }: Visit, refusals: readonly Refusal[]): Promise<Reply> {
    const sight = refusals.some(({ key }) => tellsItself.includes(key)) ? null : await reset.show(attemptToken);
    return sight
      ? attemptPage(
          sight,
          refusals,
          refusals.some(({ field }) => field === 'method'),
        )
      : seeOther('/reset');
  }

  const choose: Page = async (visit) => {
    const chosen = await reset.choose(visit.attemptToken ?? '', visit.form.method ?? '');
    return isRefusal(chosen) ? again(visit, [chosen]) : seeOther('/reset');
  };

  const answer: Page = async (visit) => {
    const judged = await reset.answer(visit.attemptToken ?? '', answerIn(visit.form));
    return isRefusal(judged) ? again(visit, [judged]) : seeOther('/reset', { attempt: judged.token });
  };

  const complete: Page = async (visit) => {
    const typed = { password: visit.form.password ?? '', again: visit.form.password_again ?? '' };
    return afterWriting(visit, await reset.complete(visit.attemptToken ?? '', typed));
  };

  const unlock: Page = async (visit) => afterWriting(visit, await reset.unlock(visit.attemptToken ?? ''));

  function afterWriting(visit: Visit, written: Written | Refusal): Reply | Promise<Reply> {
    if (isRefusal(written)) return again(visit, [written]);
    return written.kind === 'refused' ? again(visit, written.refusals) : seeOther('/reset');
  }

  const cancel: Page = ({ attemptToken }) => {
    if (attemptToken !== null) reset.cancel(attemptToken);
    return seeOther('/reset', { attempt: null });
  };

  const link: Page = ({ params }) =>
    reset.linkOpens(params.token ?? '')
      ? page('reset/link', { action: `/reset/code/${params.token}` })
      : page('reset/link-spent', {}, { status: 404 });

  const followLink: Page = async ({ params }) => {
    const followed = await reset.followLink(params.token ?? '');
    return isRefusal(followed) ? page('reset/link-spent', {}, { status: 422 }) : seeOther('/reset', { attempt: followed.token });
  };

  /** The code at the foot is the attempt's, for by it the helpdesk finds what happened. */
  const help: Page = ({ attemptToken, supportCode, policy }) =>
    page('reset/help', { ...helpModel(policy), supportCode: reset.supportCodeOf(attemptToken) ?? supportCode });

  const askForHelp: Page = async ({ attemptToken, form, address, supportCode, language, policy }) => {
    const ask = { name: form.name ?? '', contact: form.contact ?? '', words: form.words ?? '' };
    const asked = await reset.askForHelp({ token: attemptToken, ...ask, address, supportCode, language });
    if (!isRefusal(asked)) return seeOther(`/reset/help/sent?code=${asked.supportCode}`);
    const code = reset.supportCodeOf(attemptToken) ?? supportCode;
    return page('reset/help', { ...helpModel(policy), typed: ask, supportCode: code, refusals: [asked] });
  };

  /** The code that the helpdesk's message holds: without an attempt each page has one of its own. */
  const helpSent: Page = ({ query, supportCode }) =>
    page('reset/help-sent', { supportCode: /^[A-Z]{4}-[A-Z]{4}$/.test(query.code ?? '') ? query.code : supportCode });

  return { home, unlockHome, identify, choose, answer, complete, unlock, cancel, link, followLink, help, askForHelp, helpSent };
}

const helpModel = ({ helpdesk_address, helpdesk_link }: Visit['policy']) => ({
  isMailed: helpdesk_address !== '',
  link: helpdesk_link || null,
});

/** The login was step 1, each gate is one, the new password or the unlocking is the last; the total is told once a gate is passed. */
function stepOf({ place, gate }: Sight): { step?: { at: number; of: number | null } } {
  const of = gate.of === null ? null : gate.of + 2;
  if (place === 'method' || place === 'answer') return { step: { at: gate.number + 1, of } };
  return place === 'password' || place === 'unlock' ? { step: { at: gate.number + 1, of } } : {};
}

/** What the directory says of a password stands at its field. */
const placed = (refusal: Refusal): Refusal =>
  ofThePassword.includes(refusal.key) && refusal.field === null ? refusal.at('password') : refusal;
const ofThePassword: readonly RefusalKey[] = [
  'directory.policy',
  'directory.history',
  'directory.used-or-forbidden',
  'directory.too-short',
  'directory.too-long',
  'directory.quality',
  'directory.encoding',
];
