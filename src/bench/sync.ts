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
const rounds = 5;
const changed = 100;
const base = 'dc=latchkey,dc=test';
const pageSize = 1000;

type Kind = 'first' | 'again' | 'some';
/** Milliseconds of each round: from the first word to the directory to the last change written, and as whoever asked for it waited. */
type Took = Record<Kind, { readonly inside: number[]; readonly waited: number[] }> & { readonly tool: number[] };

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
async function readingsOf(house: RealHouse, office: (typeof offices)[number]): Promise<Took> {
  const times = () => ({ inside: [], waited: [] });
  const took: Took = { tool: [], first: times(), again: times(), some: times() };
  for (let round = 0; round < rounds; round++) {
    const folder = join(house.folder, `round-${round}`);
    prepareFolder(folder).release();
    const opened = await openHouse({ ...house.config, data: { folder }, log: { ...house.config.log, level: 'error' } });
    try {
      const read = readerOf(opened, took);
      took.tool.push(await searchBy(house, office));
      await read('first', 'everybody', office.people);
      took.tool.push(await searchBy(house, office));
      await read('again', 'everybody', 0);
      await edit(house, round);
      await read('some', 'changes', changed);
    } finally {
      await opened.close();
    }
  }
  return took;
}

function readerOf(house: House, took: Took) {
  const directory = house.world.directories.all[0] as Directory;
  return async (kind: Kind, extent: 'everybody' | 'changes', expected: number): Promise<void> => {
    const { millis, result } = await timed(() => house.sync(directory, { extent }));
    if (isRefusal(result)) throw new Error(`${result.key} ${result.raw}`);
    const { added, updated, startedAt, endedAt } = result;
    if (result.extent !== extent || added + updated !== expected)
      throw new Error(`${result.extent}: ${added} added and ${updated} changed, not ${expected}`);
    took[kind].inside.push(endedAt - startedAt);
    took[kind].waited.push(millis);
  };
}

const edit = ({ slapd }: RealHouse, round: number): Promise<void> =>
  slapd.modify(
    Array.from(
      { length: changed },
      (_, number) => `dn: uid=p${number * 7},ou=people,${base}\nchangetype: modify\nreplace: mobile\nmobile: +44 20 ${round} ${number}\n\n`,
    ).join(''),
  );

function reportReading(words: string, took: Took, report: Report): void {
  const tool = { name: 'ldapsearch of the same', value: median(took.tool) };
  const whole = { name: 'reading everybody', value: median(took.again.inside) };
  const tell = (kind: Kind, what: string, { yardstick, most }: { yardstick: typeof tool; most: number }): void => {
    const { inside, waited } = took[kind];
    const note = `at most ${most} times; ${median(waited).toFixed(0)} ms with the start of a thread, where it has one`;
    report({ part: 'sync', name: `${words} people, ${what}`, value: median(inside), unit: 'ms', yardstick, note });
  };
  tell('first', 'first', { yardstick: tool, most: 2.5 });
  tell('again', 'nothing changed', { yardstick: tool, most: 1.5 });
  tell('some', `${changed} changed`, { yardstick: whole, most: 0.05 });
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

const readings = 12;
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
      const [quiet, busy]: [number[], number[]] = [[], []];
      // In turns: what else the machine does meets both alike.
      for (let reading = 0; reading < readings; reading++) {
        let isOver = false;
        const { millis: took } = await timed(async () => {
          const read = office.ask('read').finally(() => {
            isOver = true;
          });
          busy.push(...(await load({ port, connections, ask, ...pace, isOver: () => isOver })).millis);
          await read;
        });
        quiet.push(...(await load({ port, connections, millis: took, ask, ...pace })).millis);
      }
      report({
        part: 'sync',
        name: `GET /reset, ${name}, ${words} being read: p99`,
        value: quantile(busy, 0.99),
        unit: 'ms',
        yardstick: { name: 'with nothing being read', value: quantile(quiet, 0.99) },
        note: `at most 2 times (medians ${median(busy).toFixed(2)} and ${median(quiet).toFixed(2)} ms; longest ${Math.max(...busy).toFixed(0)} and ${Math.max(...quiet).toFixed(0)} ms)`,
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
