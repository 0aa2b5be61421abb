/** With every method allowed no page before the first proof tells who has an account or what they hold: the same bytes, questions as many and as lasting. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { minute, second } from '../../rules/time.ts';
import { methodNames } from '../../rules/vocabulary.ts';
import { createTexts } from '../../text/texts.ts';
import type { Browser } from '../browser.ts';
import { give } from '../holdings.ts';
import { wordsIn } from '../markup.ts';
import { type MethodDesk, openMethodDesk } from '../method-desk.ts';
import type { CastName } from '../cast.ts';

const test = suite('no method tells who is who');
const own = 'Which meadow is behind the house?';
const strangers = ['eve', 'zzyzx', 'alice.ackroyd'];
const members: readonly CastName[] = ['alice', 'bob', 'carol', 'dave', 'laura'];

/** Alice and Bob hold everything; Carol, an administrator, and Dave, who is left out, hold questions among others; Laura holds none. */
async function desk(): Promise<MethodDesk> {
  const opened = await openMethodDesk({ questions_own: [own] });
  const { site, world } = opened;
  for (const name of ['carol', 'dave'] as const)
    await give(site, { account: world.people[name], methods: ['questions', 'sms', 'passkey'], address: '' });
  return opened;
}

const texts = createTexts();
const known = new Set([own, ...Array.from({ length: 35 }, (_, nth) => texts.find('en', `question.q${String(nth + 1).padStart(2, '0')}`))]);
const questionsOn = ({ html }: Browser): string[] => wordsIn(html, 'label');

/** What differs from visit to visit for everybody, and which questions were drawn. */
const masked = ({ html, status, path }: Browser, login: string): string =>
  `${status} ${path}\n${html}`
    .replaceAll(/(name="csrf" value=")[^"]+/g, '$1CSRF')
    .replaceAll(/(&quot;challenge&quot;:&quot;)[\w-]{43}/g, '$1CHALLENGE')
    .replaceAll(/(class="support-code"[^>]*>)[A-Z-]+/g, '$1CODE')
    .replaceAll(/(<label for="field-answer_\d">)[^<]+/g, '$1QUESTION')
    .replaceAll(`value="${login}"`, 'value="LOGIN"');

async function everythingSeenBy(login: string, { browser, world, post }: MethodDesk): Promise<readonly string[]> {
  const seen: string[] = [];
  const at = await browser().open('/reset');
  const look = (): void => void seen.push(masked(at, login));
  await at.submit({ login });
  look();
  for (const method of methodNames) {
    await post(await at.open('/reset?another=1'), '/reset/method', { method });
    look();
    if (method === 'questions') {
      assert.is(questionsOn(at).length, 3, login);
      for (const question of questionsOn(at)) assert.ok(known.has(question), `${login}: ${question}`);
    }
    const typed = method === 'questions' ? { answer_1: 'a', answer_2: 'b', answer_3: 'c' } : { answer: '00000000' };
    for (const fields of [typed, { answer: '' }]) {
      await post(at, '/reset/answer', fields);
      look();
    }
    await post(at, '/reset/method', { method });
    look();
    await at.open('/reset');
    look();
    world.clock.advance(20 * second);
  }
  return seen;
}

test('every page of every method is the same for members and strangers', async () => {
  const { world, ...rest } = await desk();
  const opened = { ...rest, world };
  world.accounts.suspend(world.people.bob.id, world.clock.now());
  const expected = await everythingSeenBy('eve', opened);
  assert.is(expected.length, 1 + methodNames.length * 5);
  for (const login of [...strangers, ...members]) {
    const seen = await everythingSeenBy(login, opened);
    for (const [at, page] of seen.entries()) assert.is(page, expected[at], `${login}: page ${at}`);
  }
  await opened.close();
});

/** All that this login is ever asked, over many attempts from everywhere. */
async function askedOf(login: string, { atAnswer, world }: MethodDesk): Promise<string[]> {
  const asked = new Set<string>();
  for (let attempt = 0; attempt < 12; attempt += 1) {
    for (const question of questionsOn(await atAnswer(login, 'questions'))) asked.add(question);
    world.clock.advance(minute);
  }
  return [...asked].toSorted();
}

test('a login is asked from the same five for ever, whatever becomes of its account', async () => {
  const opened = await desk();
  const { world, atAnswer, post } = opened;
  const before = new Map<string, string[]>();
  const logins = [...strangers, ...members];
  for (const login of logins) {
    before.set(login, await askedOf(login, opened));
    assert.is(before.get(login)?.length, 5, login);
  }
  const stillTheSame = async (why: string): Promise<void> => {
    for (const login of logins) assert.equal(await askedOf(login, opened), before.get(login), `${login}: ${why}`);
  };
  for (const login of logins)
    for (let attempt = 0; attempt < 20; attempt += 1) {
      await post(await atAnswer(login, 'questions'), '/reset/answer', { answer_1: 'wrong' });
      world.clock.advance(minute);
    }
  await stillTheSame('blocked');
  for (const name of members) world.accounts.suspend(world.people[name].id, world.clock.now());
  await stillTheSame('suspended');
  world.decide({ scope: 'nobody' });
  await stillTheSame('out of scope');
  await opened.close();
});

test('the draw is one for the whole attempt, however often it is looked at or chosen again', async () => {
  const opened = await desk();
  for (const login of ['alice', 'eve']) {
    const at = await opened.atAnswer(login, 'questions');
    const first = questionsOn(at);
    for (let look = 0; look < 4; look += 1) {
      await at.open('/reset');
      assert.equal(questionsOn(at), first, login);
      opened.world.clock.advance(20 * second);
      await opened.choose(at, 'totp');
      assert.equal(questionsOn(await opened.choose(at, 'questions')), first, login);
    }
  }
  await opened.close();
});

test('whoever registered more or fewer questions than are asked now is asked as many as everybody, from as many', async () => {
  for (const [registered, wanted] of [
    [3, 5],
    [5, 3],
  ] as const) {
    const opened = await openMethodDesk({ questions_to_answer: 3, questions_to_register: registered });
    opened.world.decide({ questions_to_answer: wanted, questions_to_register: wanted });
    for (const login of ['alice', 'eve']) {
      assert.is(questionsOn(await opened.atAnswer(login, 'questions')).length, wanted, login);
      assert.is((await askedOf(login, opened)).length, wanted, login);
    }
    await opened.close();
  }
});

test.run();
