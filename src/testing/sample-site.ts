/** A small site on which the toolkit's tests try every door, and what they look for in each response. */

import { connect } from 'node:net';
import * as assert from 'uvu/assert';
import { Refusal } from '../rules/refusal.ts';
import { healthRoutes, homeRoutes } from '../web/home.ts';
import { file, page, type Route, seeOther, type Visit, type Who } from '../web/visit.ts';
import { Browser } from './browser.ts';
import { type FrontDesk, openFrontDesk } from './front-desk.ts';

export const form = 'application/x-www-form-urlencoded';

/** What the page functions were given, newest last, and what keeps /slow from answering. */
export const visits: Visit[] = [];
export const site = { hold: Promise.resolve() };

const seen = (route: Omit<Route, 'page'>, reply: Route['page'] = () => page('sample')): Route => ({
  ...route,
  page: (visit) => {
    visits.push(visit);
    return reply(visit);
  },
});
const anyone = { who: 'anyone' } as const;
export const views = {
  sample: `<% layout('/layout.eta') %>
<form method="post" action="/form"><%~ it.csrf %>
<%~ it.part('field', { name: 'login', label: 'Login' }) %><%~ it.part('password', { name: 'password', label: 'Password' }) %><%~ it.part('code', { label: 'Code' }) %>
<%~ it.part('field', { name: 'secret_word', label: 'A field that a careless template would fill in again' }) %>
<button class="primary">Send</button></form>`,
  throwing: `<% layout('/layout.eta') %><% throw new Error('canary in a template') %>`,
};
const room = (path: string, who: Who): Route => seen({ method: 'GET', path, who });

export const routes: readonly Route[] = [
  ...homeRoutes(),
  ...healthRoutes({ reasons: () => ['directory away'] }),
  seen({ method: 'GET', path: '/form', ...anyone }, () => page('sample', { typed: { kept: 'by the page' } })),
  seen({ method: 'POST', path: '/form', ...anyone }, () => seeOther('/form')),
  seen({ method: 'POST', path: '/form/refused', ...anyone }, ({ form: { login } }) =>
    page('sample', { typed: { login: login ?? '' }, refusals: [new Refusal('login.required')] }),
  ),
  seen({ method: 'GET', path: '/sign-in', ...anyone }),
  seen({ method: 'POST', path: '/sign-in', ...anyone }, () => seeOther('/own', { session: 'new-session', attempt: null })),
  seen({ method: 'POST', path: '/sign-out', ...anyone }, () => ({
    kind: 'see other',
    to: '/',
    cookies: { session: null },
    clearSiteData: true,
  })),
  room('/own', 'signed in'),
  seen({ method: 'POST', path: '/own', who: 'signed in' }, () => seeOther('/own')),
  room('/second', 'second step'),
  room('/enrol', 'enrolment'),
  room('/admin', 'administrator'),
  seen({ method: 'POST', path: '/admin/act', who: 'administrator' }, () => seeOther('/admin')),
  room('/admin/people', 'staff'),
  seen({ method: 'GET', path: '/link/:token', ...anyone }),
  seen({ method: 'GET', path: '/throws', ...anyone }, () => {
    throw new Error('canary: cn=admin and its secret');
  }),
  seen({ method: 'GET', path: '/throws/in-template', ...anyone }, () => page('throwing', {}, { cookies: { session: 'canary-cookie' } })),
  seen({ method: 'GET', path: '/elsewhere', ...anyone }, () => seeOther('//evil.example')),
  seen({ method: 'GET', path: '/slow', ...anyone }, async () => {
    await site.hold;
    return file('text/plain; charset=utf-8', 'at last');
  }),
  seen({ method: 'GET', path: '/later', ...anyone }, () => page('sample', {}, { status: 429, retryAfter: 1.2 })),
  seen({ method: 'GET', path: '/named', ...anyone }, () => page('sample', { supportCode: 'TTTT-RRRR' })),
];

export const openSite = (more: Parameters<typeof openFrontDesk>[1] = {}): Promise<FrontDesk> => openFrontDesk(routes, { views, ...more });

/** A browser on the page with the form, and the form's token. */
export async function openForm({ url }: { url: string }, options = {}): Promise<{ here: Browser; csrf: string }> {
  const here = await new Browser(url, options).open('/form');
  return { here, csrf: csrfOf(here) };
}

export function csrfOf(here: Browser): string {
  const csrf = here.forms()[0]?.fields.csrf;
  if (csrf === undefined) throw new Error(`no csrf field on ${here.path} (${here.status})`);
  return csrf;
}

/** Bytes to the socket and all that comes back until it ends. */
export async function raw(port: number, bytes: string | Buffer): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.setTimeout(5_000, () => socket.destroy());
  socket.write(bytes);
  let answer = '';
  for await (const piece of socket) answer += piece;
  return answer;
}

export function assertSafeHeaders(headers: Record<string, unknown>, what: string): void {
  const policy = String(headers['content-security-policy']);
  for (const rule of [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'self'",
  ])
    assert.ok(policy.split('; ').includes(rule), `${what}: ${rule}`);
  assert.not.match(policy, 'unsafe', what);
  assert.is(headers['x-content-type-options'], 'nosniff', what);
  assert.is(headers['referrer-policy'], 'same-origin', what);
  assert.match(String(headers['strict-transport-security']), /max-age=63072000; includeSubDomains/, what);
  assert.is(headers['cross-origin-opener-policy'], 'same-origin', what);
  assert.is(headers['cross-origin-resource-policy'], 'same-origin', what);
  assert.ok(headers['permissions-policy'], what);
  assert.is(headers['access-control-allow-origin'], undefined, what);
  assert.is(headers['x-powered-by'], undefined, what);
}
