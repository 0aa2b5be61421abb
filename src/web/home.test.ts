/** The doors on the home page: only those that lead somewhere, and the administration for those who work there. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { defaultPolicy } from '../rules/policy.ts';
import { Browser } from '../testing/browser.ts';
import { type FrontDesk, openFrontDesk, people } from '../testing/front-desk.ts';
import { healthRoutes, homeRoutes } from './home.ts';
import { type Route, seeOther } from './visit.ts';

const lead = (path: string): Route => ({ method: 'GET', path, who: 'anyone', page: () => seeOther('/') });
let hinders: string[] = [];
const routes = [...homeRoutes(), ...healthRoutes({ reasons: () => hinders }), ...['/reset', '/unlock', '/account', '/admin'].map(lead)];
const doorsOf = (here: Browser): string[] =>
  here
    .links()
    .map(({ href }) => href)
    .filter((href) => href.length > 1 && !href.startsWith('#'));

let desk: FrontDesk;
const test = suite('home');
test.before(async () => {
  desk = await openFrontDesk(routes);
});
test.after(() => desk.close());

test('only doors that lead somewhere are shown', async () => {
  assert.equal(doorsOf(await new Browser(desk.url).open('/')), ['/reset', '/unlock', '/account']);
});

test('a door that policy keeps shut is not shown', async () => {
  const strict = await openFrontDesk(routes, { settings: { policy: () => ({ ...defaultPolicy, unlock_without_reset: false }) } });
  try {
    assert.equal(doorsOf(await new Browser(strict.url).open('/')), ['/reset', '/account']);
  } finally {
    await strict.close();
  }
});

test('the administration is a door for those who work there', async () => {
  for (const [account, isShown] of [
    [people.alice, false],
    [people.heidi, true],
    [people.carol, true],
  ] as const) {
    const here = new Browser(desk.url);
    here.cookies.set('__Host-session', desk.signIn(account));
    assert.is(doorsOf(await here.open('/')).includes('/admin'), isShown, account.login);
  }
});

test('alive is said at once, ready only when nothing hinders', async () => {
  const here = new Browser(desk.url);
  assert.is((await here.send('GET', '/healthz')).html, 'alive\n');
  assert.equal([(await here.send('GET', '/readyz')).status, (await here.send('HEAD', '/readyz')).status], [200, 200]);
  hinders = ['directory away'];
  const { status, html } = await here.send('GET', '/readyz');
  assert.is(status, 503);
  assert.is(html, 'directory away\n');
});

test('password managers are led to the change page for now, never for ever', async () => {
  const { status, headers } = await new Browser(desk.url).send('GET', '/.well-known/change-password');
  assert.is(status, 303);
  assert.is(headers.location, '/change');
});

test.run();
