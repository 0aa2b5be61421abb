/** What the store makes of a plan's changes, without a store. */

import type { Account } from '../rules/account.ts';
import type { Change } from '../sync/plan.ts';

export function appliedTo(accounts: readonly Account[], changes: readonly Change[]): readonly Account[] {
  const after = new Map(accounts.map((account) => [account.id, account]));
  let next = Math.max(0, ...after.keys()) + 1;
  for (const change of changes) {
    if (change.kind === 'disable') after.set(change.id, { ...(after.get(change.id) as Account), isDisabled: true });
    else {
      const before = change.kind === 'update' ? after.get(change.id) : undefined;
      const id = before?.id ?? next++;
      after.set(id, { suspendedAt: null, language: null, ...before, ...change.entry, id, home: 'office', role: change.role });
    }
  }
  return [...after.values()];
}
