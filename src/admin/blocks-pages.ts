/** The page of those who are kept out, and the button that lets them in again. */

import { isRefusal, type Refusal } from '../rules/refusal.ts';
import { type Page, page, type Reply, seeOther, type Visit } from '../web/visit.ts';
import type { BlockDesk } from './blocks.ts';

export function blocksPages(desk: BlockDesk) {
  const show = ({ account, query }: Visit, refusals: readonly Refusal[] = []): Reply =>
    page('admin/blocks', { ...desk.look(), mayLift: account?.role !== 'auditor', isLifted: query.done === 'lifted', refusals });

  const lift: Page = (visit) => {
    const { account, address, supportCode, form } = visit;
    if (!account || account.role === 'auditor') return page('error/not-for-you', {}, { status: 403 });
    const by = { account, address, supportCode };
    const lifted =
      form.suspension !== undefined
        ? desk.liftSuspended(Number(form.suspension), by)
        : form.address !== undefined
          ? desk.liftAddress(form.address, by)
          : desk.liftAccount(Number(form.account ?? ''), by);
    return isRefusal(lifted) ? show(visit, [lifted]) : seeOther('/admin/blocks?done=lifted');
  };

  return { show: (visit: Visit) => show(visit), lift };
}
