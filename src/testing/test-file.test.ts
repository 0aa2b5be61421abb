/** The runner’s own traps: what uvu would let pass must fail here. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually } from './eventually.ts';
import { missing } from './needs.ts';
import { type Outcome, readTestFile, runTestFile } from './test-file.ts';

const uvu = new URL('../../node_modules/uvu/dist/index.mjs', import.meta.url).href;

interface Room {
  folder: string;
  run: (lines: string) => Promise<Outcome>;
}
const test = suite<Room>('test file');
test.before.each((room) => {
  room.folder = mkdtempSync(join(tmpdir(), 'latchkey-test-file-'));
  room.run = (lines) => {
    const path = join(room.folder, 'planted.test.ts');
    writeFileSync(path, lines.replace('#uvu', `import { test } from '${uvu}';`));
    return runTestFile(readTestFile(path), {
      root: fileURLToPath(new URL('../..', import.meta.url)),
      coverage: join(room.folder, 'coverage'),
      lingerMillis: 5000,
    });
  };
});
test.after.each(({ folder }) => rmSync(folder, { recursive: true }));

const counts = ({ passed, failed, skipped }: Outcome) => [passed, failed, skipped];

test('what passed, failed and was skipped is counted', async ({ run }) => {
  const outcome = await run(
    `#uvu\ntest('a', () => {}); test('b', () => { throw new Error('planted'); }); test.skip('c', () => {}); test.run();`,
  );
  assert.equal(counts(outcome), [1, 1, 1]);
  assert.match(outcome.output, 'planted');
});

test('a forgotten .run() fails', async ({ run }) => {
  const outcome = await run(`#uvu\ntest('a', () => {});`);
  assert.equal(counts(outcome), [0, 1, 0]);
  assert.match(outcome.problem ?? '', 'is .run() called?');
});

test('a test that never settles fails, and takes its servers with it', async ({ run }) => {
  const outcome = await run(`// limit: 15 s\n#uvu\nimport { spawn } from 'node:child_process';
const child = spawn('sleep', ['60']); console.log('server', child.pid);
test('a', () => new Promise(() => {})); test.run();`);
  assert.equal(counts(outcome), [0, 1, 0]);
  assert.match(outcome.problem ?? '', 'did not end within 15 s');
  const pid = Number(/server (\d+)/.exec(outcome.output)?.[1]);
  assert.ok(pid > 0, outcome.output);
  await eventually('what it started lives on', () => !isAlive(pid));
});

/** A dead process that nobody has asked after is still listed, as a zombie. */
const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

test('a file that breaks before its tests fails', async ({ run }) => {
  const outcome = await run(`throw new Error('planted');`);
  assert.equal(counts(outcome), [0, 1, 0]);
  assert.match(outcome.output, 'planted');
});

test('an error after the last test fails', async ({ run }) => {
  const outcome = await run(`#uvu\ntest('a', () => { setTimeout(() => { throw new Error('late'); }, 100); }); test.run();`);
  assert.equal(counts(outcome), [1, 1, 0]);
});

test('a hook that throws is named', async ({ run }) => {
  const outcome = await run(`#uvu\ntest.before(() => { throw new Error('in a hook'); }); test('a', () => {}); test.run();`);
  assert.equal(counts(outcome), [0, 1, 0]);
  assert.match(outcome.output, 'in a hook');
});

test('what is left open is told', async ({ run }) => {
  const outcome = await run(`#uvu\ntest('a', () => { setInterval(() => {}, 1000); }); test.run();`);
  assert.equal(counts(outcome), [1, 1, 0]);
  assert.match(outcome.problem ?? '', 'left something open');
});

test('a file declares what it needs in its first lines', ({ folder }) => {
  const path = join(folder, 'declared.test.ts');
  writeFileSync(path, '// needs: slapd ldap-utils\n// limit: 300 s\n// alone: it measures time\n');
  assert.equal(readTestFile(path), { path, needs: ['slapd', 'ldap-utils'], limitSeconds: 300, isAlone: true });
  assert.throws(() => missing(['slapd-with-a-typo']), /unknown need/);
});

test.run();
