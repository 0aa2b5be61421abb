/** The mailed "this was not me" link: looking does nothing, its button acts. */

import { isRefusal } from '../rules/refusal.ts';
import { type Page, page, type Reply, seeOther } from '../web/visit.ts';
import type { NotMe } from './not-me.ts';

export function notMePages(notMe: NotMe) {
  /** Unknown, used, too old and garbage alike. */
  const spentPage = (): Reply => page('access/not-me-spent', {}, { status: 404 });

  const look: Page = ({ params: { token = '' }, policy }) =>
    notMe.opens(token)
      ? page('access/not-me', { action: `/not-me/${token}`, isHelpdeskTold: policy.helpdesk_address !== '' })
      : spentPage();

  const report: Page = ({ params: { token = '' }, address, supportCode }) =>
    isRefusal(notMe.report(token, { address, supportCode })) ? spentPage() : seeOther('/not-me/received');

  return { look, report, received: () => page('access/not-me-received') };
}
