/**
 * The doctor: one directory looked at address by address, from its name to the service account's rights on a real account, each thing with
 * what cures it. It changes nothing, and stops at an address where going on could tell nothing.
 */

import { isRefusal, type Refusal } from '../rules/refusal.ts';
import { type Instant, second } from '../rules/time.ts';
import type { Clock, DirectoryEntry, DirectoryFinding } from '../world.ts';
import { observed } from './checkup/address.ts';
import { checkUpOf } from './checkup/check-ups.ts';
import { fault, type Observation, type Sentence, warning, well } from './checkup/finding.ts';
import { type Sight, sightOf } from './checkup/handshake.ts';
import type { DirectoryConfig } from './config.ts';
import type { Desk } from './desks.ts';
import type { Dialect } from './dialect.ts';
import { dialectNamed, dialectOf } from './dialects.ts';
import { isFailure } from './failure.ts';
import { present } from './filter.ts';
import { instantOf } from './generalized-time.ts';
import { type Answer, connect, type Entry, type Link } from './ldap.ts';
import { type AddressesOf, type Machine, machinesAt } from './machines.ts';
import { openPeople, type People } from './people.ts';
import { policyAnswer, policyErrors, policyRequest } from './ppolicy.ts';
import { rawAnswer, refusalKey, refusalOfFailure } from './refusals.ts';
import { readRoot } from './root.ts';

interface Needs {
  readonly people: People;
  readonly clock: Clock;
  readonly addressesOf?: AddressesOf;
}

interface Visit {
  readonly sight: Sight;
  readonly login: string | null;
  readonly mayBind: boolean;
}

/** Passwords' ages and codes bear no more than this between two clocks. */
const clockTolerance = 60 * second;
const smallPage = 50;

export function openDoctor(config: DirectoryConfig, { people, clock, addressesOf }: Needs) {
  const { urls, startTls, ca, timeoutMillis, bindDn, bindPassword, baseDn } = config;
  const addressOf = ({ url, address }: Machine) => ({ url, startTls, ca, timeoutMillis, ...(address === null ? {} : { address }) });

  async function examine(login: string | null): Promise<readonly DirectoryFinding[]> {
    const machines = await machinesAt(urls, { clock, timeoutMillis, ...(addressesOf ? { addressesOf } : {}) }).all();
    const sights = await Promise.all(machines.map(async (machine) => ({ machine, sight: await sightOf(addressOf(machine)) })));
    const found: DirectoryFinding[] = [];
    for (const { machine, sight } of sights) {
      // A wrong password counts towards locking the service account: it is shown to one server, not to each.
      const mayBind = !found.some(({ key }) => key === 'bind.wrong-password' || key === 'bind.locked');
      for await (const observation of visit(machine, { sight, login, mayBind })) found.push({ server: machine.server, ...observation });
    }
    return found;
  }

  async function* visit(machine: Machine, { sight, login, mayBind }: Visit): AsyncGenerator<Observation> {
    const { url, address } = machine;
    const seen = observed(sight, { config, url, address, now: clock.now() });
    yield* seen;
    if (seen.some(({ verdict }) => verdict === 'fault')) return;
    if (!mayBind) return yield warning('bind.spared');
    let link: Link | null = null;
    try {
      link = await connect(addressOf(machine));
      const bound = bindSays(await link.bind(bindDn, bindPassword, [policyRequest]), { bindDn, url, startTls });
      yield bound;
      if (bound.verdict !== 'fault') yield* consult(machine, { link, login });
    } catch (error) {
      yield lost(error);
    } finally {
      link?.close();
    }
  }

  async function* consult(machine: Machine, { link, login }: { link: Link; login: string | null }): AsyncGenerator<Observation> {
    const root = await readRoot(link);
    const dialect = dialectNamed(config.kind) ?? dialectOf(root.entry);
    const desk: Desk = { server: machine.server, link, dialect, root, connect: () => connect(addressOf(machine)) };
    yield rootSays(root.entry, dialect);
    yield* checkUpOf(dialect).offers(root);
    yield await clockSays(desk);
    const [base] = await link.search({ base: baseDn, scope: 'base', filter: present('objectClass'), attributes: ['1.1'] });
    if (!base) return yield fault('base.missing', { params: { base: baseDn }, cure: contextsCure(root.entry) });
    yield well('base.good', { params: { base: baseDn } });
    const stray = await strayGroups(desk);
    if (stray.length > 0) return yield* stray;
    const [read, first] = await readAll(desk);
    yield read;
    const anyone = first ?? (login === null && read.verdict === 'fault' ? await anybody(desk) : null);
    const chosen = login === null ? (anyone ?? fault('account.none')) : await chosenBy(desk, login);
    if ('verdict' in chosen) return yield chosen;
    yield well('account.chosen', { params: { login: chosen.login, dn: chosen.dn } });
    if (chosen.isProtected) return yield warning('account.protected', { params: { login: chosen.login } });
    yield* await examineAccount(desk, chosen);
  }

  function rootSays(root: Entry | null, dialect: Dialect): Observation {
    if (root === null) return warning('root.hidden', { params: { kind: dialect.kind }, cure: checkUpOf(dialect).rootCure() });
    const said = dialectOf(root);
    if (said.kind !== dialect.kind && said.isSpokenBy(root))
      return warning('root.other-kind', { params: { kind: dialect.kind, said: said.kind }, cure: `kind = "${said.kind}"` });
    return well('root.good', { params: { kind: dialect.kind } });
  }

  async function clockSays({ link, root }: Desk): Promise<Observation> {
    const told = await timeOf(link, root.entry);
    if (told === null) return well('clock.not-told');
    const seconds = Math.round((told - clock.now()) / second);
    const params = { seconds: Math.abs(seconds), way: seconds < 0 ? 'behind' : 'ahead' };
    return Math.abs(told - clock.now()) > clockTolerance ? fault('clock.off', { params }) : well('clock.good', { params });
  }

  /** Exactly the reading that a sync makes, and the first account on which rights can be tried. */
  async function readAll(desk: Desk): Promise<[Observation, DirectoryEntry | null]> {
    let [count, first]: [number, DirectoryEntry | null] = [0, null];
    try {
      for await (const page of people.all(desk)) {
        count += page.length;
        first ??= page.find(isOrdinary) ?? null;
      }
    } catch (error) {
      return [incomplete(error, { count, desk }), first];
    }
    const filter = config.accountFilter ?? '–';
    return [count > 0 ? well('reading.good', { params: { count } }) : fault('reading.nobody', { params: { base: baseDn, filter } }), first];
  }

  /** While one is missing nobody is served. */
  async function strayGroups(desk: Desk): Promise<readonly Observation[]> {
    const base = desk.dialect.groupBase(desk.root, baseDn);
    return (await people.missingGroups(desk)).map((group) => fault('groups.not-found', { params: { group, base } }));
  }

  /** A small first page comes even where a limit cuts off a large one. */
  async function anybody(desk: Desk): Promise<DirectoryEntry | null> {
    const glance = openPeople({ ...config, pageSize: smallPage }, () => clock.now());
    try {
      for await (const page of glance.all(desk)) {
        const found = page.find(isOrdinary);
        if (found) return found;
      }
    } catch (error) {
      if (!isRefusal(error) && !isFailure(error)) throw error;
    }
    return null;
  }

  function incomplete(error: unknown, { count, desk }: { count: number; desk: Desk }): Observation {
    if (!isRefusal(error) && !isFailure(error)) throw error;
    const raw = isRefusal(error) ? (error.raw ?? error.key) : (refusalOfFailure(error).raw ?? error.message);
    const isLimit = isFailure(error) && limits.includes(error.answer?.resultCode ?? 0);
    if (!isLimit) return fault('reading.incomplete', { params: { count }, raw });
    return fault('reading.size-limit', {
      params: { count },
      cure: checkUpOf(desk.dialect).sizeCure({ bindDn, baseDn, root: desk.root }),
      raw,
    });
  }

  async function chosenBy(desk: Desk, login: string): Promise<DirectoryEntry | Observation> {
    const found = await people.find(desk, login);
    if (found === null) return fault('account.unknown', { params: { login, base: baseDn } });
    return isRefusal(found) ? fault('account.ambiguous', { params: { login }, raw: found.raw }) : found;
  }

  async function examineAccount(desk: Desk, { remoteId, login }: DirectoryEntry): Promise<readonly Observation[]> {
    const { link, root, dialect } = desk;
    const entry = await people.entry(desk, remoteId);
    if (!entry) return [fault('account.unknown', { params: { login, base: baseDn } })];
    const place = { link, root, dn: entry.dn, entry, baseDn, policyDn: config.passwordPolicyDn ?? null };
    return checkUpOf(dialect).examine({ ...place, state: await dialect.state(place, clock.now()), login, bindDn });
  }

  return examine;
}

const isOrdinary = ({ isDisabled, isProtected }: DirectoryEntry): boolean => !isDisabled && !isProtected;

/** RFC 4511: sizeLimitExceeded, adminLimitExceeded. */
const limits: readonly number[] = [4, 11];

function lost(error: unknown): Observation {
  if (!isFailure(error) && !isRefusal(error)) throw error;
  const refusal: Refusal = isFailure(error) ? refusalOfFailure(error) : error;
  return fault('connection.lost', { raw: refusal.raw ?? refusal.key });
}

/** How the service account comes in. */
interface Way {
  readonly bindDn: string;
  readonly url: string;
  readonly startTls: boolean;
}

/** What the service account's own bind says of its password. */
function bindSays(answer: Answer, { bindDn, url, startTls }: Way): Observation {
  const { error } = policyAnswer(answer);
  const params = { name: bindDn };
  if (answer.resultCode === 0)
    return error === policyErrors.changeAfterReset
      ? fault('bind.must-change', { params, raw: rawAnswer(answer) })
      : well('bind.good', { params });
  return fault(bindFault(answer), { params, cure: tryCure({ bindDn, url, startTls }), raw: rawAnswer(answer) });
}

/** Asks for the password, and says whether the directory takes it. */
const tryCure = ({ bindDn, url, startTls }: Way): string =>
  `ldapsearch -x -W -H ${url}${startTls ? ' -ZZ' : ''} -D ${quoted(bindDn)} -s base -b '' 1.1`;
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const bindFaults: Readonly<Record<string, Sentence>> = {
  'directory.wrong-old-password': 'bind.wrong-password',
  'directory.locked': 'bind.locked',
  'directory.disabled': 'bind.disabled',
  'directory.expired': 'bind.expired',
  'directory.encoding': 'bind.wrong-name',
  'directory.not-found': 'bind.wrong-name',
};

/** 34 is "not a name"; 773 is Active Directory's "must change". */
function bindFault(answer: Answer): Sentence {
  if (answer.resultCode === 34) return 'bind.wrong-name';
  if (/^80090308: .*, data 773\b/.test(answer.diagnosticMessage)) return 'bind.must-change';
  return bindFaults[refusalKey(answer)] ?? 'bind.refused';
}

const contextsCure = (root: Entry | null): string | null => {
  const contexts = root?.texts('namingContexts') ?? [];
  return contexts.length === 0 ? null : contexts.map((context) => `base_dn = "${context}"`).join('\n');
};

/** Active Directory tells the time in its root entry, the others only in a monitor that the service account may or may not read. */
async function timeOf(link: Link, root: Entry | null): Promise<Instant | null> {
  const own = root?.text('currentTime') ?? null;
  if (own !== null) return instantOf(own);
  for (const { base, attribute } of monitors) {
    const [found] = await link.search({ base, scope: 'base', filter: present('objectClass'), attributes: [attribute] }).catch(nothing);
    const told = instantOf(found?.text(attribute) ?? null);
    if (told !== null) return told;
  }
  return null;
}

const monitors = [
  { base: 'cn=Current,cn=Time,cn=Monitor', attribute: 'monitorTimestamp' },
  { base: 'cn=monitor', attribute: 'currenttime' },
];

function nothing(error: unknown): readonly Entry[] {
  if (isFailure(error) && error.answer) return [];
  throw error;
}
