/** A limit that is stated is kept or told: on the line, and in the exit code of the bench. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { asLine, isOver } from './figure.ts';

const figure = { part: 'sync', name: 'first', value: 250, unit: 'ms', yardstick: { name: 'the tool', value: 100 } };

test('a figure is over its limit, within it, or has none', () => {
  assert.not(isOver(figure));
  assert.not(isOver({ ...figure, most: 2.5 }));
  assert.ok(isOver({ ...figure, most: 2.4 }));
  assert.ok(isOver({ ...figure, most: 2.5, value: Number.NaN }), 'what cannot be compared keeps no limit');
  assert.not(isOver({ ...figure, most: 2.5, value: null }), 'it was not measured');
});

test('the line says which', () => {
  assert.match(asLine({ ...figure, most: 2.5, note: 'alone' }), /within 2\.5 times; alone$/);
  assert.match(asLine({ ...figure, most: 2.4 }), /MORE than 2\.4 times$/);
  assert.not.match(asLine(figure), /times/);
});

test.run();
