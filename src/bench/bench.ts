/** `npm run bench [-- --json]`: how fast and how silent Latchkey is, each figure beside a yardstick of the same run. Exit 1 when one is over its limit. */

import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { asJson, asLine, type Figure, isOver, type Report } from './figure.ts';
import { missing } from '../testing/needs.ts';
import { measureJourney } from './journey.ts';
import { measurePasswords } from './passwords.ts';
import { measureServing } from './serving.ts';
import { measureSilence } from './silence.ts';
import { measureSambaSync, measureSync } from './sync.ts';

interface Part {
  readonly title: string;
  readonly needs: readonly string[];
  readonly measure: (report: Report) => Promise<void>;
}

const directory = ['slapd', 'ldap-utils'];
const parts: readonly Part[] = [
  { title: 'Serving', needs: [], measure: measureServing },
  { title: 'Passwords', needs: [], measure: measurePasswords },
  { title: 'A reset', needs: directory, measure: measureJourney },
  { title: 'Sync', needs: directory, measure: measureSync },
  { title: 'Samba sync', needs: ['samba'], measure: measureSambaSync },
  { title: 'Silence', needs: directory, measure: measureSilence },
];

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false }, only: { type: 'string' } } });
const figures: Figure[] = [];
const begun = performance.now();
const say = (line: string): void => {
  if (!values.json) console.log(line);
};
say(`Latchkey on Node ${process.versions.node}, ${availableParallelism()} processors\n`);
for (const { title, needs, measure } of parts) {
  if (values.only !== undefined && !title.toLowerCase().startsWith(values.only.toLowerCase())) continue;
  say(title);
  const report: Report = (figure) => {
    figures.push(figure);
    say(asLine(figure));
  };
  const absent = missing(needs);
  if (absent.length === 0) await measure(report);
  else
    report({
      part: title.toLowerCase(),
      name: 'not measured',
      value: null,
      unit: '',
      note: `needs ${absent.join(', ')}, not installed here`,
    });
  say('');
}
const seconds = Math.round((performance.now() - begun) / 1000);
if (values.json) console.log(asJson(figures, { node: process.versions.node, processors: availableParallelism(), seconds }));
else say(`${seconds} s in all`);
const over = figures.filter(isOver);
for (const { name, most } of over) console.error(`${name}: more than ${most} times its yardstick`);
process.exitCode = over.length > 0 ? 1 : 0;
