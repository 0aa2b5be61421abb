/** Texts: plural forms, gaps filled by English, the choice of a language, and that every key which a template names exists. */

import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import en from './en.json' with { type: 'json' };
import { createTexts } from './texts.ts';

const texts = createTexts({
  en: { days: '{count, plural, one {# day} other {# days}}', only: 'Only <here> in {place}' },
  pl: { days: '{count, plural, one {# dzień} few {# dni} many {# dni} other {# dnia}}' },
  'pt-BR': {},
  ar: {},
});

test('each language has its own plural forms, and English fills the gaps', () => {
  assert.equal(
    [1, 2].map((count) => texts.find('en', 'days', { count })),
    ['1 day', '2 days'],
  );
  assert.is(texts.find('pl', 'days', { count: 1 }), '1 dzień');
  assert.is(texts.find('pl', 'only', { place: 'A' }), 'Only <here> in A');
  assert.is(texts.find('pl', 'nowhere'), null);
  assert.is(texts.find('pl', 'constructor'), null);
  assert.is(texts.find('xx', 'days', { count: 1 }), '1 day');
});

test('a parameter is never read as a message', () => {
  assert.is(texts.find('en', 'only', { place: "{count} <b>'{'" }), "Only <here> in {count} <b>'{'");
});

test('a forgotten parameter leaves a gap, not an error', () => {
  assert.is(texts.find('en', 'only'), 'Only <here> in …');
  assert.match(texts.find('en', 'days') ?? '', /days$/);
});

test('Accept-Language: by weight, by kin, and English when none fits', () => {
  const cases: [string | undefined, string][] = [
    [undefined, 'en'],
    ['', 'en'],
    ['pl', 'pl'],
    ['PL-pl', 'pl'],
    ['de, pl;q=0.8, en;q=0.9', 'en'],
    ['de, en;q=0.1, pl;q=0.2', 'pl'],
    ['pl;q=0, ar', 'ar'],
    ['pt', 'pt-BR'],
    ['pt-PT', 'pt-BR'],
    ['*', 'en'],
    ['pl;q=abc', 'pl'],
    ['../../etc, <script>, pl', 'pl'],
    [`${'x,'.repeat(10_000)}pl`, 'en'],
  ];
  for (const [header, language] of cases) assert.is(texts.choose(header), language, header?.slice(0, 40) ?? 'none');
});

test('right-to-left scripts', () => {
  assert.equal(
    ['en', 'ar', 'he', 'fa', 'ur', 'pl', 'zh-Hant'].map((tag) => texts.direction(tag)),
    ['ltr', 'rtl', 'rtl', 'rtl', 'rtl', 'ltr', 'ltr'],
  );
});

const viewsDir = new URL('../../views/', import.meta.url);
const templates = readdirSync(viewsDir, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.eta'));

test('every text of English is a message that can be formatted', () => {
  const english = createTexts();
  const values = new Proxy({}, { get: () => 1, has: () => true, ownKeys: () => [], getOwnPropertyDescriptor: () => undefined });
  for (const key of Object.keys(en)) assert.type(english.find('en', key, values), 'string', key);
});

test('every key that a template names is worded, and every page has its title', () => {
  const missing: string[] = [];
  for (const name of templates) {
    const source = readFileSync(new URL(name, viewsDir), 'utf8').replace(/<%\/\*[\s\S]*?\*\/%>/g, '');
    for (const [, key = '', isPrefix] of source.matchAll(/\bit\.t\('([^']+)'(\s*\+)?/g)) {
      if (isPrefix ? !Object.keys(en).some((known) => known.startsWith(key)) : !(key in en)) missing.push(`${name}: ${key}`);
    }
    const isPage = /layout\('\/layout\.eta'/.test(source);
    const title = `${name.slice(0, -4).replaceAll('/', '.')}.title`;
    if (isPage && !(title in en)) missing.push(`${name}: ${title}`);
  }
  assert.equal(missing, []);
});

test.run();
