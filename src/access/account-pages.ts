/** My account, and ending sessions from it. */

import type { EventName } from '../rules/vocabulary.ts';
import { type Page, page, type Reply, seeOther, type Visit } from '../web/visit.ts';
import type { Here, MyAccount, Overview } from './account.ts';

export function accountPages(myAccount: MyAccount) {
  const show: Page = async (visit) => {
    const here = hereOf(visit);
    if (!here) return seeOther('/sign-in');
    const { password, methods, activity, sessions } = await myAccount.overview(here);
    return page('access/account', { password, methods, activity: activity.map(inWords), sessions, at: visit.at });
  };

  const endOne: Page = (visit) => {
    const here = hereOf(visit);
    const id = Number(visit.form.session);
    if (!here) return seeOther('/sign-in');
    myAccount.endSession(here, id);
    return id === here.session.id ? goodbye() : seeOther('/account');
  };

  const endAll: Page = (visit) => {
    const here = hereOf(visit);
    if (here) myAccount.signOutEverywhere(here);
    return goodbye();
  };

  return { show, endOne, endAll };
}

const goodbye = (): Reply => ({ ...seeOther('/', { session: null }), clearSiteData: true });

const hereOf = ({ account, session, address, supportCode }: Visit): Here | null =>
  account && session ? { account, session, address, supportCode } : null;

/** Events that a person is told of in words of their own; the others are "something else". */
const told: ReadonlySet<EventName> = new Set<EventName>([
  'blocked',
  'change',
  'reset by administrator',
  'reset',
  'reset progress',
  'unlock',
  'unlock by administrator',
  'registration',
  'sign-in',
  'sign-in refused',
  'sign-out',
  'not me',
  'pass issued',
  'administrator created',
  'administrator recovered',
]);

/** ICU keywords have neither spaces nor hyphens. */
const inWords = ({ at, event, result, detail, address }: Overview['activity'][number]) => ({
  at,
  address,
  text: `access.activity.${told.has(event) ? event.replaceAll(' ', '-') : 'other'}`,
  params: { result: result.replaceAll(' ', '_'), detail: (detail ?? '').replaceAll(/[^a-z]+/g, '_') },
});
