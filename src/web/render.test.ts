/** Pages as markup: what a model holds stays words, refusals stand where they belong, and every template compiles and is worded. */

import { readdirSync, readFileSync } from 'node:fs';
import type { ParameterizedContext } from 'koa';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Refusal } from '../rules/refusal.ts';
import { day, hour, minute } from '../rules/time.ts';
import { formsIn, linksIn, textOf, wordsIn } from '../testing/markup.ts';
import { people, viewsWith } from '../testing/front-desk.ts';
import { createTexts } from '../text/texts.ts';
import { createViews, type Frame } from './render.ts';

const viewsDir = new URL('../../views', import.meta.url).pathname;
const texts = createTexts({
  en: {
    'sample.title': 'Hello {name}',
    'refusal.login.required': 'Type it.',
    'refusal.form.required': 'Both.',
    'refusal.desk.busy': 'Busy.',
    'frame.step-of': '{at}/{of}',
  },
  ar: {},
});
const at = 1_800_000_000_000;

/** Renders the body of a template inside the real layout and parts, as koa-views would. */
async function shown(body: string, more: Partial<Frame> = {}): Promise<string> {
  const folder = viewsWith({ sample: `<% layout('/layout.eta') %>${body}` });
  const views = createViews({ viewsDir: folder, texts, asset: (name) => `/public/${name}`, hasPage: () => true });
  const frame: Frame = {
    view: 'sample',
    model: {},
    path: '/sample',
    language: 'en',
    office: 'Office',
    account: null,
    isSignedIn: false,
    supportCode: 'BBBB-CCCC',
    csrf: 'token',
    at,
    puzzle: () => null,
    ...more,
  };
  const { template, model } = views.page(frame);
  const context = { state: {}, response: {}, body: '' } as unknown as ParameterizedContext;
  await views.middleware(context, async () => {});
  await context.render(template, model);
  return context.body as string;
}

const hostile = `"><svg onload=x>'</script><!--{{7*7}}<%= 1 %>&amp;`;

test('whatever a model, a name or a typed value holds is words', async () => {
  const html = await shown(
    `<p><%= it.name %></p>
     <%~ it.part('field', { name: 'login', label: it.name, hint: it.name, value: it.name }) %>
     <%~ it.part('field', { name: 'typed', label: 'x', rows: 3 }) %>
     <%~ it.part('password', { name: it.name, label: it.name, autocomplete: it.name, login: it.name, person: it.name, rules: [{ key: it.name, params: { least: it.name }, isLive: true }] }) %>
     <%~ it.part('code', { label: it.name, hint: it.name, length: it.name }) %>
     <%~ it.part('choices', { name: 'method', legend: it.name, choices: [{ value: it.name, label: it.name, hint: it.name, icon: it.name }] }) %>
     <%~ it.part('panel', { title: it.name, lines: [it.name], tone: it.name }) %>
     <%~ it.part('username', { login: it.name }) %>
     <%~ it.part('ways', { more: [{ words: it.name, href: it.name }, { words: it.name, action: it.name, fields: { a: it.name } }], cancel: it.name, help: it.name }) %>`,
    {
      model: {
        name: hostile,
        lead: hostile,
        tone: hostile,
        supportCode: hostile,
        titleParams: { name: hostile },
        typed: { typed: hostile },
      },
      office: hostile,
      account: { ...people.alice, name: hostile },
      isSignedIn: true,
    },
  );
  assert.not.match(html, /<svg onload/);
  assert.not.match(html, '</script><!--');
  assert.is(html.match(/<script\b/g)?.length, 1);
  assert.ok(textOf(html).includes(`Hello ${hostile}`));
  assert.is(formsIn(html).find(({ action }) => action === hostile)?.fields.a, hostile);
});

test('a model cannot replace the frame’s own tools', async () => {
  const html = await shown('<%~ it.csrf %>', { model: { csrf: '<b>mine</b>', site: {}, t: 'x', part: null, title: 'no' } });
  assert.match(html, '<input type="hidden" name="csrf" value="token">');
  assert.is(wordsIn(html, 'h1')[0], 'Hello …');
});

const two = `<%~ it.part('field', { name: 'login', label: 'Login' }) %><%~ it.part('field', { name: 'other', label: 'Other', isFirst: true }) %>`;

test('one refusal stands at its field, with the cursor', async () => {
  const html = await shown(two, { model: { refusals: [new Refusal('login.required', { field: 'login' })] } });
  assert.is(html.match(/Type it\./g)?.length, 1);
  assert.not.match(html, 'role="alert"');
  assert.match(html, /id="field-login"[^>]*aria-describedby="field-login-error"[^>]*aria-invalid="true"[^>]*autofocus/);
  assert.is(html.match(/autofocus/g)?.length, 1);
});

test('two stand at their fields and in a summary that leads to them', async () => {
  const refusals = [new Refusal('login.required', { field: 'login' }), new Refusal('form.required', { field: 'other' })];
  const html = await shown(two, { model: { refusals } });
  assert.equal(
    linksIn(html).filter(({ href }) => href.startsWith('#field')),
    [
      { href: '#field-login', words: 'Type it.' },
      { href: '#field-other', words: 'Both.' },
    ],
  );
  assert.is(html.match(/autofocus/g)?.length, 1, 'the summary alone has the focus');
});

test('a refusal without a field on the page is never lost', async () => {
  for (const refusal of [new Refusal('desk.busy'), new Refusal('desk.busy', { field: 'not-here' })]) {
    const html = await shown(two, { model: { refusals: [refusal] } });
    assert.match(html, /role="alert"[\s\S]*Busy\./);
  }
});

test('what is secret is never filled in again, what is not is', async () => {
  const html = await shown(
    `${two}<%~ it.part('password', { name: 'password', label: 'x', autocomplete: 'new-password' }) %><%~ it.part('code', { label: 'x' }) %>`,
    { model: { typed: { login: 'alice', password: 'canary-1', answer: 'canary-2' } } },
  );
  assert.match(html, 'value="alice"');
  assert.not.match(html, 'canary');
});

test('no page has an inline style, an inline script or an event attribute', async () => {
  for (const name of templates()) {
    const source = readFileSync(`${viewsDir}/${name}`, 'utf8').replace(/<%[^=~][\s\S]*?%>/g, '');
    assert.not.match(source, /\sstyle=|<style|\son[a-z]+="|javascript:|<script(?! type="module" src=)/i, name);
  }
});

test('no field is twice on a page of parts, and every control has its label', async () => {
  const html = await shown(two);
  const ids = [...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
  assert.is(new Set(ids).size, ids.length);
  for (const [, id] of html.matchAll(/<input type="text"[^>]*\sid="([^"]+)"/g)) assert.match(html, `<label for="${id}">`);
});

test('the language turns the page', async () => {
  assert.match(await shown('', { language: 'ar' }), '<html lang="ar" dir="rtl">');
  assert.match(await shown(''), '<html lang="en" dir="ltr">');
});

test('the window says the step and that something is to be put right', async () => {
  const html = await shown(two, {
    model: { step: { at: 2, of: 3 }, refusals: [new Refusal('login.required', { field: 'login' })], titleParams: { name: 'A' } },
  });
  assert.is(wordsIn(html, 'title')[0], 'frame.to-put-right Hello A · 2/3 · Office');
});

test('a template may tell the title’s parameters itself', async () => {
  const html = await shown("<% layout('/layout.eta', { titleParams: { name: 'from the template' } }) %>");
  assert.is(wordsIn(html, 'h1')[0], 'Hello from the template');
});

test('times are relative, exact on hover, and dates after a month', async () => {
  const said = async (instant: number) => wordsIn(await shown(`<%~ it.when(${instant}) %>`), 'time')[0];
  assert.is(await said(at - 3 * minute), '3 minutes ago');
  assert.is(await said(at - 26 * hour), 'yesterday');
  assert.is(await said(at + 2 * hour), 'in 2 hours');
  assert.match((await said(at - 60 * day)) ?? '', /2026/);
  assert.match(await shown(`<%~ it.when(${at}) %>`), 'datetime="2027-01-15T08:00:00.000Z"');
});

const templates = (): string[] => readdirSync(viewsDir, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.eta'));

test.run();
