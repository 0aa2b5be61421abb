/** `npm run bench [-- --json]`: how fast and how silent Latchkey is, each figure beside a yardstick of the same run. */

import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { asJson, asLine, type Figure } from './figure.ts';
import { measureServing } from './serving.ts';

const parts: readonly [title: string, measure: (report: (figure: Figure) => void) => Promise<void>][] = [
  ['Serving', measureServing],
];

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false }, only: { type: 'string' } } });
const figures: Figure[] = [];
const begun = performance.now();
const say = (line: string): void => {
  if (!values.json) console.log(line);
};
say(`Latchkey on Node ${process.versions.node}, ${availableParallelism()} processors\n`);
for (const [title, measure] of parts) {
  if (values.only !== undefined && !title.toLowerCase().startsWith(values.only.toLowerCase())) continue;
  say(title);
  await measure((figure) => {
    figures.push(figure);
    say(asLine(figure));
  });
  say('');
}
const seconds = Math.round((performance.now() - begun) / 1000);
if (values.json) console.log(asJson(figures, { node: process.versions.node, processors: availableParallelism(), seconds }));
else say(`${seconds} s in all`);
