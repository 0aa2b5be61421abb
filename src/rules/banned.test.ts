/** Banned words: the worked examples of Microsoft's documentation as they stand there, and the bound on hostile passwords. */

import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bannedWords, containsPart, coresOf, partsOf, plain } from './banned.ts';

const contoso = bannedWords(['Contoso', 'blank']);

test('step 1, normalisation: lower case and four replacements', () => {
  assert.is(plain('Bl@nK'), 'blank');
  assert.is(plain('$01@'), 'sola');
  assert.is(plain('U\u0308ber'), 'über');
  assert.is(plain('3!57'), '3!57', 'no others');
});

test('step 2, an edit distance of one: another letter, one more, one less', () => {
  const { isBanned } = bannedWords(['abcdef']);
  for (const near of ['abcdef', 'abcdeg', 'abcdefg', 'abcde', 'xabcdef', 'bcdef', 'abXcdef', 'abdef', 'ABCDEF', '@bcdef'])
    assert.ok(isBanned(near), near);
  for (const far of ['abcdfe', 'abcxyf', 'abcxe', 'badcfe']) assert.not.ok(isBanned(far), far);
});

test('step 2, a name in it: the password of Poll', () => {
  assert.ok(containsPart('p0LL23fb', partsOf('Poll')));
  assert.not.ok(containsPart('p0LL23fb', partsOf('Pol')), 'only from four letters on');
  assert.equal(partsOf('Anne-Marie O’Hara, Dr. Müller'), ['anne', 'marie', 'hara', 'müller']);
});

test('step 3, the score: one point for each banned word and each other character, five are enough', () => {
  assert.equal([contoso.points('C0ntos0Blank12'), contoso.isBanned('C0ntos0Blank12')], [4, true]);
  assert.equal([contoso.points('ContoS0Bl@nkf9!'), contoso.isBanned('ContoS0Bl@nkf9!')], [5, false]);
});

test('where words overlap, the score is the lowest there is', () => {
  const { points } = bannedWords(['abcd', 'cdefgh', 'efghij', 'bcde']);
  assert.is(points('abcdefghij'), 2);
  assert.is(points('abcdef'), 3);
  assert.is(points('xbcdefghijx'), 6, 'x, b, c-h, i, j, x');
  assert.is(points(''), 0);
});

test('the score is that of the cheapest way to cut the password, tried in every way', () => {
  const words = ['abab', 'babab', 'aaaa', 'abba', 'bbbbb'];
  const cheapest = (text: string): number =>
    text === ''
      ? 0
      : Math.min(
          1 + cheapest(text.slice(1)),
          ...words.filter((word) => text.startsWith(word)).map((word) => 1 + cheapest(text.slice(word.length))),
        );
  const { points } = bannedWords(words);
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 }), (text) => assert.is(points(text), cheapest(text), text)),
  );
});

test('near is within one edit of a word, and nothing else is', () => {
  const words = ['abcabc', 'aabbcc', 'abcab'];
  const { isBanned } = bannedWords(words);
  const distance = (from: string, to: string): number => {
    let row = Array.from({ length: to.length + 1 }, (_, at) => at);
    for (const [i, letter] of [...from].entries()) {
      const next = [i + 1];
      for (const [j, other] of [...to].entries())
        next.push(Math.min((row[j] ?? 0) + (letter === other ? 0 : 1), (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
      row = next;
    }
    return row.at(-1) ?? 0;
  };
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 5, maxLength: 7 }), (text) => {
      const isNear = words.some((word) => distance(word, text) <= 1);
      if (isNear || text.length > 6) assert.is(isBanned(text), isNear || contosoLike(text, words), text);
    }),
    { numRuns: 2000 },
  );
});
const contosoLike = (text: string, words: readonly string[]): boolean => bannedWords(words).points(text) < 5;

test('a banned word with digits and signs around it is refused, unless they are most of the password', () => {
  for (const dressed of ['Contoso#2026', '!!contoso!!', 'C0nt0s0-123', '$Contoso99', 'Contosso2026'])
    assert.ok(contoso.isBanned(dressed), dressed);
  for (const good of ['contoso 7193 5561 02', 'a contoso of elephants', '1928374655647382']) assert.not.ok(contoso.isBanned(good), good);
  assert.equal(coresOf('pa$$2026'), ['pass']);
  assert.ok(coresOf('$ummer2026').includes('summer'));
  assert.equal(coresOf('20262026'), []);
});

test('words below four letters, and none at all, ban nothing', () => {
  const none = bannedWords(['', 'abc']);
  assert.equal([none.points('abcabcabc'), none.isBanned('abcabcabc')], [9, false]);
  assert.not.ok(bannedWords([]).isBanned('whatever'));
});

test('characters count, not halves of an emoji; other scripts have words too', () => {
  assert.is(bannedWords([]).points('😀😀😀'), 3);
  assert.is(bannedWords(['пароль']).points('Пароль12'), 3);
});

test('ten thousand words and a hostile password cost no more than a few milliseconds', () => {
  const words = Array.from({ length: 10_000 }, (_, at) => 'a'.repeat(4 + (at % 60)) + at.toString(36));
  const { isBanned } = bannedWords([...words, ...Array.from({ length: 60 }, (_, at) => 'a'.repeat(4 + at))]);
  for (const hostile of ['a'.repeat(256), `${'a'.repeat(63)}b`.repeat(4), 'aaaa1'.repeat(51), `${'1'.repeat(255)}a`]) {
    isBanned(hostile);
    const from = process.cpuUsage();
    for (let times = 0; times < 10; times += 1) isBanned(hostile);
    assert.ok(process.cpuUsage(from).user / 10_000 < 50, hostile.slice(0, 8));
  }
});

test.run();
