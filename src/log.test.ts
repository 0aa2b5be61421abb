/** The two forms of the log, as a process writes them. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const run = promisify(execFile);
const program = (format: string): string =>
  `import { openLog } from ${JSON.stringify(new URL('./log.ts', import.meta.url).href)};
   const log = openLog({ level: 'info', format: '${format}' });
   log.debug('not shown');
   log.warn({ login: 'eve\\nroot' }, 'two\\nlines');`;
const written = async (format: string) => (await run(process.execPath, ['--input-type=module', '-e', program(format)])).stderr;

test('as JSON, with the time in ISO 8601', async () => {
  const line = JSON.parse(await written('json')) as Record<string, unknown>;
  assert.is(line.msg, 'two\nlines');
  assert.match(String(line.time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
});

test('in words: one event is one line, whatever it holds', async () => {
  const words = await written('text');
  assert.is(words.trimEnd().split('\n').length, 1, words);
  assert.match(words, /WARN {2}two\\nlines {2}login="eve\\nroot"/);
});

test.run();
