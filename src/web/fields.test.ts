/** What a form may send: each name once, plain, UTF-8, of the right type and not too long; and the query as strictly. */

import { connect } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { FrontDesk } from '../testing/front-desk.ts';
import { form, openForm, openSite, visits } from '../testing/sample-site.ts';

let desk: FrontDesk;
const test = suite('fields');
test.before(async () => {
  desk = await openSite();
});
test.after(() => desk.close());
test.before.each(() => void visits.splice(0));

test('fields: once each, plain names, UTF-8; the right type, and not too long', async () => {
  const { here, csrf } = await openForm(desk);
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
    [`login=a${'%CC%81'.repeat(31)}`, 400],
    [`login=a${'%CC%81'.repeat(30)}`, 303],
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
  const { here, csrf } = await openForm(desk);
  await here.send('POST', '/form?login=from-query', { body: `csrf=${csrf}&login=from-body`, headers: { 'Content-Type': form } });
  const visit = visits.at(-1);
  assert.is(visit?.form.login, 'from-body');
  assert.is(visit?.query.login, 'from-query');
  assert.is((await here.send('POST', `/form?csrf=${csrf}`, { body: '', headers: { 'Content-Type': form } })).status, 403);
  for (const query of ['a=1&a=2', 'a[]=1', '__proto__=1', 'a=%ff'])
    assert.is((await here.send('GET', `/form?${query}`)).status, 400, query);
});

test('an invalid byte in the body is refused, and a lying length too', async () => {
  const { here, csrf } = await openForm(desk);
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

test.run();
