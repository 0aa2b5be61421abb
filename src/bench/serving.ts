/** Start, the first page, memory, and what a request costs with nothing and with a crowd in the database. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Started, startBarePage, startHello } from './bare.ts';
import { fill } from './crowd.ts';
import type { Report } from './figure.ts';
import { type Ask, load, median, memoryOf, processorMillis, quantile } from './measure.ts';
import { newSite, type Site } from './site.ts';

const starts = 5;
const crowd = 20_000;

export async function measureServing(report: Report): Promise<void> {
  const site = await newSite();
  try {
    await measureStart(site, report);
    const server = await site.serve();
    try {
      await pause(1500);
      const rest = memoryOf(server.pid);
      await measurePage(site, server, report);
      reportMemory(server, rest, report);
    } finally {
      await server.stop();
    }
    await measureCrowd(site, report);
  } finally {
    site.remove();
  }
}

async function measureStart(site: Site, report: Report): Promise<void> {
  const took: { ours: number[]; bare: number[] } = { ours: [], bare: [] };
  for (let start = 0; start <= starts; start += 1) {
    for (const [whose, begin] of [
      ['ours', site.serve],
      ['bare', startHello],
    ] as const) {
      const server = await begin();
      took[whose].push(server.firstAnswer);
      await server.stop();
    }
  }
  const bare = { name: 'a bare Koa that says hello', value: median(took.bare.slice(1)) };
  report({ part: 'start', name: 'start to first 200, folder new', value: took.ours[0] ?? null, unit: 'ms', yardstick: bare });
  report({
    part: 'start',
    name: `start to first 200, median of ${starts}`,
    value: median(took.ours.slice(1)),
    unit: 'ms',
    yardstick: bare,
  });
}

/** The same bytes by both, taken in turns. */
async function measurePage(site: Site, { port }: Started, report: Report): Promise<void> {
  const html = await (await fetch(`http://127.0.0.1:${port}/reset`)).text();
  const template = join(site.folder, 'page.eta');
  writeFileSync(template, html.replace(/<h1>[^<]*/, '<h1><%= it.title %>').replace(/(name="csrf" value=")[^"]*/, '$1<%= it.csrf %>'));
  const bare = await startBarePage(template);
  try {
    const series = { ours: [] as Awaited<ReturnType<typeof load>>[], bare: [] as Awaited<ReturnType<typeof load>>[] };
    for (let turn = 0; turn < 3; turn += 1) {
      const millis = turn === 0 ? 1500 : 4000; // the first warms up
      series.ours[turn] = await load({ port, connections: 16, millis, ask: () => ({ path: '/reset' }) });
      series.bare[turn] = await load({ port: bare.port, connections: 16, millis, ask: () => ({ path: '/' }) });
    }
    const of = (whose: 'ours' | 'bare') => {
      const counted = series[whose].slice(1);
      const millis = counted.flatMap((one) => one.millis);
      return { perSecond: median(counted.map(({ perSecond }) => perSecond)), p50: quantile(millis, 0.5), p99: quantile(millis, 0.99) };
    };
    const [ours, theirs] = [of('ours'), of('bare')];
    const name = 'bare Koa and Eta, same bytes';
    const part = 'page';
    report({
      part,
      name: 'GET /reset, 16 connections',
      value: ours.perSecond,
      unit: 'req/s',
      yardstick: { name, value: theirs.perSecond },
    });
    report({ part, name: 'GET /reset, p50', value: ours.p50, unit: 'ms', yardstick: { name, value: theirs.p50 } });
    report({ part, name: 'GET /reset, p99', value: ours.p99, unit: 'ms', yardstick: { name, value: theirs.p99 } });
  } finally {
    await bare.stop();
  }
}

function reportMemory({ pid }: Started, rest: ReturnType<typeof memoryOf>, report: Report): void {
  const now = memoryOf(pid);
  const part = 'memory';
  report({ part, name: 'resident at rest', value: rest.resident, unit: 'MiB' });
  report({ part, name: 'proportional (PSS) at rest', value: rest.proportional, unit: 'MiB' });
  report({ part, name: 'resident after the load', value: now.resident, unit: 'MiB', yardstick: { name: 'at rest', value: rest.resident } });
  report({ part, name: 'highest ever (VmHWM)', value: now.highest, unit: 'MiB', yardstick: { name: 'at rest', value: rest.resident } });
}

interface Cost {
  /** Of the server's processor, and of the asker's patience, for one request. */
  readonly processor: number;
  readonly millis: number;
}

const garbage = 'A'.repeat(43);
/** Each with the number of requests: a login typed occupies a place in the queue of deferred work for half a second. */
const kinds: readonly { name: string; requests: number; ask: (visitor: string, csrf: string) => (number: number) => Ask }[] = [
  { name: 'GET /reset', requests: 1500, ask: () => () => ({ path: '/reset' }) },
  {
    name: 'POST /reset/identify',
    requests: 150,
    ask: (visitor, csrf) => (number) => ({
      method: 'POST',
      path: '/reset/identify',
      headers: {
        Cookie: `visitor=${visitor}`,
        'Content-Type': 'application/x-www-form-urlencoded',
        'X-Forwarded-For': `10.8.${number & 255}.1`,
      },
      body: String(new URLSearchParams({ csrf, intention: 'reset', login: `stranger${number}` })),
    }),
  },
  {
    name: 'garbage attempt cookie',
    requests: 1500,
    ask: () => (number) => ({ path: '/reset', headers: { Cookie: `attempt=${number}${garbage.slice(String(number).length)}` } }),
  },
  {
    name: 'garbage session cookie',
    requests: 1500,
    ask: () => (number) => ({ path: '/reset', headers: { Cookie: `session=${number}${garbage.slice(String(number).length)}` } }),
  },
  {
    name: 'garbage reset link',
    requests: 1500,
    ask: () => (number) => ({ path: `/reset/code/${number}${garbage.slice(String(number).length)}` }),
  },
  {
    name: 'garbage not-me link',
    requests: 1500,
    ask: () => (number) => ({ path: `/not-me/${number}${garbage.slice(String(number).length)}` }),
  },
];

async function costsOn({ pid, port }: Started): Promise<ReadonlyMap<string, Cost>> {
  const first = await fetch(`http://127.0.0.1:${port}/reset`);
  const visitor = /visitor=([^;]+)/.exec(first.headers.get('set-cookie') ?? '')?.[1] ?? '';
  const csrf = /name="csrf" value="([^"]+)"/.exec(await first.text())?.[1] ?? '';
  await load({ port, connections: 1, requests: 2500, ask: () => ({ path: '/reset' }) });
  const costs = new Map<string, Cost>();
  for (const { name, requests, ask } of kinds) {
    const before = processorMillis(pid);
    const { millis, statuses } = await load({ port, connections: 1, requests, ask: ask(visitor, csrf) });
    const unexpected = Object.keys(statuses).filter((status) => !['200', '303', '404'].includes(status));
    if (unexpected.length > 0) throw new Error(`${name} was answered ${JSON.stringify(statuses)}`);
    costs.set(name, { processor: (processorMillis(pid) - before) / requests, millis: median(millis) });
  }
  return costs;
}

async function measureCrowd(site: Site, report: Report): Promise<void> {
  const measured: ReadonlyMap<string, Cost>[] = [];
  for (const many of [0, crowd]) {
    if (many > 0) await site.inside((house) => fill(house, many));
    const server = await site.serve();
    try {
      measured.push(await costsOn(server));
    } finally {
      await server.stop();
    }
  }
  const [none, full] = measured;
  for (const { name } of kinds) {
    const [before, after] = [none?.get(name), full?.get(name)];
    if (!before || !after) continue;
    const among = `${name}, ${crowd.toLocaleString('en')} live of each`;
    report({
      part: 'crowd',
      name: `${among}: processor`,
      value: after.processor,
      unit: 'ms',
      yardstick: { name: 'with none', value: before.processor },
    });
    report({
      part: 'crowd',
      name: `${among}: median`,
      value: after.millis,
      unit: 'ms',
      yardstick: { name: 'with none', value: before.millis },
    });
  }
  const page = full?.get('GET /reset')?.processor ?? 0;
  for (const name of ['garbage attempt cookie', 'garbage session cookie', 'garbage reset link', 'garbage not-me link']) {
    const whole = full?.get(name)?.processor ?? 0;
    report({
      part: 'garbage',
      name: `${name}: processor, whole request`,
      value: whole,
      unit: 'ms',
      yardstick: { name: 'GET /reset without', value: page },
    });
  }
}
