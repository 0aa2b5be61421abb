/** One route as a step of Koa: lets the right people through with what they sent, checked, and answers with what the page function says. */

import { Refusal } from '../rules/refusal.ts';
import type { Answer } from './answer.ts';
import type { Caller } from './caller.ts';
import type { Context } from './context.ts';
import type { Csrf, CsrfStanding } from './csrf.ts';
import { type Duty, isBehind, placeToGoOn, standingAt } from './doors.ts';
import { type Fields, fieldsOf, postedFields } from './fields.ts';
import type { OriginStanding } from './origin.ts';
import type { Paths } from './paths.ts';
import type { Puzzles } from './puzzle.ts';
import { NotForYou, Unacceptable } from './unacceptable.ts';
import { page, type Reply, type Route, seeOther, type Visit } from './visit.ts';

interface Needs {
  readonly routes: readonly Route[];
  readonly paths: Paths;
  readonly csrf: Csrf;
  readonly originOf: (headers: Context['req']['headers']) => OriginStanding;
  readonly callerOf: (context: Context) => Caller;
  readonly answer: Answer;
  readonly puzzles: Puzzles;
  readonly duty?: Duty | undefined;
}

export function doorway({
  routes,
  paths,
  csrf,
  originOf,
  callerOf,
  answer,
  puzzles,
  duty,
}: Needs): (route: Route) => (context: Context) => Promise<void> {
  const judge = (context: Context, form: Fields, caller: Caller): CsrfStanding => {
    const isVouched = originOf(context.req.headers) === 'own';
    const { visitor, sessionToken: session, at } = caller;
    return csrf.judge(form.csrf, { visitor, session, at, isVouched });
  };

  const wantedPage = (context: Context, route: Route): string | null => {
    const wanted = route.method === 'GET' ? context.path : paths.formOf(route)?.path;
    return wanted !== undefined && paths.hasPage(wanted) ? wanted : null;
  };
  const withNext = (to: string, wanted: string | null): Reply =>
    seeOther(wanted === null ? to : `${to}?next=${encodeURIComponent(wanted)}`);

  /** Next door, or the page that it would need: null when they may come in. */
  const turnedAway = (context: Context, route: Route, caller: Caller): Reply | null => {
    const standing = standingAt(route.who, caller.person);
    if (standing === 'welcome') return duty && isOwing(route, caller) ? withNext(duty.page, wantedPage(context, route)) : null;
    if (standing === 'not for you') throw new NotForYou();
    const goOn = placeToGoOn(routes, caller.person);
    if (goOn !== null) return seeOther(goOn);
    return withNext('/sign-in', wantedPage(context, route));
  };

  const isOwing = (route: Route, { person, at }: Caller): boolean =>
    duty !== undefined && person?.session.standing === 'full' && isBehind(duty, route) && duty.isOwed(person.account, at);

  /** The page that the form was on, made anew, with what was typed; nothing of the form was acted on. */
  const again = async (form: Route | null, visit: Visit, caller: Caller): Promise<Reply> => {
    if (form === null || standingAt(form.who, caller.person) !== 'welcome' || isOwing(form, caller))
      return page('error/stale', {}, { status: 422 });
    const reply = await form.page({ ...visit, form: {} });
    if (reply.kind !== 'page') return reply;
    const typed = Object.fromEntries(Object.entries(visit.form).filter(([name]) => !isSecret(name)));
    const model = { ...reply.model, refusals: [new Refusal('form.stale')], typed: { ...reply.model.typed, ...typed } };
    return { ...reply, model, status: 422 };
  };

  return (route) => async (context) => {
    context.state.pattern = route.path;
    const query = knownNext(fieldsOf(context.querystring), paths);
    if (route.method === 'POST' && originOf(context.req.headers) === 'foreign') throw new Unacceptable(403, 'foreign origin');
    const form = route.method === 'POST' ? await postedFields(context.req) : {};
    const caller = callerOf(context);
    const standing = route.method === 'POST' ? judge(context, form, caller) : 'good';
    if (standing === 'forged') throw new Unacceptable(403, 'csrf field missing or forged');
    const away = turnedAway(context, route, caller);
    // Only a form that will be acted on spends a solution.
    const owesPuzzle =
      away === null && standing === 'good' && route.takesLogin === true && !puzzles.admits(caller.address, form, caller.at);
    const visit = visitOf({ caller, query, form: knownNext(form, paths), params: context.params as Fields, owesPuzzle });
    const stood = paths.formOf(route, pathOf(context.req.headers.referer));
    await answer(context, away ?? (standing === 'stale' ? await again(stood, visit, caller) : await route.page(visit)), caller);
  };
}

/** Used, never logged; a foreign one was refused before. */
const pathOf = (referer = ''): string => (URL.canParse(referer) ? new URL(referer).pathname : '');

interface Arrival {
  readonly caller: Caller;
  readonly query: Fields;
  readonly form: Fields;
  readonly params: Fields;
  readonly owesPuzzle: boolean;
}

function visitOf({ caller, query, form, params, owesPuzzle }: Arrival): Visit {
  const { csrf: _, ...fields } = form;
  const { address, device, language, supportCode, at, policy, person, attemptToken } = caller;
  return {
    params: { ...params },
    query: { ...query },
    form: fields,
    address,
    device,
    language,
    supportCode,
    at,
    policy,
    session: person?.session ?? null,
    account: person?.account ?? null,
    attemptToken,
    owesPuzzle,
  };
}

/** `next` is a page of this site or it is not there, so that no page function can send anyone elsewhere (ASVS 3.7.2). */
function knownNext(fields: Fields, paths: Paths): Fields {
  const { next, ...others } = fields;
  return next !== undefined && paths.hasPage(next) ? { ...others, next } : others;
}

/** Never shown again, whatever the template would do with it. */
const isSecret = (name: string): boolean => /pass|current|answer|code|secret|key|csrf/i.test(name);
