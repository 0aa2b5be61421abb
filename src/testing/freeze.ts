/** Stops the processes of a test's server, and waits until they have stopped: a signal is only delivered, and threads run on until they take it. */

import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const patience = 30_000;
const pause = 2;

/** SIGSTOP to a server that has not ended, or to the whole group that it leads. Returns once every thread stands. */
export function freeze(server: ChildProcess | null, { withGroup = false } = {}): void {
  if (server?.pid === undefined || server.exitCode !== null || server.signalCode !== null) return;
  process.kill(withGroup ? -server.pid : server.pid, 'SIGSTOP');
  const whose = withGroup ? groupOf(server.pid) : [server.pid];
  const until = performance.now() + patience;
  while (!whose.every(stands)) {
    if (performance.now() > until) throw new Error(`${whose.join(' ')} did not stop`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
  }
}

/** State and group, proc_pid_stat(5): what follows the name, which may hold anything. */
function statOf(path: string): readonly string[] | null {
  try {
    const stat = readFileSync(`/proc/${path}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

const groupOf = (group: number): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && statOf(name)?.[2] === String(group))
    .map(Number);

/** Threads may end while they are looked at; an ended one stands. */
function stands(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).every((thread) => /^[TtZX]|^$/.test(statOf(`${pid}/task/${thread}`)?.[0] ?? ''));
  } catch {
    return true;
  }
}
