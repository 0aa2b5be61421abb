/** Every door of the house: the portals' own lists, one after the other. What no list names does not exist, and opens for nobody. */

import { accessPages } from './access/pages.ts';
import { adminPages } from './admin/pages.ts';
import type { Portals } from './portals.ts';
import { registrationPages } from './registration/pages.ts';
import { resetPages } from './reset/pages.ts';
import { healthRoutes, homeRoutes } from './web/home.ts';
import type { Page, Route, Who } from './web/visit.ts';

const get = (path: string, who: Who, page: Page): Route => ({ method: 'GET', path, who, page });
const post = (path: string, who: Who, page: Page): Route => ({ method: 'POST', path, who, page });

export function routesOf(portals: Portals): Route[] {
  const reset = resetPages(portals.reset);
  return [
    ...homeRoutes(),
    ...healthRoutes(portals),

    get('/reset', 'anyone', reset.home),
    get('/unlock', 'anyone', reset.unlockHome),
    post('/reset/identify', 'anyone', reset.identify),
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

    ...accessPages(portals.access),
    ...registrationPages(portals.registration),
    ...adminPages(portals.overview),
  ];
}
