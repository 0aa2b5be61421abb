/** `./latchkey test [--all] [PATH...]`: checks, runs every test that can run here, prints the coverage and, last, the totals. */

import { execFile, spawnSync } from 'node:child_process';
import { globSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { install, missing } from './needs.ts';
import { endAll, type Outcome, readTestFile, runTestFile, type TestFile } from './test-file.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const coverage = `${root}coverage/tmp`;
/** The long files mostly wait. */
const atOnce = Math.max(3, availableParallelism());

const { values, positionals } = parseArgs({
  options: { all: { type: 'boolean', default: false }, help: { type: 'boolean' } },
  allowPositionals: true,
});
const sum = { passed: 0, failed: 0, skipped: 0 };
/** What failed says so when it does, and the whole of it stands together at the end. */
const failures: string[] = [];

if (values.help) {
  console.log(
    'latchkey test [--all] [PATH...]\n  --all   also what needs real servers and a browser: installs what is missing and skips nothing\n  PATH    only test files whose path contains it',
  );
} else {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      endAll();
      tellFailures();
      process.exit(1);
    });
  await runEverything().catch((problem: unknown) => {
    sum.failed += 1;
    console.log(`FAIL  the run ended early: ${problem instanceof Error ? problem.message : String(problem)}`);
  });
  tellFailures();
  // With --all nothing is skipped: what a file left out counts as failed.
  console.log(`${sum.passed} passed, ${sum.failed} failed, ${values.all ? 0 : sum.skipped} skipped`);
  process.exitCode = sum.failed === 0 ? 0 : 1;
}

async function runEverything(): Promise<void> {
  const wanted = (path: string) => positionals.length === 0 || positionals.some((part) => path.includes(part));
  const files = globSync('{src,.ci}/**/*.test.ts', { cwd: root })
    .sort()
    .filter(wanted)
    .map((path) => readTestFile(`${root}${path}`));
  const absent = missing([...new Set(files.flatMap(({ needs }) => needs))]);
  if (values.all && absent.length > 0) provide(absent);
  rmSync(coverage, { recursive: true, force: true });

  const able = files.filter((file) => values.all || !lacks(file, absent));
  // What needs servers takes longest, so it starts first.
  const queue = able.filter(({ isAlone }) => !isAlone).sort((a, b) => b.needs.length - a.needs.length);
  const worker = async () => {
    for (let file = queue.shift(); file; file = queue.shift()) tell(file, await runTestFile(file, { root, coverage }));
  };
  await Promise.all([...(positionals.length === 0 ? [check()] : []), ...Array.from({ length: atOnce }, worker)]);
  for (const file of able.filter(({ isAlone }) => isAlone)) tell(file, await runTestFile(file, { root, coverage }));
  if (positionals.length === 0) printCoverage();
}

/** Files whose needs could not be installed run all the same, and fail by themselves. */
function provide(absent: readonly string[]): void {
  try {
    install(absent);
  } catch (problem) {
    sum.failed += 1;
    console.log(`FAIL  installing what the tests need: ${problem instanceof Error ? problem.message : String(problem)}`);
  }
}

function lacks(file: TestFile, absent: readonly string[]): boolean {
  const lacking = file.needs.filter((need) => absent.includes(need));
  if (lacking.length === 0) return false;
  sum.skipped += 1;
  console.log(`skip  ${short(file)}: needs ${lacking.join(', ')}, not installed here (--all installs it)`);
  return true;
}

function check(): Promise<void> {
  return new Promise((resolve) => {
    execFile(process.execPath, [`${root}.ci/check.ts`], { cwd: root, timeout: 900_000 }, (problem, stdout, stderr) => {
      sum[problem === null ? 'passed' : 'failed'] += 1;
      console.log(`${problem === null ? 'ok   ' : 'FAIL '} npm run check`);
      if (problem !== null) failures.push(`FAIL  npm run check\n${stdout}${stderr}`);
      resolve();
    });
  });
}

function tell(file: TestFile, outcome: Outcome): void {
  const { passed, output, problem, seconds } = outcome;
  // Where nothing may be skipped, a skipped test is a failed one.
  const failed = outcome.failed + (values.all ? outcome.skipped : 0);
  sum.passed += passed;
  sum.failed += failed;
  sum.skipped += outcome.skipped;
  const skipped = outcome.skipped > 0 ? `, ${outcome.skipped} skipped` : '';
  const line = `${failed === 0 ? 'ok   ' : 'FAIL '} ${short(file)}: ${passed} passed, ${failed} failed${skipped} (${seconds.toFixed(1)} s)${problem ? `: ${problem}` : ''}`;
  console.log(line);
  if (failed > 0) failures.push(`${line}\n${output}`);
}

/** Whoever stops a run early is told, too. */
function tellFailures(): void {
  for (const failure of failures) console.log(`\n${failure}`);
}

function short({ path }: TestFile): string {
  return path.slice(root.length);
}

/** c8 reads what every child left behind; `--all` counts files that no test has loaded, too. */
function printCoverage(): void {
  const args = [
    'report',
    '--temp-directory',
    coverage,
    '--all',
    '--src',
    'src',
    '--include',
    'src/**/*.ts',
    '--exclude',
    'src/{testing,bench}/**',
    '--exclude',
    '**/*.{test,d}.ts',
    '--reporter',
    'text',
    '--skip-full',
  ];
  const { stdout, stderr } = spawnSync(`${root}node_modules/.bin/c8`, args, {
    cwd: root,
    encoding: 'utf8',
    timeout: 600_000,
    maxBuffer: 1 << 26,
  });
  console.log(`${stdout}${stderr}`.trim());
}
