/** One test file: what it declares of itself, and a run of it in a process of its own, for uvu knows neither time limits nor a forgotten `.run()`. */

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { searchPath } from './needs.ts';

export interface TestFile {
  readonly path: string;
  readonly needs: readonly string[];
  readonly limitSeconds: number;
  /** Measures time, and so runs with nothing beside it. */
  readonly isAlone: boolean;
}

export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Why the file as a whole failed, beside its tests. */
  readonly problem: string | null;
  readonly output: string;
  readonly seconds: number;
}

/** Only so that nothing hangs: the longest file takes four minutes on a quiet machine. */
const defaultLimitSeconds = 1500;
/** What Node writes of the coverage after the last test takes its time, too. */
const usualLinger = 180_000;
const tellingHooks = new URL('telling-hooks.ts', import.meta.url).href;

/** The first lines may say `// needs: slapd chromium`, `// limit: 300 s` and `// alone`. */
export function readTestFile(path: string): TestFile {
  const head = readFileSync(path, 'utf8').split('\n').slice(0, 6).join('\n');
  return {
    path,
    needs: /^\/\/ needs: (.+)$/m.exec(head)?.[1]?.trim().split(/\s+/) ?? [],
    limitSeconds: Number(/^\/\/ limit: (\d+) s$/m.exec(head)?.[1] ?? defaultLimitSeconds),
    isAlone: /^\/\/ alone\b/m.test(head),
  };
}

/** uvu leaves skipped tests out of its total. */
function totals(output: string): { total: number; passed: number; skipped: number } | null {
  const count = (name: string) => [...output.matchAll(new RegExp(`^\\s*${name}:\\s+(\\d+)`, 'gm'))].at(-1)?.[1];
  const [total, passed, skipped] = [count('Total'), count('Passed'), count('Skipped')];
  return total === undefined || passed === undefined
    ? null
    : { total: Number(total), passed: Number(passed), skipped: Number(skipped ?? 0) };
}

const running = new Set<number>();

/** The file's whole process group: servers that it started go with it. */
function end(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // already gone
  }
}

export const endAll = (): void => running.forEach(end);

export function runTestFile(
  { path, limitSeconds }: TestFile,
  { root, coverage, lingerMillis = usualLinger }: { root: string; coverage: string; lingerMillis?: number },
): Promise<Outcome> {
  return new Promise((resolve) => {
    const started = performance.now();
    const chunks: string[] = [];
    let problem: string | null = null;
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--import', tellingHooks, path], {
      cwd: root,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PATH: searchPath, NO_COLOR: '1', FORCE_COLOR: '0', NODE_V8_COVERAGE: coverage },
    });
    const pid = child.pid ?? 0;
    running.add(pid);
    const stop = (why: string) => {
      problem ??= why;
      end(pid);
    };
    const limit = setTimeout(() => stop(`did not end within ${limitSeconds} s`), limitSeconds * 1000);
    let linger: NodeJS.Timeout | undefined;
    const read = (chunk: string) => {
      chunks.push(chunk);
      if (/^\s*Duration:/m.test(chunk))
        linger ??= setTimeout(() => stop('left something open: it did not end after its last test'), lingerMillis);
    };
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      clearTimeout(linger);
      running.delete(pid);
      end(pid);
      const output = chunks.join('');
      const found = totals(output);
      const [total, passed, skipped] = [found?.total ?? 0, found?.passed ?? 0, found?.skipped ?? 0];
      if (total + skipped === 0)
        problem ??= code === 0 ? 'ran no test: is .run() called?' : `ended without totals (${signal ?? `exit ${code}`})`;
      if (code !== 0 && total === passed) problem ??= `ended with ${signal ?? `exit ${code}`}`;
      const failed = total - passed + (problem !== null && total === passed ? 1 : 0);
      resolve({ passed, failed, skipped, problem, output, seconds: (performance.now() - started) / 1000 });
    });
  });
}
