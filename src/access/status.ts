/** The status of a page that says no: too many from one address, nobody can be served now, or a form to put right. */

import type { Refusal } from '../rules/refusal.ts';

const tryAgainSeconds = 30;

export function statusOf(refusals: readonly Refusal[]): { status: number; retryAfter?: number } {
  const limit = refusals.find(({ key }) => key === 'limit.address');
  if (limit) return { status: 429, retryAfter: Number(limit.params.seconds ?? 1) };
  if (refusals.some(({ key }) => key === 'desk.busy' || key === 'desk.directory-away')) return { status: 503, retryAfter: tryAgainSeconds };
  return { status: refusals.length > 0 ? 422 : 200 };
}
