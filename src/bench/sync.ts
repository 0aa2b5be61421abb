/** Reading an office from a real slapd and from a real Samba: the first time, again, and only what changed, beside `ldapsearch` of the same; and what pages cost meanwhile. */

import { type ChildProcess, execFile, fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type House, openHouse, prepareFolder } from '../app.ts';
import type { Dialect } from '../directory/dialect.ts';
import { openldap } from '../directory/openldap.ts';
import { samba as sambaDialect } from '../directory/samba.ts';
import { isRefusal } from '../rules/refusal.ts';
import type { Directory } from '../world.ts';
import { type HouseBefore, openHouseBefore, openRealHouse, type RealHouse } from '../testing/house.ts';
import { ldifOfOffice } from '../testing/large-office.ts';
import { crowdTeam, startSamba } from '../testing/samba.ts';
import type { Report } from './figure.ts';
import { load, median, quantile, timed } from './measure.ts';
import type { Reply } from './office.ts';

const rounds = 5;
const changed = 100;
const base = 'dc=latchkey,dc=test';
const pageSize = 1000;

/** What is read, and how the tool reads the same. */
interface Office {
  readonly words: string;
  readonly people: number;
  readonly house: HouseBefore;
  readonly rounds: number;
  readonly server: { readonly ldaps: string; readonly ca: string; readonly serviceDn: string; readonly servicePassword: string };
  readonly searches: readonly {
    readonly base: string;
    readonly filter: string;
    readonly attributes: readonly string[];
    readonly least: number;
  }[];
  /** Whether the ratios have a bound. */
  readonly isBound?: boolean;
  /** Another mobile number for each of a hundred. */
  edit(round: number): Promise<void>;
}

const attributesOf = ({ attributes, loginAttributes, personAttributes }: Dialect): string[] => [
  ...new Set([...Object.values(attributes), ...loginAttributes, ...personAttributes]),
];
const numberOf = (round: number, number: number): string => `+44 20 ${round} ${number}`;

async function openldapOffice(people: number, groups: number): Promise<Office & { house: RealHouse }> {
  const house = await openRealHouse({ slapd: { ldif: ldifOfOffice({ people, groups, base }) }, timeoutSeconds: 60 });
  const { slapd } = house;
  const anyGroup = '(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup))';
  return {
    ...{ words: `${people.toLocaleString('en')} people`, people, house, rounds, server: slapd, isBound: people === 50_000 },
    searches: [
      { base, filter: '(objectClass=inetOrgPerson)', attributes: attributesOf(openldap), least: people },
      { base, filter: anyGroup, attributes: [...openldap.memberAttributes, openldap.memberNames?.attribute ?? ''], least: groups },
    ],
    edit: (round) =>
      slapd.modify(
        Array.from(
          { length: changed },
          (_, number) =>
            `dn: uid=p${number * 7},ou=people,${base}\nchangetype: modify\nreplace: mobile\nmobile: ${numberOf(round, number)}\n\n`,
        ).join(''),
      ),
  };
}

async function sambaOffice(people: number): Promise<Office> {
  const samba = await startSamba({ crowd: people });
  const { ca, serviceDn, servicePassword, ldaps: url } = samba;
  const server = { ca, serviceDn, servicePassword, baseDn: samba.people, url, startTls: false, close: samba.close };
  const house = await openHouseBefore({ ...server, add: async () => undefined, opens: async () => false }, { timeoutSeconds: 60 });
  return {
    ...{ words: `${people.toLocaleString('en')} of Samba`, people, house, rounds: 2, server: samba },
    searches: [
      { base: samba.people, filter: '(sAMAccountType=805306368)', attributes: attributesOf(sambaDialect), least: people },
      { base: samba.base, filter: '(objectClass=group)', attributes: sambaDialect.memberAttributes, least: people / crowdTeam },
    ],
    edit: (round) =>
      samba.atOnce(async () => {
        for (let number = 0; number < changed; number++)
          await samba.replace(`CN=p${number * 7},${samba.people}`, { mobile: numberOf(round, number) });
      }),
  };
}

type Kind = 'first' | 'again' | 'some';
/**
 * Milliseconds of each round as whoever asked for it waited. `starts` are those of the thread: what a whole reading takes until its report
 * begins. A first reading begins before its thread does, with a count, so all of its waiting but such a start is its own.
 */
type Took = Record<Kind | 'starts' | 'tool', number[]>;

export async function measureSync(report: Report): Promise<void> {
  for (const [people, groups] of [
    [5000, 200],
    [50_000, 2000],
  ] as const) {
    const office = await openldapOffice(people, groups);
    try {
      reportReading(office, await readingsOf(office), report);
      if (people === 50_000) await measurePages(office.house, office.words, report);
    } finally {
      await office.house.close();
    }
  }
}

export async function measureSambaSync(report: Report): Promise<void> {
  const office = await sambaOffice(20_000);
  try {
    reportReading(office, await readingsOf(office), report);
  } finally {
    await office.house.close();
  }
}

/** Every round in a data folder of its own, the tool between its steps: what else the machine does meets all alike. */
async function readingsOf(office: Office): Promise<Took> {
  const { house, people } = office;
  const took: Took = { tool: [], first: [], again: [], some: [], starts: [] };
  for (let round = 0; round < office.rounds; round++) {
    const folder = join(house.folder, `round-${round}`);
    prepareFolder(folder).release();
    const opened = await openHouse({ ...house.config, data: { folder }, log: { ...house.config.log, level: 'error' } });
    try {
      const read = readerOf(opened, took);
      took.tool.push(await searchBy(office));
      await read('first', 'everybody', people);
      took.tool.push(await searchBy(office));
      await read('again', 'everybody', 0);
      await office.edit(round);
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
    took[kind].push(millis);
    if (kind === 'again') took.starts.push(millis - (endedAt - startedAt));
  };
}

function reportReading({ words, isBound = false }: Office, took: Took, report: Report): void {
  const tool = { name: 'ldapsearch of the same', value: median(took.tool) };
  const withoutStart = (waited: readonly number[]): number => median(waited.map((millis, round) => millis - (took.starts[round] ?? 0)));
  const whole = { name: 'reading everybody', value: withoutStart(took.again) };
  const tell = (what: string, value: number, more: { yardstick: typeof tool; most: number; waited?: readonly number[] }): void => {
    const { yardstick, most, waited } = more;
    const note = waited && { note: `${median(waited).toFixed(0)} ms with the start of its thread` };
    report({ part: 'sync', name: `${words}, ${what}`, value, unit: 'ms', yardstick, ...(isBound ? { most } : {}), ...note });
  };
  tell('first', withoutStart(took.first), { yardstick: tool, most: 2.5, waited: took.first });
  tell('nothing changed', whole.value, { yardstick: tool, most: 1.5, waited: took.again });
  tell(`${changed} changed`, median(took.some), { yardstick: whole, most: 0.05 });
}

/** Milliseconds of the tool for people and for groups, each from its start to its end, with the pages that Latchkey asks for. */
async function searchBy({ house: { folder }, server, searches }: Office): Promise<number> {
  const [secret, authority] = [join(folder, 'search'), join(folder, 'search-ca.pem')];
  writeFileSync(secret, server.servicePassword, { mode: 0o600 });
  writeFileSync(authority, server.ca);
  const how = [
    ...['-x', '-LLL', '-o', 'ldif-wrap=no', '-E', `pr=${pageSize}/noprompt`],
    ...['-H', server.ldaps, '-D', server.serviceDn, '-y', secret],
  ];
  const options = { env: { ...process.env, LDAPTLS_CACERT: authority }, maxBuffer: 1 << 28, timeout: 120_000 };
  let sum = 0;
  for (const { base: from, filter, attributes, least } of searches) {
    const { millis, result } = await timed(
      () =>
        new Promise<string>((resolve, reject) => {
          const args = [...how, '-b', from, filter, ...attributes];
          execFile('ldapsearch', args, options, (error, stdout) => (error ? reject(error) : resolve(stdout)));
        }),
    );
    const found = result.match(/^dn:/gm)?.length ?? 0;
    // A domain begins with some groups of its own.
    if (found < least || found > least + 100) throw new Error(`ldapsearch found ${found} of ${least}`);
    sum += millis;
  }
  return sum;
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
        await pause(500); // until what the reading leaves behind is cleared away
        quiet.push(...(await load({ port, connections, millis: took, ask, ...pace })).millis);
      }
      report({
        part: 'sync',
        name: `GET /reset, ${name}, ${words} being read: p99`,
        value: quantile(busy, 0.99),
        unit: 'ms',
        yardstick: { name: 'with nothing being read', value: quantile(quiet, 0.99) },
        most: 2,
        note: `medians ${median(busy).toFixed(2)} and ${median(quiet).toFixed(2)} ms; longest ${Math.max(...busy).toFixed(0)} and ${Math.max(...quiet).toFixed(0)} ms`,
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
