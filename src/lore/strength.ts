/** How hard a password is to guess, as zxcvbn estimates it in a thread of its own: an estimate, never a promise. */

import { Worker } from 'node:worker_threads';

export interface StrengthGauge {
  /** 0 (among the first thousand guesses) to 4 (not by ten thousand million); null when there was no answer within the time. */
  estimate(password: string, about: readonly string[]): Promise<number | null>;
  close(): Promise<void>;
}

/** zxcvbn's time grows with the square of the length: 40 characters take a tenth of a second, and decide. */
const longestJudged = 40;
/** The first estimate waits for the dictionaries, too, on whatever machine; where none comes, nobody can choose a password. */
const usualPatience = 5000;
/** The thread holds some 40 MB, which an office that sets a password now and then need not give. */
const idleMillis = 60_000;
const waitingAtMost = 16;

export function strengthGauge({ patience = usualPatience } = {}): StrengthGauge {
  let thread: Worker | null = null;
  let idle: NodeJS.Timeout | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;

  async function end(): Promise<void> {
    clearTimeout(idle);
    const ending = thread;
    thread = null;
    await ending?.terminate();
  }

  function started(): Worker {
    if (thread !== null) return thread;
    const made = new Worker(new URL('./strength-thread.ts', import.meta.url), { resourceLimits: { maxOldGenerationSizeMb: 128 } });
    made.unref();
    made.on('error', () => {}); // it has ended, and the estimate with it
    thread = made;
    return made;
  }

  function ask(password: string, about: readonly string[]): Promise<number | null> {
    const asked = started();
    return new Promise((answer) => {
      const settle = (strength: number | null): void => {
        clearTimeout(late);
        asked.removeAllListeners('message').removeAllListeners('exit');
        if (strength === null) void end();
        answer(strength);
      };
      const late = setTimeout(() => settle(null), patience);
      asked.once('message', settle);
      asked.once('exit', () => settle(null));
      asked.postMessage({ password: [...password].slice(0, longestJudged).join(''), about });
    });
  }

  return {
    async estimate(password, about) {
      if (waiting >= waitingAtMost) return null;
      waiting += 1;
      clearTimeout(idle);
      const turn = last.then(() => ask(password, about));
      last = turn;
      try {
        return await turn;
      } finally {
        waiting -= 1;
        idle = setTimeout(() => void end(), idleMillis).unref();
      }
    },
    close: end,
  };
}
