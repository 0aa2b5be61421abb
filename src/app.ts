/** The composition root: builds the World, the web and the jobs out of a configuration; closing undoes it in reverse. */

import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from './config.ts';
import { createDeferral } from './deferral.ts';
import { createDeliver } from './delivery/deliver.ts';
import { byChannel, noTexts } from './delivery/channels.ts';
import { createMail } from './delivery/mail.ts';
import { createSms, mailedTexts } from './delivery/sms.ts';
import { noMail, type Transport } from './delivery/transport.ts';
import { openDirectory } from './directory/directory.ts';
import { expiryReminders } from './expiry-reminders.ts';
import { homes } from './homes.ts';
import { createJobs, type Row } from './jobs.ts';
import { openLog } from './log.ts';
import { openLore } from './lore/lore.ts';
import { methodsWith } from './methods/methods.ts';
import { portalsOf } from './portals.ts';
import { invitations } from './registration/invitations.ts';
import { routesOf } from './routes.ts';
import { day } from './rules/time.ts';
import { passwordDesk } from './set-password.ts';
import { assertKey } from './store/backup.ts';
import { bringUpToDate, type Db, databaseFile, lockFolder, openDatabase, StoreProblem, schemaState } from './store/database.ts';
import { storeOn } from './store/store.ts';
import { type Sync, syncDirectory } from './sync/sync.ts';
import { syncAside } from './sync-aside.ts';
import { type Cost, createSlowHash, standardCost, systemClock, systemRandom } from './system.ts';
import { createTexts } from './text/texts.ts';
import { createVault, openKeyFile } from './vault.ts';
import { createServer } from './web/server.ts';
import type { Route } from './web/visit.ts';
import type { Clock, Directories, World } from './world.ts';

export interface Additions {
  /** Instead of mail: the demo keeps its messages to itself. */
  readonly transport?: Transport;
  /** Before the first person is let in. */
  readonly prepare?: (house: House) => Promise<void>;
  /** Before all others. A production configuration adds none. */
  readonly routes?: readonly Route[];
  /** Another time than the machine's: a test does not wait for what takes minutes. */
  readonly clock?: Clock;
  /** Of slow hashes: a test that measures time does not measure how busy the machine is. */
  readonly hashCost?: Cost;
}

/** Everything but the web and the timetable: what the commands beside a running server work with. */
export type House = Awaited<ReturnType<typeof openHouse>>;

const patience = 500;
const root = join(import.meta.dirname, '..');

/** Opens data folder, key, database and directories. The schema must be current: `migrate` and `serve` make it so. */
export async function openHouse(config: Config, { transport, clock = systemClock, hashCost = standardCost }: Additions = {}) {
  const log = openLog(config.log);
  const keyFile = openKeyFile(keyFileIn(config.data.folder), systemRandom);
  const lore = openLore(config.passwords);
  const db = openCurrent(config.data.folder);
  assertKey(db, keyFile.name);
  const [random, vault] = [systemRandom, createVault(keyFile, systemRandom)];
  const store = storeOn(db, { vault, clock, random });
  const slowHash = createSlowHash(vault.digest('slow hash', 'pepper'), hashCost);
  const texts = createTexts();
  const opened = config.directories.map((directory) => openDirectory(directory, { clock, log }));
  const directories: Directories = { all: opened, of: ({ home }) => opened.find(({ id }) => id === home) ?? null };
  const office = () => store.settings.policy().office_name;
  const deliver = createDeliver({ outbox: store.outbox, vault, clock, texts, transport: transport ?? transportOf(config), office, log });
  const passwordsFor = homes({ ...store, slowHash, clock, directories });
  const deferral = createDeferral({ clock, log });
  const world: World = { ...store, clock, random, vault, slowHash, lore, directories, passwordsFor, deliver, deferral };
  const { publicUrl } = config;
  const desk = passwordDesk({ ...world, publicUrl });
  const methods = methodsWith({ ...world, publicUrl, ownDomains: config.mail?.ownDomains ?? [], texts: config.sms });
  const closing = new AbortController();
  const { roles, sync: limits } = config;
  const aside = syncAside({ config, keyFile: keyFileIn(config.data.folder), closing: closing.signal });
  const reading = syncDirectory({ ...world, roles, maxDisablePercent: limits.maxDisablePercent, closing: closing.signal, aside });
  const expiring = expiryReminders({ ...world, publicUrl, timezone: config.sync.timezone, closing: closing.signal });
  const inviting = invitations({ ...world, methods, publicUrl, timezone: config.sync.timezone, closing: closing.signal });
  const underWay = new Set<Promise<unknown>>();
  const sync: Sync = (...given) => {
    const run = reading(...given).finally(() => underWay.delete(run));
    underWay.add(run);
    return run;
  };
  return {
    config,
    db,
    log,
    keyFile,
    texts,
    world,
    desk,
    methods,
    sync,
    tellExpiring: async () => void (await expiring.tellEverybody()),
    inviteSome: async () => void (await inviting.inviteSome()),
    /** One after the other; what goes wrong with one is thrown when all had their turn. */
    async syncAll(): Promise<void> {
      const problems: unknown[] = [];
      for (const directory of opened) await sync(directory).catch((problem: unknown) => problems.push(problem));
      if (problems.length > 0) throw new AggregateError(problems, `${problems.length} of ${opened.length} directories could not be read`);
    },
    async close(): Promise<void> {
      closing.abort(new Error('Latchkey was closed'));
      // A sync gives up its turn while there is still a database to do it in; one that waits for a silent server is not waited for.
      await Promise.race([Promise.allSettled(underWay), clock.sleep(underWay.size > 0 ? patience : 0)]);
      await deferral.drain();
      await Promise.all([deliver.close(), lore.close(), ...opened.map((directory) => directory.close())]);
      db.$client.close();
    },
  };
}

export const keyFileIn = (folder: string): string => join(folder, 'latchkey.key');

/** Locks the data folder, and brings the database in it up to date; `copy` is where its state before that is kept. */
export function prepareFolder(folder: string): { copy: string | null; release(): void } {
  const lock = lockFolder(folder);
  const file = databaseFile(folder);
  try {
    const db = openDatabase(file);
    try {
      return { copy: bringUpToDate(db, file), release: () => lock.release() };
    } finally {
      db.$client.close();
    }
  } catch (problem) {
    lock.release();
    throw problem;
  }
}

function openCurrent(folder: string): Db {
  const file = databaseFile(folder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const db = openDatabase(file);
  const state = schemaState(db);
  if (state === 'current') return db;
  db.$client.close();
  const way =
    state === 'newer' || state === 'altered'
      ? 'it was written by another version'
      : 'run latchkey migrate, or start it once with latchkey serve';
  throw new StoreProblem(`${file} is not at this version: ${way}.`);
}

function transportOf({ mail: settings, sms, publicUrl }: Config): Transport {
  const mail = settings ? createMail({ ...settings, greeting: new URL(publicUrl).hostname }) : noMail;
  if (sms === null) return byChannel({ mail, text: noTexts });
  return byChannel({ mail, text: sms.kind === 'mail' ? mailedTexts(sms.address, mail) : createSms(sms.gateway) });
}

export interface App {
  readonly house: House;
  /** Where it listens, which is not always what people type. */
  readonly address: { readonly address: string; readonly port: number };
  close(): Promise<void>;
}

/** The whole appliance. Rejects with a `StoreProblem` when the data folder is in use or not usable. */
export async function startApp(config: Config, additions: Additions = {}): Promise<App> {
  const folder = prepareFolder(config.data.folder);
  const undo: (() => unknown)[] = [() => folder.release()];
  const close = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const house = await openHouse(config, additions);
    undo.push(() => house.close());
    const { log, world } = house;
    if (folder.copy !== null) log.info({ copy: folder.copy }, 'the database was brought up to date; a copy of it was kept');
    world.attempts.releaseStranded();
    await additions.prepare?.(house);
    const portals = portalsOf(house);
    const server = createServer({
      ...world,
      log,
      routes: [...(additions.routes ?? []), ...routesOf(portals)],
      duty: portals.duty,
      publicUrl: config.publicUrl,
      trustedProxies: config.listen.trustedProxies,
      texts: house.texts,
      viewsDir: join(root, 'views'),
      publicDir: join(root, 'public'),
    });
    const tls =
      config.listen.tls === null
        ? {}
        : { tls: { cert: readFileSync(config.listen.tls.certFile, 'utf8'), key: readFileSync(config.listen.tls.keyFile, 'utf8') } };
    const address = await server.listen({ address: config.listen.address, port: config.listen.port, ...tls });
    const jobs = createJobs({ ...world, log, rows: timetable(house) });
    jobs.start();
    undo.push(() => Promise.all([server.close(), jobs.stop(), world.deferral.drain()]));
    world.journal.append({ event: 'server', result: 'succeeded', detail: 'started' });
    undo.push(() => world.journal.append({ event: 'server', result: 'succeeded', detail: 'stopped' }));
    void Promise.all(world.directories.all.map((directory) => directory.probe()));
    log.info({ ...address, publicUrl: config.publicUrl }, 'Latchkey is ready');
    return { house, address, close };
  } catch (problem) {
    await close();
    throw problem;
  }
}

const atATime = 500;
/** Longer than the longest course of invitations, 12 of them a year apart: who was told is not told again. */
const reminded = 13 * 365 * day;

/** What happens by itself. Each job is short, or lets others in between. */
function timetable(house: House) {
  const { config, world, desk } = house;
  const { clock, attempts, tokens, sessions, throttle, reminders, directories, deliver } = world;

  async function expire(): Promise<void> {
    for (const shelf of [attempts, tokens, sessions, throttle]) {
      while (shelf.expire(clock.now(), atATime) >= atATime) await clock.sleep(0);
    }
    while (reminders.expire(clock.now() - reminded, atATime) >= atATime) await clock.sleep(0);
  }
  const rows: Row[] = [
    ['sync', config.sync.schedule, house.syncAll, config.sync.timezone],
    ['outbox', '*/15 * * * * *', () => deliver.flush()],
    ['settle', '*/10 * * * * *', async () => void (await desk.settleWrites())],
    ['health', '*/30 * * * * *', async () => void (await Promise.all(directories.all.map((directory) => directory.probe())))],
    ['expiry', '* * * * *', expire],
    ['expiry reminders', '0 8 * * *', house.tellExpiring, config.sync.timezone],
    ['invitations', '0 9 * * *', house.inviteSome, config.sync.timezone],
  ];
  return rows;
}
