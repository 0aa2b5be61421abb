/** The mailed "this was not me" link: looking does nothing, its button acts. */

import { isRefusal } from '../rules/refusal.ts';
import { type Page, page, type Reply, type Route, seeOther } from '../web/visit.ts';
import type { NotMe } from './not-me.ts';

const received = '/not-me/received';

export function notMePages(notMe: NotMe): Route[] {
  /** Unknown, used, too old and garbage alike. */
  const spentPage = (): Reply => page('access/not-me-spent', {}, { status: 404 });

  const look: Page = ({ params: { token = '' }, policy }) =>
    notMe.opens(token)
      ? page('access/not-me', { action: `/not-me/${token}`, isHelpdeskTold: policy.helpdesk_address !== '' })
      : spentPage();

  const report: Page = ({ params: { token = '' }, address, supportCode }) =>
    isRefusal(notMe.report(token, { address, supportCode })) ? spentPage() : seeOther(received);

  return [
    { method: 'GET', path: received, who: 'anyone', page: () => page('access/not-me-received') }, // before the token: it would fit there too
    { method: 'GET', path: '/not-me/:token', who: 'anyone', page: look },
    { method: 'POST', path: '/not-me/:token', who: 'anyone', page: report },
  ];
}
