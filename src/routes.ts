/** Every door of the house: method, path, who may come through, and the page behind it. What is not named here opens for nobody. */

import { type AccessFlows, accessPages } from './access/pages.ts';
import { blocksPages } from './admin/blocks-pages.ts';
import { directoryPages } from './admin/directory-pages.ts';
import { adminPages } from './admin/pages.ts';
import type { Portals } from './portals.ts';
import { registrationPages } from './registration/pages.ts';
import { approvalsPages } from './reset/approvals-pages.ts';
import { resetPages } from './reset/pages.ts';
import { healthRoutes, homeRoutes } from './web/home.ts';
import type { Page, Route, Who } from './web/visit.ts';

const get = (path: string, who: Who, page: Page): Route => ({ method: 'GET', path, who, page });
const post = (path: string, who: Who, page: Page): Route => ({ method: 'POST', path, who, page });

/** The first door that fits a path is the one: named paths stand before those with a token in the same place. */
export const routesOf = (portals: Portals): Route[] => [
  ...homeRoutes(),
  ...healthRoutes(portals),
  ...resetRoutes(portals.reset),
  ...approvalsRoutes(portals.approvals),
  ...accessRoutes(portals.access),
  ...registrationRoutes(portals.registration),
  ...directoryRoutes(portals.directories),
  ...adminRoutes(portals.overview),
  ...blocksRoutes(portals.blocks),
];

function resetRoutes(flow: Portals['reset']): Route[] {
  const reset = resetPages(flow);
  return [
    get('/reset', 'anyone', reset.home),
    get('/unlock', 'anyone', reset.unlockHome),
    { ...post('/reset/identify', 'anyone', reset.identify), takesLogin: true },
    post('/reset/method', 'anyone', reset.choose),
    post('/reset/answer', 'anyone', reset.answer),
    post('/reset/password', 'anyone', reset.complete),
    post('/reset/unlock', 'anyone', reset.unlock),
    post('/reset/cancel', 'anyone', reset.cancel),
    get('/reset/code/:token', 'anyone', reset.link),
    post('/reset/code/:token', 'anyone', reset.followLink),
    get('/reset/help', 'anyone', reset.help),
    post('/reset/help', 'anyone', reset.askForHelp),
    get('/reset/help/sent', 'anyone', reset.helpSent),
  ];
}

function approvalsRoutes(desk: Portals['approvals']): Route[] {
  const approvals = approvalsPages(desk);
  return [
    get('/approvals', 'signed in', approvals.show),
    post('/approvals/:request/code', 'signed in', approvals.approve),
    post('/approvals/:request/deny', 'signed in', approvals.deny),
  ];
}

export function accessRoutes(flows: AccessFlows): Route[] {
  const { signIn, change, account, notMe } = accessPages(flows);
  return [
    get('/sign-in', 'anyone', signIn.ask),
    { ...post('/sign-in', 'anyone', signIn.start), takesLogin: true },
    get('/sign-in/second-step', 'second step', signIn.askSecond),
    post('/sign-in/second-step', 'second step', signIn.prove),
    post('/sign-out', 'anyone', signIn.end),

    get('/change', 'anyone', change.ask),
    { ...post('/change', 'anyone', change.change), takesLogin: true },
    get('/change/done', 'anyone', change.done),
    get('/change/not-proved', 'anyone', change.notProved),
    get('/change/unknown', 'anyone', change.unknown),

    get('/account', 'signed in', account.show),
    post('/account/sessions/end', 'signed in', account.endOne),
    post('/account/sessions/end-all', 'signed in', account.endAll),

    get('/not-me/received', 'anyone', notMe.received),
    get('/not-me/:token', 'anyone', notMe.look),
    post('/not-me/:token', 'anyone', notMe.report),
  ];
}

export function registrationRoutes(flow: Portals['registration']): Route[] {
  const registration = registrationPages(flow);
  return [
    get('/registration', 'enrolment', registration.overview),
    get('/registration/remind', 'signed in', registration.remind),
    post('/registration/remind', 'signed in', registration.snooze),
    post('/registration/review', 'signed in', registration.review),
    get('/registration/confirm', 'enrolment', registration.askProof),
    post('/registration/confirm', 'enrolment', registration.confirm),
    post('/registration/confirm/code', 'enrolment', registration.sendCode),
    get('/registration/remove', 'signed in', registration.askRemoval),
    post('/registration/remove', 'signed in', registration.remove),
    post('/registration/prefer', 'signed in', registration.prefer),
    get('/registration/:method', 'enrolment', registration.start),
    post('/registration/:method', 'enrolment', registration.begin),
    post('/registration/:method/prove', 'enrolment', registration.prove),
  ];
}

export function blocksRoutes(desk: Portals['blocks']): Route[] {
  const blocks = blocksPages(desk);
  return [get('/admin/blocks', 'staff', blocks.show), post('/admin/blocks', 'staff', blocks.lift)];
}

export function directoryRoutes(desk: Portals['directories']): Route[] {
  const directory = directoryPages(desk);
  return [
    get('/admin/directory', 'administrator', directory.show),
    post('/admin/directory/check', 'administrator', directory.examine),
    post('/admin/directory/sync', 'administrator', directory.read),
    get('/admin/directory/runs/:run', 'administrator', directory.run),
  ];
}

export function adminRoutes(flow: Portals['overview']): Route[] {
  const admin = adminPages(flow);
  return [get('/admin', 'staff', admin.show), post('/admin/sync', 'administrator', admin.sync)];
}
