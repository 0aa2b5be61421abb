/** The yardsticks: the smallest server of the same libraries, and the same page by Koa and Eta with nothing around it. */

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { localUrl } from '../testing/front-desk.ts';

const root = join(import.meta.dirname, '../..');

export interface Started {
  readonly pid: number;
  readonly port: number;
  /** Milliseconds from the start of the process to its first 200. */
  readonly firstAnswer: number;
  stop(): Promise<void>;
}

export const freePort = async (): Promise<number> => Number(new URL(await localUrl()).port);

/** Starts Node with these arguments and asks `path` until it is answered with 200. Its output goes nowhere. */
export async function startNode(args: readonly string[], { port, path = '/' }: { port: number; path?: string }): Promise<Started> {
  const from = performance.now();
  const child = spawn(process.execPath, [...args], { cwd: root, stdio: 'ignore' });
  const isThere = async (): Promise<boolean> => {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(5000) }).catch(() => null);
    await answer?.arrayBuffer();
    return answer?.status === 200;
  };
  for (const end = from + 30_000; !(await isThere()); await new Promise((resume) => setTimeout(resume, 2)))
    if (performance.now() > end) throw new Error('no answer within 30 seconds');
  return { pid: child.pid ?? 0, port, firstAnswer: performance.now() - from, stop: () => stopped(child) };
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 5000);
  await ended;
  clearTimeout(late);
}

/** Not imported but handed to a Node of its own: only src/web speaks Koa. */
const hello = `
import Koa from 'koa';
const app = new Koa();
app.use((context) => { context.body = 'hello'; });
app.listen(Number(process.argv[1]), '127.0.0.1');
`;

const pageServer = `
import { readFileSync } from 'node:fs';
import { Eta } from 'eta';
import Koa from 'koa';
const eta = new Eta({ cache: true });
const page = eta.compile(readFileSync(process.argv[2], 'utf8'));
const app = new Koa();
app.use((context) => {
  context.type = 'text/html; charset=utf-8';
  context.body = eta.render(page, { title: 'Reset your password', csrf: 'a value' });
});
app.listen(Number(process.argv[1]), '127.0.0.1');
`;

const startScript = async (script: string, ...words: string[]): Promise<Started> => {
  const port = await freePort();
  return startNode(['--input-type=module', '-e', script, String(port), ...words], { port });
};

export const startHello = (): Promise<Started> => startScript(hello);
/** `template` is the file of a page for Eta. */
export const startBarePage = (template: string): Promise<Started> => startScript(pageServer, template);
