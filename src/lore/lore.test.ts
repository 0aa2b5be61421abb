/** What ships with the product: the commonest passwords, words of every offered language, and the estimate in its own thread. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openLore, standardLore } from './lore.ts';
import { quickest } from '../testing/quickest.ts';
import { strengthGauge } from './strength.ts';

const test = suite('lore');

test('the commonest passwords are known, in lower case and undisguised', async () => {
  const commonest = await openLore(standardLore).commonest();
  assert.is(commonest.words.length, 1000);
  // ASVS 5.0 6.2.4 asks for the three thousand commonest.
  for (const known of ['password', 'qwerty', 'l23456', 'iloveyou', 'dragon', 'monkey']) assert.ok(commonest.has(known), known);
  assert.not.ok(commonest.has('seven green lanterns swim'));
});

test('without a list nothing is breached', () => {
  assert.is(openLore(standardLore).isBreached('password'), false);
});

test('words for each language, of letters that every keyboard has; English where there are none', async () => {
  const { words } = openLore(standardLore);
  const english = await words('en');
  for (const language of ['cs', 'en', 'es', 'fr', 'it', 'pt', 'pt-BR', 'de', 'ar', '../en', '__proto__']) {
    const list = await words(language);
    assert.ok(list.length > 1600 && new Set(list).size === list.length, language);
    assert.ok(
      list.every((word) => /^[a-z]{3,10}$/.test(word)),
      language,
    );
  }
  assert.equal(await words('de'), english);
  assert.is.not((await words('fr'))[0], (await words('it'))[0]);
});

test('the estimate tells a good one from a bad one, and knows whom it is about', async () => {
  const gauge = strengthGauge({ patience: 60_000 });
  assert.is(await gauge.estimate('password1', []), 0);
  assert.is(await gauge.estimate('Gnu-orbit-velvet-canyon-quill-58', []), 4);
  const [unknown, known] = [await gauge.estimate('wolkenstein', []), await gauge.estimate('wolkenstein', ['Wolkenstein'])];
  assert.ok(unknown !== null && known !== null && known < unknown, `${unknown} ${known}`);
  await gauge.close();
});

test('a hostile password holds nobody up, and too many at once are not estimated', async () => {
  const gauge = strengthGauge({ patience: 60_000 });
  await gauge.estimate('warm', []);
  const longest = await quickest(250, async () => {
    let stood = 0;
    let last = performance.now();
    const beat = setInterval(() => {
      stood = Math.max(stood, performance.now() - last);
      last = performance.now();
    }, 5);
    const many = await Promise.all(Array.from({ length: 40 }, () => gauge.estimate('p@ssw0rd$1'.repeat(25), [])));
    clearInterval(beat);
    assert.ok(many.filter((strength) => strength === null).length >= 24, 'sixteen wait, the others go without');
    return stood;
  });
  assert.ok(longest < 250, `the main thread stood still for ${longest} ms`);
  assert.is(await gauge.estimate('password1', []), 0, 'and it goes on');
  await gauge.close();
});

test('closed in the middle, it answers with nothing', async () => {
  const gauge = strengthGauge({ patience: 60_000 });
  const asked = gauge.estimate('p@ssw0rd$1'.repeat(4), []);
  await Promise.resolve();
  await gauge.close();
  assert.is(await asked, null);
});

test.run();
