/** The puzzle: asked of an address with many failures alone, solved by work or by a sum, once, there, and not for long. */

import { createHash } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { addressKey, limits } from '../rules/throttle.ts';
import { hour, minute } from '../rules/time.ts';
import { testWorld } from '../testing/world.ts';
import { createPuzzles, type Puzzle } from './puzzle.ts';

const test = suite('the puzzle');
const address = '192.0.2.7';

async function desk() {
  const world = await testWorld();
  const puzzles = createPuzzles(world);
  const trouble = (times: number, of = address) => {
    for (let nth = 0; nth < times; nth += 1) world.throttle.hit(limits.troubles, addressKey(of), world.clock.now());
  };
  const now = () => world.clock.now();
  const owed = (of = address): Puzzle => {
    const puzzle = puzzles.owedBy(of, now());
    if (!puzzle) throw new Error('nothing is owed');
    return puzzle;
  };
  const answerTo = ({ seed, sum }: Puzzle, answer = String(sum.one + sum.other)) => ({ puzzle: seed, puzzle_answer: answer });
  return { world, puzzles, trouble, now, owed, answerTo };
}
function workFor({ seed, bits }: Puzzle): string {
  for (let tried = 0; ; tried += 1) {
    if (createHash('sha256').update(`${seed}.${tried}`).digest().readUInt32BE(0) < 2 ** (32 - bits)) return String(tried);
  }
}

test('an address with few failures owes nothing, and any form passes', async () => {
  const { puzzles, trouble, now } = await desk();
  trouble(limits.troubles.most - 1);
  assert.is(puzzles.owedBy(address, now()), null);
  assert.ok(puzzles.admits(address, {}, now()));
  trouble(1);
  assert.ok(puzzles.owedBy(address, now()));
  assert.not.ok(puzzles.admits(address, {}, now()));
  assert.is(puzzles.owedBy('192.0.2.8', now()), null, 'the neighbour');
});

test('the sum, in the digits of any script, or the work; each once', async () => {
  const { puzzles, trouble, now, owed, answerTo } = await desk();
  trouble(limits.troubles.most);
  const first = owed();
  assert.ok(puzzles.admits(address, answerTo(first), now()));
  assert.not.ok(puzzles.admits(address, answerTo(first), now()), 'a second time');
  const second = owed();
  const arabic = [...String(second.sum.one + second.sum.other)].map((digit) => String.fromCodePoint(0x660 + Number(digit))).join('');
  assert.ok(puzzles.admits(address, answerTo(second, ` ${arabic} `), now()));
  const third = owed();
  assert.ok(puzzles.admits(address, { puzzle: third.seed, puzzle_work: workFor(third) }, now()));
});

test('wrong, forged, another address’s, too old, and no work at all', async () => {
  const { world, puzzles, trouble, now, owed, answerTo } = await desk();
  trouble(limits.troubles.most);
  trouble(limits.troubles.most, '192.0.2.8');
  const puzzle = owed();
  const work = workFor(puzzle);
  const wrong = [
    {},
    answerTo(puzzle, String(puzzle.sum.one + puzzle.sum.other + 1)),
    answerTo(puzzle, ''),
    { ...answerTo(puzzle), puzzle: `${puzzle.seed}x` },
    { ...answerTo(puzzle), puzzle: puzzle.seed.replace(/^./, 'z') },
    { puzzle: puzzle.seed, puzzle_work: String(Number(work) + 1) },
    { puzzle: puzzle.seed, puzzle_work: `${work}junk` },
    { puzzle: '', puzzle_answer: '4' },
    { puzzle: '..', puzzle_answer: '4' },
  ];
  for (const form of wrong) assert.not.ok(puzzles.admits(address, form, now()), JSON.stringify(form));
  assert.not.ok(puzzles.admits('192.0.2.8', answerTo(puzzle), now()), 'solved elsewhere');
  world.clock.advance(10 * minute + 1);
  assert.not.ok(puzzles.admits(address, answerTo(puzzle), now()), 'too old');
  assert.not.ok(puzzles.admits(address, { puzzle: puzzle.seed, puzzle_work: work }, now()), 'too old');
  world.clock.advance(hour);
  assert.ok(puzzles.admits(address, {}, now()), 'an hour later nothing is owed');
});

test('the work is a second of a telephone and no more', async () => {
  const { trouble, owed } = await desk();
  trouble(limits.troubles.most);
  const works = Array.from({ length: 20 }, () => Number(workFor(owed())));
  const mean = works.reduce((sum, work) => sum + work, 0) / works.length;
  assert.ok(mean > 10_000 && mean < 250_000, `${mean} tries`);
});

test.run();
