/** Every cookie that is set, compared with the table at the top of cookies.ts. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Browser } from '../testing/browser.ts';
import type { FrontDesk } from '../testing/front-desk.ts';
import { csrfOf, form, openForm, openSite, visits } from '../testing/sample-site.ts';

let desk: FrontDesk;
const test = suite('cookies');
test.before(async () => {
  desk = await openSite();
});
test.after(() => desk.close());
test.before.each(() => void visits.splice(0));

test('cookies are as the table says, and a second page sets none', async () => {
  const { here, csrf } = await openForm(desk);
  const first = await new Browser(desk.url).send('GET', '/form');
  const [visitor = '', ...others] = first.headers['set-cookie'] ?? [];
  assert.match(visitor, /^__Host-visitor=[\w.-]+; Path=\/; HttpOnly; SameSite=Lax; Secure$/);
  assert.is(others.length, 0);
  assert.is((await here.send('GET', '/form')).headers['set-cookie'], undefined);
  const signedIn = await here.send('POST', '/sign-in', { body: `csrf=${csrf}`, headers: { 'Content-Type': form } });
  assert.equal(signedIn.headers['set-cookie'], [
    '__Host-session=new-session; Path=/; HttpOnly; SameSite=Lax; Secure',
    '__Host-attempt=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0',
  ]);
  assert.is((await new Browser(desk.url).send('GET', '/healthz')).headers['set-cookie'], undefined);
});

test('over plain http the cookies lack what needs https, and there is no HSTS', async () => {
  const plain = await openSite({ publicUrl: 'http://localhost:8080' });
  try {
    const { headers } = await new Browser(plain.url).send('GET', '/form');
    assert.match(headers['set-cookie']?.[0] ?? '', /^visitor=[\w.-]+; Path=\/; HttpOnly; SameSite=Lax$/);
    assert.is(headers['strict-transport-security'], undefined);
    for (const [origin, status] of [
      ['http://127.0.0.1:8080', 303],
      ['http://localhost:8080', 303],
      ['http://localhost:8081', 403],
      ['https://localhost:8080', 403],
    ] as const) {
      const here = await new Browser(plain.url, { origin }).open('/form');
      assert.is(
        (await here.send('POST', '/form', { body: `csrf=${csrfOf(here)}`, headers: { 'Content-Type': form } })).status,
        status,
        origin,
      );
    }
  } finally {
    await plain.close();
  }
});

test.run();
