/** The administrator's pages: the overview, and "Sync now" on it. */

import { isRefusal, type Refusal } from '../rules/refusal.ts';
import { type Page, page, type Reply, seeOther, type Visit } from '../web/visit.ts';
import type { AdminOverview } from './overview.ts';

export function adminPages(overview: AdminOverview) {
  const overviewPage = ({ account, at, query }: Visit, refusals: readonly Refusal[] = []): Reply => {
    const model = { ...overview.look(at), maySync: account?.role === 'administrator', isSynced: query.done === 'sync', refusals };
    return page('admin/overview', model);
  };

  const sync: Page = async (visit) => {
    if (!visit.account) throw new Error('this page is for administrators');
    const done = await overview.syncNow(visit.account.login);
    return isRefusal(done) ? overviewPage(visit, [done]) : seeOther('/admin?done=sync');
  };

  return { show: (visit: Visit) => overviewPage(visit), sync };
}
