/** Reading an office from a real slapd: the first time, again, and only what changed, beside `ldapsearch` of the same; and what pages cost meanwhile. */

import { type ChildProcess, execFile, fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type House, openHouse, prepareFolder } from '../app.ts';
import { openldap } from '../directory/openldap.ts';
import { isRefusal } from '../rules/refusal.ts';
import type { Directory } from '../world.ts';
import { openRealHouse, type RealHouse } from '../testing/house.ts';
import { ldifOfOffice } from '../testing/large-office.ts';
import type { Report } from './figure.ts';
import { load, median, quantile, timed } from './measure.ts';
import type { Reply } from './office.ts';

const offices = [
  { people: 5000, groups: 200 },
  { people: 50_000, groups: 2000 },
];
const rounds = 3;
const changed = 100;
const base = 'dc=latchkey,dc=test';
const pageSize = 1000;

type Kind = 'tool' | 'first' | 'again' | 'some';

export async function measureSync(report: Report): Promise<void> {
  for (const office of offices) {
    const house = await openRealHouse({ slapd: { ldif: ldifOfOffice({ ...office, base }) }, timeoutSeconds: 60 });
    try {
      const words = office.people.toLocaleString('en');
      reportReading(words, await readingsOf(house, office), report);
      if (office === offices.at(-1)) await measurePages(house, words, report);
    } finally {
      await house.close();
    }
  }
}

/** Every round in a data folder of its own, the tool between its steps: what else the machine does meets all alike. */
async function readingsOf(house: RealHouse, office: (typeof offices)[number]): Promise<Record<Kind, readonly number[]>> {
  const took: Record<Kind, number[]> = { tool: [], first: [], again: [], some: [] };
  for (let round = 0; round < rounds; round++) {
    const folder = join(house.folder, `round-${round}`);
    prepareFolder(folder).release();
    const opened = await openHouse({ ...house.config, data: { folder }, log: { ...house.config.log, level: 'error' } });
    try {
      const read = readerOf(opened);
      took.tool.push(await searchBy(house, office));
      took.first.push(await read('everybody', office.people));
      took.tool.push(await searchBy(house, office));
      took.again.push(await read('everybody', 0));
      await edit(house, round);
      took.some.push(await read('changes', changed));
    } finally {
      await opened.close();
    }
  }
  return took;
}

function readerOf(house: House) {
  const directory = house.world.directories.all[0] as Directory;
  /** Milliseconds, as whoever asked for it waits. */
  return async (extent: 'everybody' | 'changes', expected: number): Promise<number> => {
    const { millis, result } = await timed(() => house.sync(directory, { extent }));
    if (isRefusal(result)) throw new Error(`${result.key} ${result.raw}`);
    const { added, updated } = result;
    if (result.extent !== extent || added + updated !== expected)
      throw new Error(`${result.extent}: ${added} added and ${updated} changed, not ${expected}`);
    return millis;
  };
}

const edit = ({ slapd }: RealHouse, round: number): Promise<void> =>
  slapd.modify(
    Array.from(
      { length: changed },
      (_, number) => `dn: uid=p${number * 7},ou=people,${base}\nchangetype: modify\nreplace: mobile\nmobile: +44 20 ${round} ${number}\n\n`,
    ).join(''),
  );

function reportReading(words: string, took: Record<Kind, readonly number[]>, report: Report): void {
  const tool = { name: 'ldapsearch of the same', value: median(took.tool) };
  const part = 'sync';
  const unit = 'ms';
  const again = median(took.again);
  report({ part, name: `${words} people, first`, value: median(took.first), unit, yardstick: tool, note: 'at most 2.5 times' });
  report({ part, name: `${words} people, nothing changed`, value: again, unit, yardstick: tool, note: 'at most 1.5 times' });
  const whole = { name: 'reading everybody', value: again };
  report({
    part,
    name: `${words} people, ${changed} changed`,
    value: median(took.some),
    unit,
    yardstick: whole,
    note: 'at most 0.05 times',
  });
}

/** Milliseconds of the tool for people and for groups, each from its start to its end, with the pages that Latchkey asks for. */
async function searchBy({ slapd, folder }: RealHouse, { people, groups }: (typeof offices)[number]): Promise<number> {
  const secret = join(folder, 'search');
  const authority = join(folder, 'search-ca.pem');
  writeFileSync(secret, slapd.servicePassword, { mode: 0o600 });
  writeFileSync(authority, slapd.ca);
  const how = ['-x', '-LLL', '-o', 'ldif-wrap=no', '-E', `pr=${pageSize}/noprompt`, '-H', slapd.ldaps, '-D', slapd.serviceDn, '-y', secret];
  const search = async (filter: string, attributes: readonly string[], expected: number): Promise<number> => {
    const { millis, result } = await timed(
      () =>
        new Promise<string>((resolve, reject) => {
          const options = { env: { ...process.env, LDAPTLS_CACERT: authority }, maxBuffer: 1 << 28, timeout: 60_000 };
          const args = [...how, '-b', slapd.base, filter, ...new Set(attributes)];
          execFile('ldapsearch', args, options, (error, stdout) => (error ? reject(error) : resolve(stdout)));
        }),
    );
    const found = result.match(/^dn:/gm)?.length ?? 0;
    if (found !== expected) throw new Error(`ldapsearch found ${found} of ${expected}`);
    return millis;
  };
  const ofPeople = [...Object.values(openldap.attributes), ...openldap.loginAttributes, ...openldap.personAttributes];
  const anyGroup = '(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup))';
  return (
    (await search('(objectClass=inetOrgPerson)', ofPeople, people)) +
    (await search(anyGroup, [...openldap.memberAttributes, openldap.memberNames?.attribute ?? ''], groups))
  );
}

const readings = 6;
const connections = 4;
/** An office of fifty thousand on a Monday morning. */
const perSecond = 100;

/** The page of who is locked out, with and without everybody being read in the same process. */
async function measurePages(house: RealHouse, words: string, report: Report): Promise<void> {
  const port = Number(new URL(house.url).port);
  const office = await startOffice(house);
  try {
    await office.ask('read');
    for (const [name, pace] of [
      [`${perSecond} a second`, { perSecond }],
      [`${connections} at once`, {}],
    ] as const) {
      const ask = () => ({ path: '/reset' });
      await load({ port, connections, millis: 2000, ask, ...pace });
      const quiet = await load({ port, connections, millis: 6000, ask, ...pace });
      const busy: number[] = [];
      for (let reading = 0; reading < readings; reading++) {
        let isOver = false;
        const read = office.ask('read').finally(() => {
          isOver = true;
        });
        const { millis } = await load({ port, connections, ask, ...pace, isOver: () => isOver });
        await read;
        busy.push(...millis);
      }
      report({
        part: 'sync',
        name: `GET /reset, ${name}, ${words} being read: p99`,
        value: quantile(busy, 0.99),
        unit: 'ms',
        yardstick: { name: 'with nothing being read', value: quantile(quiet.millis, 0.99) },
        note: `at most 2 times (medians ${median(busy).toFixed(2)} and ${median(quiet.millis).toFixed(2)} ms; longest ${Math.max(...busy).toFixed(0)} and ${Math.max(...quiet.millis).toFixed(0)} ms)`,
      });
    }
  } finally {
    await office.stop();
  }
}

/** Latchkey in a process of its own, which reads everybody when it is told to. */
async function startOffice({ configFile }: RealHouse): Promise<{ ask(what: 'read'): Promise<void>; stop(): Promise<void> }> {
  const child = fork(join(import.meta.dirname, 'office.ts'), [configFile], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  await said(child, 'ready');
  return {
    async ask(what) {
      const done = said(child, 'done');
      child.send(what);
      await done;
    },
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.send('stop');
      const late = setTimeout(() => child.kill('SIGKILL'), 5000);
      await ended;
      clearTimeout(late);
    },
  };
}

const said = (child: ChildProcess, word: Reply): Promise<void> =>
  new Promise((resolve, reject) => {
    const ended = (): void => reject(new Error('Latchkey ended'));
    child.once('exit', ended);
    child.once('message', (heard: Reply) => {
      child.off('exit', ended);
      if (heard === word) resolve();
      else reject(new Error(`it said ${heard}`));
    });
  });
