/** The server as a whole, over real sockets: headers everywhere, who may enter, csrf, sessions, broken and hostile requests, and a stop in time. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Refusal } from '../rules/refusal.ts';
import { hour, minute } from '../rules/time.ts';
import { Browser } from '../testing/browser.ts';
import { type FrontDesk, openFrontDesk, people, publicUrl } from '../testing/front-desk.ts';
import { healthRoutes, homeRoutes } from './home.ts';
import { file, page, type Route, refused, seeOther, type Visit, type Who } from './visit.ts';

const form = 'application/x-www-form-urlencoded';
/** What the page functions were given, newest last. */
const visits: Visit[] = [];
let hold: Promise<void> = Promise.resolve();

const seen = (route: Omit<Route, 'page'>, reply: Route['page'] = () => page('sample')): Route => ({
  ...route,
  page: (visit) => {
    visits.push(visit);
    return reply(visit);
  },
});
const anyone = { who: 'anyone' } as const;
const views = {
  sample: `<% layout('/layout.eta') %>
<form method="post" action="/form"><%~ it.csrf %>
<%~ it.part('field', { name: 'login', label: 'Login' }) %><%~ it.part('password', { name: 'password', label: 'Password' }) %><%~ it.part('code', { label: 'Code' }) %>
<button class="primary">Send</button></form>`,
  throwing: `<% layout('/layout.eta') %><% throw new Error('canary in a template') %>`,
};
const room = (path: string, who: Who): Route => seen({ method: 'GET', path, who });

const routes: readonly Route[] = [
  ...homeRoutes(),
  ...healthRoutes({ reasons: () => ['directory away'] }),
  seen({ method: 'GET', path: '/form', ...anyone }, () => page('sample', { typed: { kept: 'by the page' } })),
  seen({ method: 'POST', path: '/form', ...anyone }, () => seeOther('/form')),
  seen({ method: 'POST', path: '/form/refused', ...anyone }, ({ form: { login } }) =>
    refused('sample', [new Refusal('login.required')], { typed: { login: login ?? '' } }),
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
    await hold;
    return file('text/plain; charset=utf-8', 'at last');
  }),
  seen({ method: 'GET', path: '/later', ...anyone }, () => page('sample', {}, { status: 429, retryAfter: 1.2 })),
  seen({ method: 'GET', path: '/named', ...anyone }, () => page('sample', { supportCode: 'TTTT-RRRR' })),
];

let desk: FrontDesk;
const test = suite('server');
test.before(async () => {
  desk = await openFrontDesk(routes, { views, trustedProxies: ['127.0.0.1'] });
});
test.after(() => desk.close());
test.before.each(() => void visits.splice(0));

const browser = (options = {}) => new Browser(desk.url, options);
async function openForm(path = '/form', options = {}): Promise<{ here: Browser; csrf: string }> {
  const here = await browser(options).open(path);
  return { here, csrf: csrfOf(here) };
}
function csrfOf(here: Browser): string {
  const csrf = here.forms()[0]?.fields.csrf;
  if (csrf === undefined) throw new Error(`no csrf field on ${here.path} (${here.status})`);
  return csrf;
}

/** Bytes to the socket and all that comes back until it ends. */
async function raw(bytes: string): Promise<string> {
  const socket = connect(desk.port, '127.0.0.1');
  socket.setTimeout(5_000, () => socket.destroy());
  socket.write(bytes);
  let answer = '';
  for await (const piece of socket) answer += piece;
  return answer;
}

function assertSafeHeaders(headers: Record<string, unknown>, what: string): void {
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

test('every kind of response has every header, and no dynamic one may be kept', async () => {
  const { here, csrf } = await openForm();
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

test('requests too broken to have a path get the headers too', async () => {
  const broken = {
    'two lengths': 'POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'no Host': 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n',
    'not HTTP': 'hello\r\n\r\n',
    'too long a head': `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`,
    'another host in the request line': 'GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
  };
  const expected: Record<string, RegExp> = { 'too long a head': / 431 /, 'another host in the request line': / 404 / };
  for (const [what, bytes] of Object.entries(broken)) {
    const [status = '', ...lines] = (await raw(bytes)).split('\r\n\r\n')[0]?.split('\r\n') ?? [];
    assert.match(status, expected[what] ?? / 400 /, what);
    assertSafeHeaders(
      Object.fromEntries(lines.map((line) => [line.split(': ')[0]?.toLowerCase(), line.slice(line.indexOf(': ') + 2)])),
      what,
    );
  }
});

test('cookies are as the table says, and a second page sets none', async () => {
  const { here, csrf } = await openForm();
  const first = await browser().send('GET', '/form');
  const [visitor = '', ...others] = first.headers['set-cookie'] ?? [];
  assert.match(visitor, /^__Host-visitor=[\w.-]+; Path=\/; HttpOnly; SameSite=Lax; Secure$/);
  assert.is(others.length, 0);
  assert.is((await here.send('GET', '/form')).headers['set-cookie'], undefined);
  const signedIn = await here.send('POST', '/sign-in', { body: `csrf=${csrf}`, headers: { 'Content-Type': form } });
  assert.equal(signedIn.headers['set-cookie'], [
    '__Host-session=new-session; Path=/; HttpOnly; SameSite=Lax; Secure',
    '__Host-attempt=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0',
  ]);
  assert.is((await browser().send('GET', '/healthz')).headers['set-cookie'], undefined);
});

test('over plain http the cookies lack what needs https, and there is no HSTS', async () => {
  const plain = await openFrontDesk(routes, { views, publicUrl: 'http://localhost:8080' });
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

test('csrf: only our own fresh token for this visitor and session lets a form through', async () => {
  const { here, csrf } = await openForm();
  const stranger = await openForm();
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
  const { here, csrf } = await openForm();
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
  const { here } = await openForm();
  const late = csrfOf(here);
  desk.forward(2 * hour + minute);
  visits.splice(0);
  await here.post('/form/refused', { csrf: late, login: 'alice', password: 'canary-typed', answer: '12345678' });
  assert.is(here.status, 422);
  assert.match(here.text(), /open for too long/);
  assert.not.match(here.html, /canary-typed|12345678/);
  assert.equal(
    visits.map(({ form: fields }) => fields),
    [{}],
    'only the page itself was made, and not with what was posted',
  );
  await here.post('/form', { csrf: csrfOf(here), login: 'alice' });
  assert.is(here.status, 200);
});

test('a page from before signing in or out, or from before the cookie was lost, is stale and not forged', async () => {
  const { here, csrf } = await openForm();
  here.cookies.set('__Host-session', desk.signIn(people.alice));
  await here.post('/form', { csrf });
  assert.is(here.status, 422);
  const signedIn = csrfOf(here);
  here.cookies.delete('__Host-session');
  await here.post('/form', { csrf: signedIn });
  assert.is(here.status, 422);

  const restored = await openForm('/form', { origin: publicUrl });
  restored.here.cookies.clear();
  await restored.here.post('/form', { csrf: restored.csrf });
  assert.is(restored.here.status, 422, 'the browser says that it is our own page');
  const plain = await openForm();
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
    const here = browser();
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
  const here = browser();
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
  const here = browser();
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
  const { here, csrf } = await openForm('/form');
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
  const { status, headers } = await browser().send('GET', '/elsewhere');
  assert.is(status, 500);
  assert.is(headers.location, undefined);
});

test('fields: once each, plain names, UTF-8; the right type, and not too long', async () => {
  const { here, csrf } = await openForm();
  const post = (body: string, type: string | null = form, more = {}) =>
    here.send('POST', '/form', { body, headers: { ...(type === null ? {} : { 'Content-Type': type }), ...more } });
  const bodies: [string, number][] = [
    ['login=a&login=b', 400],
    ['login%5B%5D=a', 400],
    ['login[]=a', 400],
    ['login[role]=administrator', 400],
    ['__proto__=x', 400],
    ['%5F_proto__=x', 400],
    ['constructor=x', 400],
    ['login=%ff', 400],
    ['login=%c0%ae', 400],
    ['login=%ed%a0%80', 400],
    ['login=%zz', 400],
    ['login=100%', 400],
    [`${'a=&'.repeat(1)}${Array.from({ length: 300 }, (_, nth) => `f${nth}=1`).join('&')}`, 400],
    ['login=a+b%20c%C3%BC', 303],
    [`login=${'x'.repeat(60_000)}`, 303],
    [`login=${'x'.repeat(66_000)}`, 413],
  ];
  for (const [body, status] of bodies) assert.is((await post(`csrf=${csrf}&${body}`)).status, status, body.slice(0, 40));
  assert.ok(visits.some(({ form: fields }) => fields.login === 'a b cü'));
  assert.is((await post(`csrf=${csrf}&csrf=${csrf}`)).status, 400);
  const types: [string | null, number][] = [
    [`${form}; charset=UTF-8`, 303],
    [form.toUpperCase(), 303],
    [`${form}; charset=utf-7`, 415],
    [`${form}; charset=iso-8859-1`, 415],
    ['application/json', 415],
    ['text/plain', 415],
    ['multipart/form-data; boundary=x', 415],
    [null, 415],
  ];
  for (const [type, status] of types) assert.is((await post(`csrf=${csrf}`, type)).status, status, String(type));
  assert.is((await post(`csrf=${csrf}`, form, { 'Content-Encoding': 'gzip' })).status, 415);
  assert.is((await here.send('POST', '/form')).status, 403, 'an empty form has no csrf field');
});

test('the query and the body are apart, and the query is as strict', async () => {
  const { here, csrf } = await openForm();
  await here.send('POST', '/form?login=from-query', { body: `csrf=${csrf}&login=from-body`, headers: { 'Content-Type': form } });
  const visit = visits.at(-1);
  assert.is(visit?.form.login, 'from-body');
  assert.is(visit?.query.login, 'from-query');
  assert.is((await here.send('POST', `/form?csrf=${csrf}`, { body: '', headers: { 'Content-Type': form } })).status, 403);
  for (const query of ['a=1&a=2', 'a[]=1', '__proto__=1', 'a=%ff'])
    assert.is((await here.send('GET', `/form?${query}`)).status, 400, query);
});

test('an invalid byte in the body is refused, and a lying length too', async () => {
  const { here, csrf } = await openForm();
  const cookie = `__Host-visitor=${here.cookies.get('__Host-visitor')}`;
  const head = `POST /form HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: ${cookie}\r\nContent-Type: ${form}\r\n`;
  const socket = connect(desk.port, '127.0.0.1');
  const body = Buffer.concat([Buffer.from(`csrf=${csrf}&login=`), Buffer.from([0xff, 0xfe])]);
  socket.write(`${head}Content-Length: ${body.length}\r\n\r\n`);
  socket.write(body);
  let answer = '';
  for await (const piece of socket) answer += piece;
  assert.match(answer, /^HTTP\/1\.1 400 /);
});

test('paths: one spelling each, and everything else is not there', async () => {
  const here = browser();
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
  const here = browser();
  const { here: posting, csrf } = await openForm();
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
    const here = await browser().open(path);
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
  const broken = await openFrontDesk(routes, { views, settings });
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
  const { here, csrf } = await openForm('/form', {
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
  await browser({ headers: { 'X-Forwarded-For': '198.51.100.7, 203.0.113.9' } }).open('/form');
  assert.is(visits.at(-1)?.address, '203.0.113.9');
  const untrusting = await openFrontDesk(routes, { views });
  try {
    await new Browser(untrusting.url, {
      headers: { 'X-Forwarded-For': '203.0.113.9', 'X-Real-IP': '203.0.113.9', Forwarded: 'for=203.0.113.9' },
    }).open('/form');
    assert.is(visits.at(-1)?.address, '127.0.0.1');
  } finally {
    await untrusting.close();
  }
  const forged = { Host: 'evil.example', 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'http' };
  const here = browser({ headers: forged });
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
  const here = browser({ headers });
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
  assert.is((await browser().open('/named')).supportCode(), 'TTTT-RRRR');
});

test('every signed-in page offers to sign out, which tells the browser to forget this host alone', async () => {
  const here = browser();
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
  const here = browser();
  await here.send('HEAD', '/own');
  await here.send('GET', '/admin/act');
  assert.is(visits.length, 0);
});

test('public files: by their exact address, for ever, of the right type, packed if that is asked', async () => {
  const here = await browser().open('/form');
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

test('a stop waits for what is under way, ends idle connections, takes no new ones, and is over in two seconds', async () => {
  const stopping = await openFrontDesk(routes, { views });
  const idle = connect(stopping.port, '127.0.0.1');
  await once(idle, 'connect');
  const kept = connect(stopping.port, '127.0.0.1');
  kept.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(kept, 'data');
  let finish = () => {};
  hold = new Promise((resolve) => {
    finish = resolve;
  });
  const running = new Browser(stopping.url).send('GET', '/slow');
  await eventually(() => visits.length > 0);
  const startedAt = Date.now();
  const closing = stopping.close();
  setTimeout(finish, 200);
  const { status, html } = await running;
  assert.is(status, 200);
  assert.is(html, 'at last');
  await closing;
  assert.ok(Date.now() - startedAt < 1_900, `took ${Date.now() - startedAt} ms`);
  await new Promise<void>((resolve) => connect(stopping.port, '127.0.0.1').once('error', () => resolve()));
  for (const socket of [idle, kept] as Socket[]) socket.destroy();
});

test('a stop does not wait for ever', async () => {
  const stopping = await openFrontDesk(routes, { views });
  hold = new Promise(() => {});
  const running = new Browser(stopping.url).send('GET', '/slow').catch((problem: Error) => problem);
  await eventually(() => visits.length > 0);
  const startedAt = Date.now();
  await stopping.close();
  assert.ok(Date.now() - startedAt < 2_000);
  assert.instance(await running, Error);
  hold = Promise.resolve();
});

async function eventually(isSo: () => boolean): Promise<void> {
  for (let nth = 0; nth < 200 && !isSo(); nth++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(isSo());
}

test.run();
