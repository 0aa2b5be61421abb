/** Every way that policy lets stand alone, and every two for two gates, without JavaScript: a form, a code, a new password, proved by a bind. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Browser } from '../browser.ts';
import { wordsIn } from '../markup.ts';
import { type Journey, journeyOf, journeys, methodOf, startWays, together, type Way, type Ways } from './ways.ts';

const test = suite('every method without JavaScript');
const hasNoPasskey = ({ ways }: Journey): boolean => !ways.includes('passkey');
const alone = journeys.alone.filter(hasNoPasskey);
/** In the other order than the browser with its script goes. */
const pairs = journeys.pairs.filter(hasNoPasskey).map(({ ways }) => journeyOf(...ways.toReversed()));
const onlyQuestions = journeyOf('questions');
const deviceAtHome = journeyOf('passkey', 'email');

let ways: Ways;
let visitors = 0;
test.before(async () => {
  ways = await startWays([...alone, ...pairs, journeys.mailAndText, onlyQuestions, deviceAtHome]);
});
test.after(async () => {
  await ways.close();
});

async function askFor(login: string): Promise<Browser> {
  visitors += 1;
  const visitor = await ways.office.browserAt(`10.60.0.${visitors}`).open('/reset');
  return visitor.submit({ login });
}

/** Chooses it, and types what its owner knows or gets. */
async function prove(visitor: Browser, login: string, way: Way): Promise<void> {
  await visitor.submit({ method: methodOf(way) });
  if (way === 'link') await (await visitor.open(await ways.linkOf(login))).submit({}, { at: /\/reset\/code\// });
  else await visitor.submit(await ways.answersTo(login, way, labelsOn(visitor)));
}
const labelsOn = ({ html }: Browser): string[] => wordsIn(html, 'label');

async function choosePassword(visitor: Browser, login: string): Promise<void> {
  const password = ways.fresh();
  await visitor.submit({ password, password_again: password });
  assert.is(visitor.heading(), 'Your new password is set', visitor.text());
  await ways.isInForce(login, password);
}

async function reset({ login, ways: gates }: Journey): Promise<void> {
  const visitor = await askFor(login);
  for (const [nth, way] of gates.entries()) {
    if (nth > 0) assert.equal(visitor.form({ method: methodOf(way) }).offers.method, [methodOf(way)], 'what is left for this person');
    await prove(visitor, login, way);
  }
  await choosePassword(visitor, login);
}

test('each method that may stand alone resets, and so does the mailed link', async () => {
  ways.decide({ gates: 1 });
  await together(alone, reset);
});

test('each two methods reset where two gates are asked', async () => {
  ways.decide({ gates: 2 });
  await together(pairs, reset);
});

test('mail and text are one gate, and two where policy says so', async () => {
  const { login } = journeys.mailAndText;
  ways.decide({ gates: 2, mail_and_text_are_two: false });
  const early = await askFor(login);
  await early.submit({ method: 'email' });
  await early.submit({ answer: '0000 0000' });
  assert.match(early.text(), /does not fit/);
  assert.is(ways.office.mailed(login).code, '', 'no code goes to somebody who cannot come to an end');
  ways.decide({ mail_and_text_are_two: true });
  await reset(journeys.mailAndText);
  ways.decide({ mail_and_text_are_two: false });
});

test('questions alone open nothing, whatever the number of gates', async () => {
  for (const gates of [1, 2] as const) {
    ways.decide({ gates });
    const visitor = await askFor(onlyQuestions.login);
    await prove(visitor, onlyQuestions.login, 'questions');
    assert.match(visitor.text(), /does not fit/);
    assert.not.ok(visitor.forms().some(({ offers }) => 'password' in offers));
  }
});

test('a passkey is said to need another browser, and the other way is there', async () => {
  ways.decide({ gates: 1 });
  const visitor = await askFor(deviceAtHome.login);
  await visitor.submit({ method: 'passkey' });
  assert.match(visitor.text(), /cannot use passkeys/);
  assert.not.ok(visitor.forms().some(({ buttons }) => buttons.some(({ words }) => /passkey/i.test(words))));
  await visitor.follow('Use another way');
  await prove(visitor, deviceAtHome.login, 'email');
  await choosePassword(visitor, deviceAtHome.login);
});

test.run();
