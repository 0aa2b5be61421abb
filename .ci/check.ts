/** `npm run check`: types, lint and formatting, the direction of imports, dead code. Prints only what failed; exit 1 when anything did. */

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

interface Verdict {
  readonly name: string;
  readonly passed: boolean;
  readonly output: string;
}

const root = fileURLToPath(new URL('..', import.meta.url));

const tool = (name: string, command: readonly string[], judge = (code: number | null, _output: string) => code === 0): Promise<Verdict> =>
  new Promise((resolve) => {
    const [program = '', ...args] = command;
    const path = `${root}node_modules/.bin/${program}`;
    if (!existsSync(path)) return resolve({ name, passed: false, output: `${program} is not installed: npm ci` });
    const chunks: Buffer[] = [];
    const child = spawn(path, args, {
      cwd: root,
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('close', (code) => {
      const output = Buffer.concat(chunks).toString().trim();
      resolve({ name, passed: judge(code, output), output });
    });
  });

/** Beside TypeScript 7 dependency-cruiser reads no module at all without @swc/core, and says that all is well: so the count is judged too. */
const readSomething = (code: number | null, output: string) => code === 0 && /[1-9]\d* dependencies cruised/.test(output);

const verdicts = await Promise.all([
  tool('types', ['tsc', '--noEmit']),
  tool('lint and formatting', ['biome', 'ci', '.', '--colors=off', '--max-diagnostics=100', '--error-on-warnings']),
  tool('direction of imports', ['depcruise', 'src', '--config', '.dependency-cruiser.cjs'], readSomething),
  tool('dead code', ['knip', '--no-progress', '--no-config-hints']),
]);

const failed = verdicts.filter((verdict) => !verdict.passed);
// dependency-cruiser's advice to install an older TypeScript is not part of the verdict.
for (const { name, output } of failed) console.log(`--- ${name} ---\n${output.split('\n‼')[0]?.trim()}\n`);
console.log(
  failed.length === 0
    ? `check: ${verdicts.map((v) => v.name).join(', ')}: all well`
    : `check: failed: ${failed.map((v) => v.name).join(', ')}`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
