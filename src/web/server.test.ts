/** The server as a whole: headers on everything, one spelling of a path, errors that tell nothing, a log without secrets, public files. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Browser } from '../testing/browser.ts';
import { type FrontDesk, people, publicUrl } from '../testing/front-desk.ts';
import { assertSafeHeaders, form, openForm, openSite, visits } from '../testing/sample-site.ts';

let desk: FrontDesk;
const test = suite('server');
test.before(async () => {
  desk = await openSite({ trustedProxies: ['127.0.0.1'] });
});
test.after(() => desk.close());
test.before.each(() => void visits.splice(0));

test('every kind of response has every header, and no dynamic one may be kept', async () => {
  const { here, csrf } = await openForm(desk);
  const post = (path: string, body: string, headers = {}) =>
    here.send('POST', path, { body, headers: { 'Content-Type': form, ...headers } });
  const answers = {
    200: await here.send('GET', '/'),
    303: await post('/form', `csrf=${csrf}`),
    '303 to sign-in': await here.send('GET', '/own'),
    400: await post('/form', `csrf=${csrf}&a=1&a=2`),
    '403 without csrf': await post('/form', ''),
    '403 foreign': await post('/form', `csrf=${csrf}`, { Origin: 'https://evil.example' }),
    404: await here.send('GET', '/nothing'),
    405: await here.send('DELETE', '/form'),
    413: await post('/form', `csrf=${csrf}&a=${'x'.repeat(70_000)}`),
    415: await post('/form', '{}', { 'Content-Type': 'application/json' }),
    422: await post('/form/refused', `csrf=${csrf}`),
    429: await here.send('GET', '/later'),
    500: await here.send('GET', '/throws'),
    '500 from a template': await here.send('GET', '/throws/in-template'),
    '503 bare': await here.send('GET', '/readyz'),
  };
  for (const [what, { status, headers }] of Object.entries(answers)) {
    assert.is(status, Number.parseInt(what, 10), what);
    assertSafeHeaders(headers, what);
    assert.is(headers['cache-control'], 'no-store', what);
    assert.match(String(headers['content-type']), /; charset=utf-8$/, what);
  }
  assert.is(answers[429].headers['retry-after'], '2');
});

test('paths: one spelling each, and everything else is not there', async () => {
  const here = new Browser(desk.url);
  const paths: [string, number][] = [
    ['/form', 200],
    ['/form?', 200],
    ['/form/', 303],
    ['/Form', 404],
    ['//form', 404],
    ['//evil.example/form', 404],
    ['/form//', 404],
    ['/./form', 404],
    ['/x/../form', 404],
    ['/form;a=1', 404],
    ['/%66orm', 404],
    ['/form%00', 404],
    ['/link/a%2fb', 404],
    ['/link/a%2e%2e', 404],
    ['/link/..', 404],
    ['/link/a\\b', 404],
    ['/link/abc', 200],
    ['/.git/HEAD', 404],
    ['/public/', 404],
    ['/public/app.css', 404],
    ['/public/..%2f..%2fpackage.json', 404],
    ['/views/layout.eta', 404],
    ['/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200', 404],
    ['/.well-known/change-password', 303],
    ['/healthz', 200],
  ];
  for (const [path, status] of paths) assert.is((await here.send('GET', path)).status, status, path);
  assert.is((await here.send('GET', '/form/')).headers.location, '/form');
});

test('methods: what a path does not know is 405 with what it does', async () => {
  const here = new Browser(desk.url);
  const { here: posting, csrf } = await openForm(desk);
  const cases: [string, string, number, string | undefined][] = [
    ['HEAD', '/form', 200, undefined],
    ['POST', '/link/abc', 405, 'HEAD, GET'],
    ['GET', '/sign-out', 405, 'POST'],
    ['PUT', '/form', 405, 'GET, HEAD, POST'],
    ['TRACE', '/form', 405, 'GET, HEAD, POST'],
    ['OPTIONS', '/form', 405, 'GET, HEAD, POST'],
    ['PROPFIND', '/nothing', 405, 'GET, HEAD, POST'],
    ['POST', '/nothing', 404, undefined],
  ];
  for (const [method, path, status, allow] of cases) {
    const answer = await here.send(method, path);
    assert.is(answer.status, status, `${method} ${path}`);
    assert.is(answer.headers.allow, allow, `${method} ${path}`);
  }
  const overridden = { 'Content-Type': form, 'X-HTTP-Method-Override': 'DELETE' };
  assert.is((await posting.send('POST', '/form', { body: `csrf=${csrf}&_method=DELETE`, headers: overridden })).status, 303);
});

test('an unexpected error is a calm page with its support code; its text is in the log alone', async () => {
  for (const path of ['/throws', '/throws/in-template']) {
    desk.lines.splice(0);
    const here = await new Browser(desk.url).open(path);
    assert.is(here.status, 500);
    assert.is(here.heading(), 'Something went wrong on our side');
    assert.not.match(here.html, /canary|Error|\.ts|node_modules/);
    assert.not.match(here.headers['set-cookie']?.join() ?? '', /canary/);
    assert.match(here.supportCode(), /^[B-Z]{4}-[B-Z]{4}$/);
    const told = desk.lines.filter((line) => line.startsWith('error'));
    assert.is(told.length, 1);
    assert.match(told[0] ?? '', here.supportCode());
    assert.match(told[0] ?? '', /canary/);
  }
});

test('when even the page cannot be made, words and the support code remain', async () => {
  const settings = {
    policy: () => {
      throw new Error('canary: the store is gone');
    },
  };
  const broken = await openSite({ settings });
  try {
    const { status, html, headers } = await new Browser(broken.url).send('GET', '/form');
    assert.is(status, 500);
    assertSafeHeaders(headers, 'last resort');
    assert.match(html, /Support code: [B-Z]{4}-[B-Z]{4}/);
    assert.not.match(html, /canary/);
  } finally {
    await broken.close();
  }
});

test('the log names the route, never the path, the query, the fields, the cookies or the Referer', async () => {
  const { here, csrf } = await openForm(desk, {
    headers: { Referer: `${publicUrl}/link/canary-referer`, 'User-Agent': 'canary-agent' },
  });
  desk.lines.splice(0);
  here.cookies.set('__Host-session', 'canary-session');
  await here.send('GET', '/link/canary-token?x=canary-query');
  await here.send('GET', '/canary-unknown');
  await here.send('POST', '/form/refused', { body: `csrf=${csrf}&login=canary-login`, headers: { 'Content-Type': form } });
  const log = desk.lines.join('\n');
  assert.not.match(log, /canary/);
  assert.match(log, '"route":"/link/:token"');
  assert.match(log, '"route":"/form/refused","status":422');
  assert.is(desk.lines.length, 3);
});

test('the address comes through trusted proxies alone, and the Host header changes nothing', async () => {
  await new Browser(desk.url, { headers: { 'X-Forwarded-For': '198.51.100.7, 203.0.113.9' } }).open('/form');
  assert.is(visits.at(-1)?.address, '203.0.113.9');
  const untrusting = await openSite();
  try {
    await new Browser(untrusting.url, {
      headers: { 'X-Forwarded-For': '203.0.113.9', 'X-Real-IP': '203.0.113.9', Forwarded: 'for=203.0.113.9' },
    }).open('/form');
    assert.is(visits.at(-1)?.address, '127.0.0.1');
  } finally {
    await untrusting.close();
  }
  const forged = { Host: 'evil.example', 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'http' };
  const here = new Browser(desk.url, { headers: forged });
  await here.open('/form');
  assert.not.match(here.html + JSON.stringify(here.headers), /evil/);
  const moved = await here.send('GET', '/form/');
  assert.is(moved.headers.location, '/form');
});

test('a page function gets plain values: parameters, cookies, language, device, person', async () => {
  const headers = {
    'Accept-Language': 'xx, en;q=0.5',
    'User-Agent': 'Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0',
  };
  const here = new Browser(desk.url, { headers });
  here.cookies.set('__Host-session', desk.signIn(people.alice));
  here.cookies.set('__Host-attempt', 'attempt-token');
  await here.open('/link/abc-123?a=b');
  const visit = visits.at(-1);
  assert.equal(visit?.params, { token: 'abc-123' });
  assert.equal(visit?.query, { a: 'b' });
  assert.is(visit?.attemptToken, 'attempt-token');
  assert.is(visit?.account?.login, 'alice');
  assert.is(visit?.language, 'en');
  assert.is(visit?.device, 'Firefox on Android');
  assert.match(here.html, visit?.supportCode ?? 'none');
});

test('the foot shows the attempt’s own support code where there is one', async () => {
  assert.is((await new Browser(desk.url).open('/named')).supportCode(), 'TTTT-RRRR');
});

test('public files: by their exact address, for ever, of the right type, packed if that is asked', async () => {
  const here = await new Browser(desk.url).open('/form');
  const addresses = [...here.html.matchAll(/(?:href|src)="(\/public\/[^"]+)"/g)].map(([, address = '']) => address);
  assert.is(addresses.length, 3);
  let weight = here.html.length;
  for (const address of addresses) {
    const plain = await here.send('GET', address);
    assert.is(plain.status, 200, address);
    assertSafeHeaders(plain.headers, address);
    assert.is(plain.headers['cache-control'], 'public, max-age=31536000, immutable');
    assert.match(String(plain.headers['content-type']), /^(text\/css|text\/javascript|image\/svg\+xml); charset=utf-8$/);
    weight += plain.html.length;
    const packed = await here.send('GET', address, { headers: { 'Accept-Encoding': 'gzip, br' } });
    assert.is(packed.headers['content-encoding'], 'gzip');
    assert.is((await here.send('GET', address.replace(/\.[0-9a-f]{12}\./, '.000000000000.'))).status, 404);
    assert.is((await here.send('POST', address)).status, 404);
  }
  assert.ok(weight < 60_000, `a page weighs ${weight} bytes`);
  assert.is(
    (await here.send('GET', '/form', { headers: { 'Accept-Encoding': 'gzip' } })).headers['content-encoding'],
    undefined,
    'pages with secrets are never packed',
  );
});

test.run();
