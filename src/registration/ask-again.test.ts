/** Who is asked to look through their registration hears of it; when everybody is, the next sign-in says it. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { cast } from '../testing/cast.ts';
import { testWorld } from '../testing/world.ts';
import { askingAgain } from './ask-again.ts';

const test = suite('asking again');

test('one person is told by mail, with the link “this was not me”', async () => {
  const world = await testWorld();
  const askAgain = askingAgain(world);
  assert.is(askAgain(world.people.alice, { actor: 'carol' }), 1);
  assert.equal(
    world.mail.map(({ kind, to }) => [kind, to]),
    [['registration-asked-again', cast.alice.mail]],
  );
  askAgain(null, { actor: 'carol' });
  assert.is(world.mail.length, 1);
});

test.run();
