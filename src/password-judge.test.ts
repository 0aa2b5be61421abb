/** One judge for every door: what is known, banned, breached or weak, the service that is asked last, and an offer that passes. */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { noDirectoryRules, prepared, rulesFor, type Subject } from './rules/password.ts';
import type { Policy } from './rules/policy.ts';
import { type TestWorld, type TestWorldOptions, testWorld } from './testing/world.ts';

const test = suite('the judge of passwords');
const good = 'seven green lanterns swim';
const anna: Subject = { login: 'a.poll', name: 'Anna Poll', isLocal: false };
const occasion = { account: 'a.poll', address: '192.0.2.1', supportCode: 'AB12' };

async function scene(policy: Partial<Policy> = {}, lore: TestWorldOptions['lore'] = {}) {
  const world = await testWorld({ policy, lore });
  const rules = () => rulesFor(anna, world.settings.policy(), noDirectoryRules);
  const judged = async (password: string): Promise<string[]> =>
    (await world.desk.judge({ password: prepared(password), subject: anna, rules: rules() }, occasion)).map(({ key }) => key);
  return { world, judged, rules };
}
const outages = ({ journal }: TestWorld) => journal.latest(10).filter(({ event }) => event === 'breach query');

test('a good one passes', async () => {
  const { judged } = await scene();
  for (const password of [good, 'Tr8#kQ!v9zLm', '😀🐘🍋🎻🚲🌵🛶🧦🪁🥨🦔🧭', ' spaces at both ends ', 'пять зелёных фонарей'])
    assert.equal(await judged(password), [], password);
});

test('the commonest are refused, in disguise and with digits and signs around them', async () => {
  const { judged } = await scene();
  for (const password of ['passwordpassword', 'P@$$word2026!!', '123456789012', '!!!Football1!!!', 'q1w2e3r4t5y6'])
    assert.ok(
      (await judged(password)).some((key) => ['password.too-common', 'password.banned'].includes(key)),
      password,
    );
  assert.equal(await judged('Alexander#20'), ['password.too-common']);
});

test('the office’s own words count like the commonest, as soon as they are decided', async () => {
  const { world, judged } = await scene();
  assert.equal(await judged('Quokkapark-2026'), []);
  world.decide({ password_banned_words: ['quokkapark', 'Blank'] });
  assert.equal(await judged('Quokkapark-2026'), ['password.banned']);
  assert.equal(await judged('QuokkaparkBl@nk!'), ['password.banned']);
  assert.equal(await judged('a quokkapark over green hills'), []);
  world.decide({ password_banned_words: [] });
  assert.equal(await judged('Quokkapark-2026'), []);
});

test('ten thousand own words are taken, more are not, nor short ones', async () => {
  const { world, judged } = await scene();
  const words = Array.from({ length: 10_000 }, (_, at) => `word${at}`);
  world.decide({ password_banned_words: words });
  assert.equal(await judged('!word9999word1!'), ['password.banned']);
  for (const wrong of [[...words, 'onemore'], ['abc'], ['x'.repeat(65)], ['tab\tbed']])
    assert.throws(() => world.decide({ password_banned_words: wrong }));
});

test('names of the person and of the office are refused wherever they stand', async () => {
  const { judged } = await scene({ office_name: 'Contoso Water' });
  assert.equal(await judged('lovely p0LL23fb days'), ['password.contains-name']);
  assert.equal(await judged('deep w@ter and hills'), ['password.contains-office']);
});

test('the offline list is asked for the password as it will be set', async () => {
  const asked: string[] = [];
  const isBreached = (password: string): boolean => asked.push(password) > 0 && password.startsWith('u\u0308ber'.normalize('NFC'));
  const { judged } = await scene({}, { isBreached });
  assert.equal(await judged('u\u0308ber allen Gipfeln'), ['password.breached']);
  assert.equal(asked, ['\u00fcber allen Gipfeln']);
});

test('the range service is asked only by policy, last, and only about what is otherwise good', async () => {
  const asked: string[] = [];
  const askRange = async (password: string) => asked.push(password) > 0;
  const { world, judged } = await scene({}, { askRange });
  assert.equal([await judged(good), asked], [[], []]);
  world.decide({ password_range_query: true });
  assert.equal([await judged('tiny yak'), asked], [['password.too-short'], []]);
  assert.equal([await judged(good), asked], [['password.breached'], [good]]);
  assert.equal(outages(world), []);
});

test('where it does not answer, nobody is stopped, and the journal says so without the password', async () => {
  const { world, judged } = await scene({ password_range_query: true }, { askRange: async () => null });
  assert.equal(await judged(good), []);
  const [row] = outages(world);
  assert.equal(
    [row?.result, row?.detail, row?.account, row?.address, row?.supportCode],
    ['failed', 'no answer', 'a.poll', '192.0.2.1', 'AB12'],
  );
  assert.not.match(JSON.stringify(row), /lanterns/);
});

test('the estimate stops nobody unless policy says so, and then its absence is no way around it', async () => {
  const asked: (readonly string[])[] = [];
  let strength: number | null = 1;
  const lore = { strength: async (_: string, about: readonly string[]) => (asked.push(about) > 0 ? strength : null) };
  const { world, judged } = await scene({}, lore);
  assert.equal([await judged(good), asked], [[], []]);
  world.decide({ password_strength_least: 3 });
  assert.equal(await judged(good), ['password.too-weak']);
  assert.ok(asked[0]?.includes('a.poll') && asked[0]?.includes('Poll'));
  strength = 3;
  assert.equal(await judged(good), []);
  strength = null;
  assert.equal(await judged(good), ['desk.busy']);
  assert.equal(await judged('blue fig 7'), ['password.too-short'], 'what is wrong for sure is said alone');
});

test('all that is wrong comes at once', async () => {
  const { judged } = await scene({ password_strength_least: 3, office_name: 'Contoso' });
  assert.equal(await judged('poll\tpoll'), [
    'password.too-short',
    'password.contains-name',
    'password.unacceptable-character',
    'password.too-weak',
  ]);
  assert.equal(await judged('password1'), ['password.too-short', 'password.too-common', 'password.too-weak']);
});

const never = (): never => {
  throw new Error('this was not to be asked');
};

test('what is too long is judged no further', async () => {
  const { judged } = await scene({ password_strength_least: 1 }, { strength: never, isBreached: never });
  assert.equal(await judged('poll '.repeat(60)), ['password.too-long']);
  assert.equal(await judged('a\u0301'.repeat(30_000)), ['password.too-long']);
});

test('no text makes the judge stumble', async () => {
  const { judged } = await scene({ password_banned_words: ['blank', '😀😀😀😀'] });
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 300 }), async (password) => void (await judged(password))),
    { numRuns: 300 },
  );
});

test('an offer passes the judge and its own rules, in every language, and no two are the same', async () => {
  const { world, judged, rules } = await scene({ password_strength_least: 4, password_minimum: 64 });
  const offers: string[] = [];
  for (const language of ['en', 'de', 'fr', 'cs', 'pt-BR', 'ar']) {
    const offered = await world.desk.offer({ subject: anna, rules: rules(), language });
    assert.ok(offered !== null && offered.length >= 64, language);
    assert.equal(await judged(offered ?? ''), [], language);
    offers.push(offered ?? '');
  }
  assert.is(new Set(offers).size, 6);
});

test('an offer asks for no estimate: it takes no place in the line from whoever chooses a password', async () => {
  const { world, rules } = await scene({ password_strength_least: 4 }, { strength: never });
  assert.ok(await world.desk.offer({ subject: anna, rules: rules(), language: 'en' }));
});

test('an offer avoids the words that the office forbids, and is none where nothing passes', async () => {
  const words = ['apple', 'bread', 'cloud', 'drift', 'eagle'];
  const { world, rules } = await scene({ office_name: 'Apple Bread' }, { words: async () => words });
  const offer = () => world.desk.offer({ subject: anna, rules: rules(), language: 'en' });
  for (let at = 0; at < 5; at += 1) {
    const offered = await offer();
    assert.ok(offered === null || !/apple|bread/i.test(offered));
  }
  world.decide({ office_name: words.join(' ') });
  assert.is(await offer(), null);
});

test.run();
