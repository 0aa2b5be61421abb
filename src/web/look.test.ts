/** The look in a real browser: strict policy kept, room on the smallest phone, contrast, keyboard, and the comfort that the script adds. */
// needs: chromium

import type { Browser, Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Refusal } from '../rules/refusal.ts';
import { complaintsOf, openChromium, patience } from '../testing/chromium.ts';
import { type FrontDesk, localUrl, openFrontDesk, people } from '../testing/front-desk.ts';
import { homeRoutes } from './home.ts';
import { page, type Route, seeOther, type Visit } from './visit.ts';

const long = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft';
const views = {
  parts: `<% layout('/layout.eta', { step: { at: 2, of: 3 }, lead: it.long }) %>
<%~ it.part('panel', { tone: 'warn', title: it.long, words: it.long }) %>
<form method="post" action="/sent"><%~ it.csrf %><%~ it.part('username', { login: 'alice' }) %>
<%~ it.part('field', { name: 'login', label: it.long, hint: it.long, isFirst: true }) %>
<%~ it.part('field', { name: 'words', label: 'Words', rows: 3 }) %>
<%~ it.part('choices', { name: 'method', legend: 'How', chosen: 'a', choices: [{ value: 'a', label: it.long, hint: it.long, icon: 'mail' }, { value: 'b', label: 'B' }] }) %>
<%~ it.part('password', { name: 'password', label: 'New password', autocomplete: 'new-password', login: 'alice', person: 'Alice Archer', rules: [
  { key: 'length', params: { least: 12 }, isLive: true }, { key: 'login', params: {}, isLive: true }, { key: 'name', params: { least: 3 }, isLive: true },
  { key: 'office', params: {}, parts: ['contoso'], isLive: true }, { key: 'classes', params: {}, isLive: true }, { key: 'history', params: { count: 5 }, isLive: false }] }) %>
<%~ it.part('code', { label: 'Code', length: 8, isFirst: false }) %>
<button class="primary">Send</button></form>
<ol class="codes" id="codes"><li>ABCD-EFGH-JKLM-NPQR</li></ol>
<p><button type="button" data-copy="#codes" data-copied="Copied" hidden>Copy</button><button type="button" data-print hidden>Print</button></p>
<%~ it.part('offer', { offer: 'Correct-horse-battery-staple-lemon-47', href: '/parts?suggest', fills: '#field-password' }) %>
<dl class="facts"><div><dt>When</dt><dd><%~ it.when(1) %></dd></div></dl>
<%~ it.part('ways', { more: [{ words: it.long, href: '/' }], cancel: '/sent', help: '/' }) %>`,
  outcome: `<% layout('/layout.eta', { tone: 'good', lead: it.long }) %><p><%= it.long %></p>`,
  staff: `<% layout('/layout.eta', { frame: 'staff', lead: it.long }) %>
<table class="data"><thead><tr><th>Who</th><th>What</th><th class="number">Number</th></tr></thead><tbody>
<tr><td data-label="Who"><%= it.long %></td><td data-label="What"><%= it.long %></td><td data-label="Number" class="number">1</td></tr></tbody></table>`,
};
const sent: Visit[] = [];
const show = (path: string): Route => ({ method: 'GET', path: `/${path}`, who: 'anyone', page: () => page(path, { long }) });
const routes: readonly Route[] = [
  ...homeRoutes(),
  ...['parts', 'outcome', 'staff'].map(show),
  ...['/reset', '/unlock', '/change', '/account', '/registration', '/admin', '/admin/people'].map((path) => ({ ...show('outcome'), path })),
  {
    method: 'POST',
    path: '/sent',
    who: 'anyone',
    page(visit) {
      sent.push(visit);
      return seeOther('/outcome');
    },
  },
  {
    method: 'GET',
    path: '/wrong',
    who: 'anyone',
    page: () =>
      page('parts', {
        long,
        refusals: [new Refusal('login.required', { field: 'login' }), new Refusal('answer.required', { field: 'answer' })],
      }),
  },
];
const paths = ['/', '/parts', '/wrong', '/outcome', '/staff', '/nothing'];

const inPage = new URL('../testing/in-page.js', import.meta.url).pathname;

let desk: FrontDesk;
let chromium: Browser;
const test = suite('look');
test.before(async () => {
  desk = await openFrontDesk(routes, { views, publicUrl: await localUrl() });
  chromium = await openChromium();
});
test.after(async () => {
  await chromium.close();
  await desk.close();
});

interface Look {
  readonly width?: number;
  readonly scheme?: 'light' | 'dark';
  readonly hasScript?: boolean;
}
/** Whatever the browser complains about, the content security policy above all, is a failure; a page's own status is not. */
async function look(
  path: string,
  see: (page: Page) => Promise<void>,
  { width = 360, scheme = 'light', hasScript = true }: Look = {},
): Promise<void> {
  const context = await chromium.newContext({ viewport: { width, height: 740 }, colorScheme: scheme, javaScriptEnabled: hasScript });
  context.setDefaultTimeout(patience);
  try {
    await context.addCookies([{ name: 'session', value: desk.signIn(people.carol), url: desk.url }]);
    await context.addInitScript({ path: inPage });
    const opened = await context.newPage();
    const complaints = complaintsOf(opened, /Failed to load resource/);
    await opened.goto(`${desk.url}${path}`);
    await see(opened);
    assert.equal(complaints, [], path);
  } finally {
    await context.close();
  }
}

test('nothing is wider than the screen, from the smallest phone to the desk', async () => {
  for (const width of [320, 768, 1280])
    for (const path of paths)
      await look(path, async (opened) => assert.equal(await opened.evaluate('looking.overflow()'), [], `${path} at ${width}`), { width });
});

test('everything to press is large enough for a thumb, and named', async () => {
  for (const path of paths) await look(path, async (opened) => assert.equal(await opened.evaluate('looking.smallOrNameless()'), [], path));
});

const onAll = ['paper', 'sheet', 'accent-wash'].flatMap((under) =>
  ['ink', 'quiet', 'accent', 'accent-deep'].map((over) => [over, under, 4.5]),
);
const tones = ['good', 'warn', 'bad'].flatMap((tone) => [
  ...['paper', 'sheet', `${tone}-wash`].map((under) => [tone, under, 4.5]),
  ...['ink', 'quiet'].map((over) => [over, `${tone}-wash`, 4.5]),
]);
const pressed = ['accent', 'accent-deep', 'bad'].map((under) => ['on-accent', under, 4.5]);
const edges = ['paper', 'sheet'].map((under) => ['edge', under, 3]);
const pairs = [...onAll, ...tones, ...pressed, ...edges];

test('text and edges stand out enough, by day and by night (WCAG 1.4.3, 1.4.11)', async () => {
  for (const scheme of ['light', 'dark'] as const)
    await look('/', async (opened) => assert.equal(await opened.evaluate(`looking.faint(${JSON.stringify(pairs)})`), [], scheme), {
      scheme,
    });
});

const focused = (opened: Page) =>
  opened.evaluate<{ id: string; name: string; className: string; href: string | null; ring: string }>('looking.focused()');

/** What a page gives the focus to by itself gets it some time after the page has loaded. */
const hasFocus = (opened: Page, what: string) => opened.locator(`${what}:focus`).waitFor();

test('by keyboard alone: the skip link first, then every control in order, Enter sends, and the focus is always seen', async () => {
  await look('/', async (opened) => {
    await opened.keyboard.press('Tab');
    assert.is((await focused(opened)).className, 'skip');
    await opened.keyboard.press('Enter');
    await opened.keyboard.press('Tab');
    assert.is((await focused(opened)).href, '/reset', 'past the header');
  });
  await look('/parts', async (opened) => {
    await hasFocus(opened, '[name=login]');
    const order: string[] = [];
    for (let nth = 0; nth < 7; nth++) {
      const { name, ring } = await focused(opened);
      order.push(name);
      assert.is(ring, '3px', name);
      await opened.keyboard.press('Tab');
    }
    assert.equal(order, ['login', 'words', 'method', 'password', 'Show', 'answer', 'Send']);
    sent.splice(0);
    await opened.locator('[name=login]').fill('alice');
    await opened.locator('[name=login]').press('Enter');
    await opened.waitForURL(/outcome/);
    assert.equal(
      sent.map(({ form }) => [form.login, form.method]),
      [['alice', 'a']],
    );
  });
});

test('what must be put right has the focus and leads to its field', async () => {
  for (const hasScript of [true, false])
    await look(
      '/wrong',
      async (opened) => {
        if (hasScript) await hasFocus(opened, '#summary');
        await opened.locator('.summary a').nth(1).click();
        await opened.waitForURL(/#field-answer$/);
      },
      { hasScript },
    );
});

test('the rules tick while typing; a password can be seen, and is hidden again before it is sent', async () => {
  await look('/parts', async (opened) => {
    const password = opened.locator('[name=password]');
    const states = () => opened.locator('.rules li').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-state')));
    assert.equal(await states(), ['open', 'open', 'open', 'open', 'open', 'open']);
    await password.fill('i am ALICE');
    assert.equal(await states(), ['open', 'broken', 'broken', 'met', 'open', 'open']);
    await password.fill('C0nt0$o for @rcher');
    assert.equal(await states(), ['met', 'met', 'met', 'broken', 'met', 'open']);
    await password.fill('Correct horse 9');
    assert.equal(await states(), ['met', 'met', 'met', 'met', 'met', 'open']);
    assert.match((await opened.locator('.rules li').first().textContent()) ?? '', /done/);
    const show = opened.getByRole('button', { name: 'Show' });
    await show.click();
    assert.is(await password.getAttribute('type'), 'text');
    assert.is(await show.getAttribute('aria-pressed'), 'true');
    await opened.evaluate("document.forms[1].addEventListener('submit', (event) => event.preventDefault())");
    await opened.getByRole('button', { name: 'Send' }).click();
    assert.is(await password.getAttribute('type'), 'password');
  });
});

test('the strength is estimated while typing, and a suggestion fills its fields; nothing of it leaves before it is sent', async () => {
  await look('/parts', async (opened) => {
    const asked: string[] = [];
    // The picture of the tab is asked for when the browser finds the time.
    opened.on('request', (request) => void (/\/icon\.\w+\.svg$/.test(request.url()) || asked.push(request.url())));
    const password = opened.locator('[name=password]');
    const told = async (typed: string) => {
      await password.fill(typed);
      return (await opened.locator('[data-strength-of]').textContent()) ?? '';
    };
    for (const weak of ['Summer2026!', 'password1234', 'aaaaaaaaaaaaaaaa', 'abcdefghijklmnop', 'Word Word Word Word'])
      assert.match(await told(weak), /guessed quickly/, weak);
    assert.match(await told('green lanterns swim'), /takes a while/);
    for (const strong of ['Correct-horse-battery-staple-lemon-47', 'Tr8#kQ!v9zLm2x'])
      assert.match(await told(strong), /hard to guess/, strong);
    await password.fill('');
    assert.is(await opened.locator('[data-strength-of]').isVisible(), false);
    await opened.getByRole('button', { name: 'Put it into both fields' }).click();
    assert.is(await password.inputValue(), 'Correct-horse-battery-staple-lemon-47');
    assert.equal(asked, []);
  });
});

test('a second press sends nothing twice', async () => {
  await look('/parts', async (opened) => {
    sent.splice(0);
    await opened.getByRole('button', { name: 'Send' }).dblclick();
    await opened.waitForURL(/outcome/);
    assert.is(sent.length, 1);
  });
});

test('without the script there is no dead button, and the form is sent', async () => {
  await look(
    '/parts',
    async (opened) => {
      assert.equal(await opened.getByRole('button').allInnerTexts(), ['Sign out', 'Send', 'Start again']);
      sent.splice(0);
      await opened.locator('[name=login]').fill('alice');
      await opened.getByRole('button', { name: 'Send' }).click();
      await opened.waitForURL(/outcome/);
      assert.is(sent[0]?.form.login, 'alice');
    },
    { hasScript: false },
  );
});

test('text set wider, as some readers need it, is not cut off (WCAG 1.4.12)', async () => {
  await look('/parts', async (opened) => {
    assert.equal(await opened.evaluate('looking.cutOffWhenSpaced()'), []);
  });
});

test.run();
