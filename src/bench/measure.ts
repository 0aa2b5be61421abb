/** Numbers out of samples and out of /proc, and a bounded load over bare sockets. It knows nothing of what is measured. */

import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';

export const sorted = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b);
export const quantile = (values: readonly number[], share: number): number =>
  sorted(values)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;
export const median = (values: readonly number[]): number => quantile(values, 0.5);

export async function timed<T>(work: () => Promise<T>): Promise<{ millis: number; result: T }> {
  const from = performance.now();
  const result = await work();
  return { millis: performance.now() - from, result };
}

/** Milliseconds that all threads of the process have been on a processor: nanoseconds in the kernel's books, so short work shows. */
export function processorMillis(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.reduce(
    (sum, thread) => sum + Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]) / 1e6,
    0,
  );
}

/** Mebibytes. `proportional` counts pages shared with others by their share; null where the kernel does not tell. */
export function memoryOf(pid: number): { resident: number; proportional: number | null; highest: number } {
  const mebibytes = (text: string, name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) / 1024;
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const memory = { resident: mebibytes(status, 'VmRSS'), highest: mebibytes(status, 'VmHWM') };
  try {
    return { ...memory, proportional: mebibytes(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'), 'Pss') };
  } catch {
    return { ...memory, proportional: null };
  }
}

export interface Ask {
  readonly method?: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Load {
  readonly port: number;
  readonly connections: number;
  /** Ends after so many requests, or so many milliseconds. */
  readonly requests?: number;
  readonly millis?: number;
  /** Or when this says so. */
  readonly isOver?: () => boolean;
  /** All connections together ask so often; without it each asks again as soon as it is answered. */
  readonly perSecond?: number;
  /** Of the request with this number. */
  readonly ask: (number: number) => Ask;
}

export interface LoadResult {
  readonly requests: number;
  readonly perSecond: number;
  readonly millis: readonly number[];
  readonly statuses: Readonly<Record<string, number>>;
}

const written = ({ method = 'GET', path, headers = {}, body = '' }: Ask): string => {
  const fields = { Host: 'localhost', ...headers, ...(method === 'POST' ? { 'Content-Length': String(Buffer.byteLength(body)) } : {}) };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
};

/** Less work for the asking side than an HTTP client, whose cost would be measured too. */
export async function load(wish: Load): Promise<LoadResult> {
  const { port, connections, requests = Number.POSITIVE_INFINITY, millis = 60_000, isOver = () => false, perSecond, ask } = wish;
  const pause = perSecond === undefined ? 0 : (1000 * connections) / perSecond;
  const times: number[] = [];
  const statuses: Record<string, number> = {};
  const begun = performance.now();
  const end = begun + millis;
  let asked = 0;

  const line = (): Promise<void> =>
    new Promise((done, failed) => {
      const socket = connect(port, '127.0.0.1');
      let held = '';
      let from = 0;
      let last = begun;
      const next = (): void => {
        const early = last + pause - performance.now();
        if (early > 1) return void setTimeout(next, early);
        last = performance.now();
        if (asked >= requests || last > end || isOver()) return void socket.end();
        const text = written(ask(asked));
        asked += 1;
        held = '';
        from = performance.now();
        socket.write(text);
      };
      socket
        .setNoDelay(true)
        .setEncoding('latin1')
        .setTimeout(30_000, () => socket.destroy(new Error('no answer')));
      socket.on('connect', next);
      socket.on('error', failed);
      socket.on('close', () => done());
      socket.on('data', (piece) => {
        held += piece;
        const head = held.indexOf('\r\n\r\n');
        if (head < 0) return;
        const length = Number(/\r\ncontent-length: (\d+)/i.exec(held.slice(0, head))?.[1] ?? 0);
        if (held.length < head + 4 + length) return;
        times.push(performance.now() - from);
        const status = held.slice(9, 12);
        statuses[status] = (statuses[status] ?? 0) + 1;
        next();
      });
    });
  await Promise.all(Array.from({ length: connections }, line));
  return { requests: times.length, perSecond: (times.length * 1000) / (performance.now() - begun), millis: times, statuses };
}
