/** Sign-in, its second step, and sign-out. */

import type { Account } from '../rules/account.ts';
import { isRefusal, Refusal } from '../rules/refusal.ts';
import { type Page, page, type Reply, seeOther, type Visit } from '../web/visit.ts';
import type { ChangePassword } from './change.ts';
import { mustChangePage } from './change-pages.ts';
import type { SignedIn, SignIn } from './sign-in.ts';

export interface SignInFlows {
  readonly signIn: SignIn;
  readonly changePassword: ChangePassword;
  /** A page of ours to pass first after sign-in (registration that is due), which is told `next` and leads on; or null. */
  readonly interrupt?: (account: Account) => string | null;
}

const secondStep = '/sign-in/second-step';

export function signInPages({ signIn, changePassword, interrupt = () => null }: SignInFlows) {
  /** `next` is a page of this site: the web lets no other through. */
  const signInPage = ({ query, form }: Visit, refusals: readonly Refusal[] = []): Reply =>
    page('access/sign-in', { refusals, typed: { login: form.login ?? '' }, places: signIn.places(), next: form.next ?? query.next ?? '' });

  const ask: Page = (visit) => {
    const { session, account, query } = visit;
    if (!session || !account) return signInPage(visit);
    if (session.standing === 'second step') return seeOther(secondStep);
    return seeOther(session.standing === 'enrolment' ? '/registration' : (query.next ?? '/account'));
  };

  const start: Page = async (visit) => {
    const { form, address, device, supportCode, session } = visit;
    if (visit.owesPuzzle) return signInPage(visit, [new Refusal('limit.puzzle', { field: 'puzzle_answer' })]);
    const entrance = { login: form.login ?? '', password: form.password ?? '', address, device, supportCode, before: session };
    const started = await signIn.start(entrance);
    if (isRefusal(started)) return signInPage(visit, [started]);
    if (started.kind === 'must change') return mustChangePage(changePassword, visit, started);
    return welcome(started, form.next);
  };

  function welcome({ token, standing, account }: SignedIn, next = ''): Reply {
    const cookies = { session: token };
    if (standing === 'second step') return seeOther(withNext(secondStep, next), cookies);
    if (standing === 'enrolment') return seeOther('/registration', cookies);
    const first = interrupt(account);
    return seeOther(first === null ? next || homeOf(account) : withNext(first, next || homeOf(account)), cookies);
  }

  function secondPage({ query, form, session, account }: Visit, refusals: readonly Refusal[] = []): Reply {
    const ways = session && account ? signIn.waysOf(account, session) : [];
    return page('access/second-step', {
      refusals,
      ways,
      typed: { method: form.method ?? '' },
      next: form.next ?? query.next ?? '',
      step: { at: 2, of: 2 },
    });
  }

  const prove: Page = async (visit) => {
    const { session, account, form, address, language, supportCode } = visit;
    if (!session || !account) return seeOther('/sign-in');
    const chosen = form.method === undefined ? {} : { method: form.method };
    const proved = await signIn.prove({
      session,
      account,
      ...chosen,
      answer: form.answer ?? form.recovery_code ?? '',
      address,
      language,
      supportCode,
    });
    if (!isRefusal(proved)) return welcome(proved, form.next);
    if (proved.key === 'session.ended') return seeOther('/sign-in', { session: null });
    return secondPage(visit, [proved.field === 'answer' && form.recovery_code !== undefined ? proved.at('recovery_code') : proved]);
  };

  const end: Page = ({ session, account, address, supportCode }) => {
    if (session && account) signIn.end({ session, account, address, supportCode });
    return { ...seeOther('/', { session: null }), clearSiteData: true };
  };

  return { ask, start, askSecond: (visit: Visit) => secondPage(visit), prove, end };
}

const withNext = (path: string, next: string): string => (next === '' ? path : `${path}?next=${encodeURIComponent(next)}`);

const homeOf = ({ role }: Account): string => (role === 'administrator' ? '/admin' : '/account');
