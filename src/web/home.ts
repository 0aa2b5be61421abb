/** The doors of the house and its conventions: the home page, /healthz, /readyz and the address that password managers look for. */

import { file, page, type Route, seeOther, type Visit } from './visit.ts';

/** No door is shown that policy keeps shut for everybody. */
const home = ({ policy }: Visit) => page('home', { closed: policy.unlock_without_reset ? [] : ['/unlock'] });

/** https://w3c.github.io/webappsec-change-password-url/: a temporary redirect, and never a form at that address. */
const changePassword = () => seeOther('/change');

export const homeRoutes = (): readonly Route[] => [
  { method: 'GET', path: '/', who: 'anyone', page: home },
  { method: 'GET', path: '/.well-known/change-password', who: 'anyone', page: changePassword, isBare: true },
];

/** `reasons` names what stands in the way of serving people; none when ready. */
export const healthRoutes = ({ reasons }: { reasons: () => readonly string[] }): readonly Route[] => [
  { method: 'GET', path: '/healthz', who: 'anyone', isBare: true, page: () => plain(200, ['alive']) },
  { method: 'GET', path: '/readyz', who: 'anyone', isBare: true, page: () => readiness(reasons()) },
];

const readiness = (reasons: readonly string[]) => (reasons.length === 0 ? plain(200, ['ready']) : plain(503, reasons));
const plain = (status: number, lines: readonly string[]) => file('text/plain; charset=utf-8', `${lines.join('\n')}\n`, status);
