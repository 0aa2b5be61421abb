/** Every word that may be written into the journal, a report or a refusal can be said to a person, calmly and to the end. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checks, events, methodNames, refusals, results } from '../rules/vocabulary.ts';
import en from '../text/en.json' with { type: 'json' };
import { createTexts } from '../text/texts.ts';

const test = suite('words');
const texts = createTexts();
/** All that any refusal or check is ever given. */
const params = {
  at: Date.UTC(2026, 2, 2, 9),
  seconds: 90,
  least: 12,
  most: 64,
  domain: 'office.example',
  held: 1,
  needed: 2,
  count: 9,
  enabled: 20,
  shortest: 8,
  longest: 48,
  minutes: 10,
  days: 30,
};
const sentence = (key: string): string => texts.find('en', key, params) ?? '';

test('there is one for every word of the vocabulary', () => {
  const words = { event: events, result: results, check: checks, method: methodNames, refusal: refusals };
  const keys = Object.entries(words).flatMap(([kind, list]) => list.map((word) => `${kind}.${word}`));
  assert.equal(
    [...keys, ...methodNames.map((name) => `method.${name}.hint`)].filter((key) => !(key in en)),
    [],
  );
});

test('a refusal says what is wrong, why, and what to do next', () => {
  for (const key of refusals) {
    const said = sentence(`refusal.${key}`);
    assert.ok(said.split(/[.!?](?:\s|$)/).filter((part) => part.trim() !== '').length >= 2, `${key}: ${said}`);
    assert.match(said, /[.!?]$/);
    assert.not.match(said, /\b(invalid|illegal|failed|oops|error)\b/i);
    assert.not.match(said, /[{}…]|undefined|NaN/, key);
  }
});

test('a wait is told in a unit that a person would choose, never too short', () => {
  assert.match(texts.say('en', 'refusal.sign-in.wait', { seconds: 60 }), /in 1 minute\./);
  assert.match(texts.say('en', 'refusal.sign-in.wait', { seconds: 61 }), /in 2 minutes\./);
  assert.match(texts.say('en', 'refusal.sign-in.wait', { seconds: 3600 }), /in 60 minutes\./);
  assert.match(texts.say('en', 'refusal.limit.address', { seconds: 1 }), /in 1 second\./);
});

test.run();
