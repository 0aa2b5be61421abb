/** The pages of a colleague who was asked to approve: who asks, and the code that is shown once. */

import { isRefusal, type Refusal } from '../rules/refusal.ts';
import { type Page, page, type Reply, seeOther, type Visit } from '../web/visit.ts';
import type { ApprovalDesk, Here } from './approvals.ts';

export function approvalsPages(desk: ApprovalDesk) {
  const show: Page = (visit) => list(visit);

  /** Whose request it is not gets the same page as for one that there never was. */
  const list = (visit: Visit, refusals: readonly Refusal[] = []): Reply => {
    const model = { requests: desk.waiting(hereOf(visit).account), isDenied: visit.query.done === 'denied', refusals };
    return page('reset/approvals', model, refusals.some(({ key }) => key === 'approval.none') ? { status: 404 } : {});
  };

  const approve: Page = (visit) => {
    const approval = desk.approve(Number(visit.params.request), hereOf(visit));
    return isRefusal(approval)
      ? list(visit, [approval])
      : page('reset/approval-code', { ...approval, titleParams: { name: approval.name } });
  };

  const deny: Page = (visit) => {
    const denied = desk.deny(Number(visit.params.request), hereOf(visit));
    return isRefusal(denied) ? list(visit, [denied]) : seeOther('/approvals?done=denied');
  };

  return { show, approve, deny };
}

function hereOf({ account, address }: Visit): Here {
  if (!account) throw new Error('this page is for who has signed in');
  return { account, address };
}
