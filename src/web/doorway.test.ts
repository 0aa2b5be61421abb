/** Who comes through a door, and with what: csrf, origin, stale forms, roles, sessions, and where they may be sent. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hour, minute } from '../rules/time.ts';
import { Browser } from '../testing/browser.ts';
import { type FrontDesk, people, publicUrl } from '../testing/front-desk.ts';
import { csrfOf, form, openForm, openSite, visits } from '../testing/sample-site.ts';

let desk: FrontDesk;
const test = suite('doorway');
test.before(async () => {
  desk = await openSite();
});
test.after(() => desk.close());
test.before.each(() => void visits.splice(0));

test('csrf: only our own fresh token for this visitor and session lets a form through', async () => {
  const { here, csrf } = await openForm(desk);
  const stranger = await openForm(desk);
  const [issued = '', ...parts] = csrf.split('.');
  const tries: Record<string, [string, number]> = {
    'the right one': [csrf, 303],
    missing: ['', 403],
    'a bit flipped': [`${csrf.slice(0, -1)}${csrf.endsWith('A') ? 'B' : 'A'}`, 403],
    'made younger': [[(Number.parseInt(issued, 36) + 1).toString(36), ...parts].join('.'), 403],
    'without its signature': [csrf.slice(0, csrf.lastIndexOf('.')), 403],
    "another visitor's": [stranger.csrf, 403],
    'a visitor cookie for a token': [here.cookies.get('__Host-visitor') ?? '', 403],
  };
  for (const [what, [token, status]] of Object.entries(tries)) {
    const answer = await here.send('POST', '/form', { body: token === '' ? '' : `csrf=${token}`, headers: { 'Content-Type': form } });
    assert.is(answer.status, status, what);
  }
  assert.is(visits.filter(({ form: fields }) => 'csrf' in fields).length, 0, 'page functions never see it');
});

test('csrf: the browser’s own word about the origin comes first', async () => {
  const { here, csrf } = await openForm(desk);
  const own = { Origin: publicUrl, 'Sec-Fetch-Site': 'same-origin', Referer: `${publicUrl}/form?x=1` };
  const cases: [Record<string, string>, number][] = [
    [{}, 303],
    [own, 303],
    [{ Origin: publicUrl }, 303],
    [{ Referer: own.Referer }, 303],
    [{ 'Sec-Fetch-Site': 'none' }, 303],
    [{ Origin: 'null' }, 403],
    [{ Origin: 'https://desk.example.evil.example' }, 403],
    [{ Origin: 'http://desk.example' }, 403],
    [{ Origin: 'https://desk.example:8443' }, 403],
    [{ ...own, 'Sec-Fetch-Site': 'cross-site' }, 403],
    [{ ...own, 'Sec-Fetch-Site': 'same-site' }, 403],
    [{ Referer: 'https://evil.example/https://desk.example/' }, 403],
    [{ Referer: 'nonsense' }, 403],
  ];
  for (const [headers, status] of cases) {
    const answer = await here.send('POST', '/form', { body: `csrf=${csrf}`, headers: { 'Content-Type': form, ...headers } });
    assert.is(answer.status, status, JSON.stringify(headers));
  }
});

test('a stale form comes back with what was typed, nothing done, and goes through the second time', async () => {
  const { here } = await openForm(desk);
  const late = csrfOf(here);
  desk.forward(2 * hour + minute);
  visits.splice(0);
  await here.post('/form/refused', {
    csrf: late,
    login: 'alice',
    password: 'canary-typed',
    answer: '12345678',
    secret_word: 'canary-word',
  });
  assert.is(here.status, 422);
  assert.match(here.text(), /open for too long/);
  assert.not.match(here.html, /canary|12345678/);
  assert.equal(
    visits.map(({ form: fields }) => fields),
    [{}],
    'only the page itself was made, and not with what was posted',
  );
  await here.post('/form', { csrf: csrfOf(here), login: 'alice' });
  assert.is(here.status, 200);
});

test('of several pages with the same form, it is the one where the browser says it stood', async () => {
  for (const [referer, supportCode] of [
    ['/named', /TTTT-RRRR/],
    ['/link/abc', /./],
    ['/nowhere', /./],
  ] as const) {
    const { here, csrf } = await openForm(desk, { headers: { Referer: `${publicUrl}${referer}` } });
    desk.forward(2 * hour + minute);
    await here.post('/form/refused', { csrf, login: 'alice' });
    assert.is(here.status, 422);
    assert.match(here.supportCode(), supportCode);
    assert.is(here.form({ login: '' }).fields.login, 'alice');
  }
});

test('a page from before signing in or out, or from before the cookie was lost, is stale and not forged', async () => {
  const { here, csrf } = await openForm(desk);
  here.cookies.set('__Host-session', desk.signIn(people.alice));
  await here.post('/form', { csrf });
  assert.is(here.status, 422);
  const signedIn = csrfOf(here);
  here.cookies.delete('__Host-session');
  await here.post('/form', { csrf: signedIn });
  assert.is(here.status, 422);

  const restored = await openForm(desk, { origin: publicUrl });
  restored.here.cookies.clear();
  await restored.here.post('/form', { csrf: restored.csrf });
  assert.is(restored.here.status, 422, 'the browser says that it is our own page');
  const plain = await openForm(desk);
  plain.here.cookies.clear();
  await plain.here.post('/form', { csrf: plain.csrf });
  assert.is(plain.here.status, 403, 'nobody says so');
});

test('who may enter: every standing and role at every door', async () => {
  const doors = ['/form', '/own', '/second', '/enrol', '/admin', '/admin/people'];
  const signIn = (path: string) => `303 /sign-in?next=${encodeURIComponent(path)}`;
  const away = doors.slice(1).map(signIn);
  const expected: [string, string | null, string[]][] = [
    ['nobody', null, ['200', ...away]],
    ['a made-up cookie', 'x'.repeat(43), ['200', ...away]],
    ['alice', desk.signIn(people.alice), ['200', '200', '303 /own', '200', '403', '403']],
    ['alice half in', desk.signIn(people.alice, 'second step'), ['200', '303 /second', '200', '303 /second', '303 /second', '303 /second']],
    ['carol enrolling', desk.signIn(people.carol, 'enrolment'), ['200', '303 /enrol', '303 /enrol', '200', '303 /enrol', '303 /enrol']],
    ['carol', desk.signIn(people.carol), ['200', '200', '303 /own', '200', '200', '200']],
    ['heidi', desk.signIn(people.heidi), ['200', '200', '303 /own', '200', '403', '200']],
    ['oscar', desk.signIn(people.oscar), ['200', '200', '303 /own', '200', '403', '200']],
  ];
  for (const [name, session, outcomes] of expected) {
    const here = new Browser(desk.url);
    if (session !== null) here.cookies.set('__Host-session', session);
    for (const [nth, path] of doors.entries()) {
      visits.splice(0);
      const { status, headers } = await here.send('GET', path);
      assert.is([status, headers.location].filter(Boolean).join(' '), outcomes[nth], `${name} at ${path}`);
      assert.is(visits.length, status === 200 ? 1 : 0, `${name} at ${path}: the page function runs only for the welcome`);
    }
  }
});

test('a form of another role is refused, and a signed-out one leads back to its page', async () => {
  const here = new Browser(desk.url);
  here.cookies.set('__Host-session', desk.signIn(people.alice));
  await here.open('/own');
  const csrf = csrfOf(here);
  const post = () => here.send('POST', '/admin/act', { body: `csrf=${csrf}`, headers: { 'Content-Type': form } });
  assert.is((await post()).status, 403);
  desk.forward(16 * minute);
  const { status, headers } = await post();
  assert.is(status, 303);
  assert.is(headers.location, '/sign-in?next=%2Fadmin');
  assert.is(visits.filter(({ account }) => account === null).length, 0, 'no page function saw a form of nobody');
});

test('a session ends when it is idle, at its age, and with its account', async () => {
  const here = new Browser(desk.url);
  here.cookies.set('__Host-session', desk.signIn(people.oscar));
  assert.is((await here.send('GET', '/own')).status, 200);
  desk.forward(15 * minute);
  assert.is((await here.send('GET', '/own')).status, 303);
  here.cookies.set('__Host-session', desk.signIn(people.oscar));
  desk.disable(people.oscar);
  assert.is((await here.send('GET', '/own')).status, 303);
});

test('next is a page of this site or nothing', async () => {
  const good = ['/own', '/admin', '/link/abc'];
  const bad = [
    '//evil.example',
    '/\\evil.example',
    'https:evil.example',
    'https://evil.example/own',
    '/nowhere',
    '/own?x',
    '/../own',
    'own',
    '/healthz/..',
    '%2fown',
    '/own%0d%0aX:1',
  ];
  const { here, csrf } = await openForm(desk);
  for (const next of [...good, ...bad]) {
    visits.splice(0);
    await here.send('GET', `/sign-in?next=${encodeURIComponent(next)}`);
    await here.send('POST', '/form', { body: String(new URLSearchParams({ csrf, next })), headers: { 'Content-Type': form } });
    const wanted = good.includes(next) ? next : null;
    assert.equal(
      visits.map(({ query, form: fields }) => query.next ?? fields.next ?? null),
      [wanted, wanted],
      next,
    );
  }
});

test('a page function cannot send anyone to another site', async () => {
  const { status, headers } = await new Browser(desk.url).send('GET', '/elsewhere');
  assert.is(status, 500);
  assert.is(headers.location, undefined);
});

test('every signed-in page offers to sign out, which tells the browser to forget this host alone', async () => {
  const here = new Browser(desk.url);
  here.cookies.set('__Host-session', desk.signIn(people.heidi, 'second step'));
  for (const path of ['/form', '/second', '/nothing']) {
    await here.open(path);
    assert.ok(
      here.forms().some(({ action }) => action === '/sign-out'),
      path,
    );
  }
  const out = await here.send('POST', '/sign-out', { body: `csrf=${csrfOf(here)}`, headers: { 'Content-Type': form } });
  assert.is(out.headers['clear-site-data'], '"cache", "storage"');
  assert.match(out.headers['set-cookie']?.join() ?? '', /__Host-session=;.*Max-Age=0/);
});

test('looking changes nothing: a GET, HEAD or a page that is not there needs no token and does no work', async () => {
  const here = new Browser(desk.url);
  await here.send('HEAD', '/own');
  await here.send('GET', '/admin/act');
  assert.is(visits.length, 0);
});

test.run();
