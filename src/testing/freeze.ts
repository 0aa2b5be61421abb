/** Stops the processes of a test's server, and waits until they have stopped: a signal is only delivered, and threads run on until they take it. */

import { readdirSync, readFileSync } from 'node:fs';

const patience = 2_000;
const pause = 2;

/** SIGSTOP to a process, or, as kill(2) has it, to the group of a negative number. Returns once every thread stands. */
export function freeze(pid: number): void {
  process.kill(pid, 'SIGSTOP');
  const whose = pid < 0 ? groupOf(-pid) : [pid];
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
