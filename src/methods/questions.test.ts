/** Security questions: drawn once an attempt, all right or nothing, a stranger's draw like a member's, and no answer readable. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Attempt } from '../rules/attempt.ts';
import { isRefusal } from '../rules/refusal.ts';
import { minute } from '../rules/time.ts';
import type { CastName } from '../testing/cast.ts';
import { type TestWorld, testWorld } from '../testing/world.ts';
import type { Challenge, Enrollable, Enrolling } from './method.ts';

const test = suite('security questions');
const ids = ['q01', 'q02', 'q03', 'q04', 'q05'] as const;
const answers: Readonly<Record<string, string>> = { q01: 'Łódź', q02: 'New  York', q03: ' straße ', q04: 'Ümraniye', q05: 'four' };
const form = Object.fromEntries(
  ids.flatMap((id, nth) => [
    [`question_${nth + 1}`, id],
    [`answer_${nth + 1}`, answers[id] ?? ''],
  ]),
);

const heldBy = (world: TestWorld, name: CastName) =>
  world.enrolments.of(world.people[name].id).filter(({ method }) => method === 'questions');
const enrolling = (world: TestWorld, more: Record<string, string> = {}, name: CastName = 'bob'): Enrolling => ({
  ...{
    account: world.people[name],
    session: 1,
    form: { ...form, ...more },
    held: heldBy(world, name),
    language: 'en',
    at: world.clock.now(),
  },
});
const keyOf = (value: unknown): string => (isRefusal(value) ? (value as { key: string }).key : 'done');

function attemptOf(world: TestWorld, token: string): Attempt {
  const at = world.clock.now();
  const place = { intention: 'reset', address: '', language: 'en' } as const;
  return world.attempts.open({ ...place, token, supportCode: token, login: 'bob', at, expiresAt: at + 15 * minute });
}

async function desk() {
  const world = await testWorld({ policy: { methods: ['email', 'questions'] } });
  const questions = world.methods.get('questions') as Enrollable;
  assert.is(keyOf(await questions.enrolment.begin(enrolling(world))), 'done');
  const challengeTo = (token: string, name: CastName = 'bob'): Challenge => {
    const attempt = world.attempts.byToken(token) ?? attemptOf(world, token);
    return { account: world.people[name], enrolments: heldBy(world, name), attempt, binding: token, language: 'en', at: world.clock.now() };
  };
  const ask = (token: string, challenge: Challenge | null = challengeTo(token), loginDigest = 'bob'): readonly string[] =>
    questions.ask?.({ binding: token, loginDigest, challenge }).questions as readonly string[];
  const challenge = (token: string): { challenge: Challenge; drawn: readonly string[] } => {
    const drawn = ask(token);
    const { id } = challengeTo(token).attempt as Attempt;
    world.attempts.step(id, { kind: 'asked', method: 'questions', question: { questions: drawn }, at: world.clock.now() });
    return { challenge: challengeTo(token), drawn };
  };
  return { world, questions, ask, challenge };
}
const answersTo = (drawn: readonly string[]): string[] => drawn.map((id) => answers[id] ?? '');

test('all drawn answers right, in any writing, is right', async () => {
  const { questions, challenge } = await desk();
  const { challenge: asked, drawn } = challenge('one');
  assert.is(drawn.length, 3);
  assert.is(await questions.judge(asked, answersTo(drawn).join('\n')), 'right');
  const written = answersTo(drawn).map((answer) => `  ${answer.normalize('NFD').toUpperCase().replaceAll(' ', '   ')} `);
  assert.is(await questions.judge(asked, written.join('\n')), 'right', 'capitals, spaces, and accents put together otherwise');
});

test('one wrong, one missing, another order, one more, none: wrong', async () => {
  const { world, questions, challenge } = await desk();
  const { challenge: asked, drawn } = challenge('one');
  const right = answersTo(drawn);
  const wrong = [
    [...right.slice(0, 2), 'wrong'],
    right.slice(0, 2),
    [...right].reverse(),
    [...right, 'four'],
    ['', '', ''],
    [right[0], right[0], right[0]],
  ];
  for (const lines of wrong) assert.is(await questions.judge(asked, lines.join('\n')), 'wrong', lines.join('|'));
  assert.is(await questions.judge({ ...asked, enrolments: [], account: world.people.dave }, right.join('\n')), 'wrong', "another's");
  assert.is(await questions.judge(null, right.join('\n')), 'wrong', 'a stranger');
  const bare = { ...asked, attempt: attemptOf(world, 'bare') };
  assert.is(await questions.judge(bare, right.join('\n')), 'wrong', 'in an attempt that was asked nothing');
});

test("the answers to another attempt's draw are wrong in this one", async () => {
  const { questions, challenge } = await desk();
  const first = challenge('one');
  for (let nth = 0; nth < 30; nth += 1) {
    const other = challenge(`other ${nth}`);
    if (other.drawn.join() === first.drawn.join()) continue;
    assert.is(await questions.judge(other.challenge, answersTo(first.drawn).join('\n')), 'wrong');
    return;
  }
  assert.unreachable('thirty draws in the same order');
});

test('a stranger is shown a draw from a set that is always the same, as large as a member’s', async () => {
  const { ask } = await desk();
  const seen = (loginDigest: string) => {
    const draws = Array.from({ length: 60 }, (_unused, nth) => ask(`${loginDigest} ${nth}`, null, loginDigest));
    for (const draw of draws) assert.is(new Set(draw).size, 3);
    return [...new Set(draws.flat())].sort();
  };
  assert.is(seen('zoe').length, 5);
  assert.equal(seen('zoe'), seen('zoe'));
  assert.is.not(seen('zoe').join(), seen('yan').join());
  const own = new Set(Array.from({ length: 60 }, (_unused, nth) => ask(`own ${nth}`)).flat());
  assert.equal([...own].sort(), [...ids]);
});

test('registered whole or not at all: known questions, none twice, answers of 3 to 40 letters, none twice', async () => {
  const { world, questions } = await desk();
  const before = JSON.stringify(heldBy(world, 'bob'));
  const refused = [
    [{ question_2: 'q99' }, 'method.question-missing', 'question_2'],
    [{ question_2: '' }, 'method.question-missing', 'question_2'],
    [{ question_3: 'q01' }, 'method.question-repeated', 'question_3'],
    [{ answer_4: 'ab' }, 'method.answer-length', 'answer_4'],
    [{ answer_4: ' a  ' }, 'method.answer-length', 'answer_4'],
    [{ answer_4: 'x'.repeat(41) }, 'method.answer-length', 'answer_4'],
    [{ answer_5: 'ŁÓDŹ' }, 'method.answer-repeated', 'answer_5'],
  ] as const;
  for (const [more, key, field] of refused) {
    const refusal = await questions.enrolment.begin(enrolling(world, more));
    assert.equal(isRefusal(refusal) && [refusal.key, refusal.field], [key, field]);
  }
  assert.is(JSON.stringify(heldBy(world, 'bob')), before);
  const kept = before.toLowerCase();
  for (const answer of ['łódź', 'new york', 'strasse', 'ümraniye', 'four']) assert.not.ok(kept.includes(answer), answer);
});

test('who registered fewer than are asked now cannot use them', async () => {
  const { world, questions } = await desk();
  const [held] = heldBy(world, 'bob');
  const few = { ...held, secret: JSON.stringify(JSON.parse(held?.secret ?? '[]').slice(0, 3)) } as typeof held & object;
  assert.is(questions.isUsable(few, world.people.bob), true);
  world.decide({ questions_to_answer: 4 });
  assert.is(questions.isUsable(few, world.people.bob), false);
});

test("the office's own questions can be chosen", async () => {
  const { world, questions } = await desk();
  world.decide({ questions_own: ['What is written over the gate?'] });
  assert.is(keyOf(await questions.enrolment.begin(enrolling(world, { question_1: 'own:What is written over the gate?' }))), 'done');
  assert.is(heldBy(world, 'bob').length, 1, 'in place of the earlier ones');
});

test('a profile may ask for more: its members are asked that many, and how many are shown tells nobody’s profile', async () => {
  const { world, questions, ask, challenge } = await desk();
  world.decide({ profiles: [{ name: 'Staff', groups: ['staff'], questions_to_answer: 5 }] });
  const { challenge: asked, drawn } = challenge('one');
  assert.is(drawn.length, 5);
  assert.is(await questions.judge(asked, answersTo(drawn).join('\n')), 'right');
  const strangers = Array.from({ length: 40 }, (_unused, nth) => ask(`stranger ${nth}`, null, `stranger ${nth}`).length);
  assert.equal([...new Set(strangers)].sort(), [3, 5]);
  for (let nth = 0; nth < 5; nth += 1) assert.is(ask(`again ${nth}`, null, 'zoe').length, ask('first', null, 'zoe').length);
});

test('raised in the middle of an attempt, the number asked before is too few; lowered, all that were asked are answered', async () => {
  const { world, questions, challenge } = await desk();
  const { challenge: asked, drawn } = challenge('one');
  const all = answersTo(drawn).join('\n');
  world.decide({ questions_to_answer: 4 });
  assert.is(await questions.judge(asked, all), 'wrong');
  const { challenge: four, drawn: more } = challenge('two');
  world.decide({ questions_to_answer: 3 });
  assert.is(await questions.judge(four, answersTo(more).slice(0, 3).join('\n')), 'wrong');
  assert.is(await questions.judge(four, answersTo(more).join('\n')), 'right');
});

test.run();
