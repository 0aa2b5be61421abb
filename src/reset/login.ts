/** The login at the door: an attempt is opened for whatever was typed; whose it is, is looked up after the reply. */

import { type FrontDoor, longestLogin } from '../front-door.ts';
import { type Account, foldLogin } from '../rules/account.ts';
import { type Attempt, attemptLife } from '../rules/attempt.ts';
import { Refusal } from '../rules/refusal.ts';
import { day } from '../rules/time.ts';
import type { CheckName, Intention } from '../rules/vocabulary.ts';
import type { World } from '../world.ts';
import { partiesOf, type Standings } from './standing.ts';

type Needs = Pick<
  World,
  'accounts' | 'attempts' | 'settings' | 'journal' | 'deliver' | 'deferral' | 'directories' | 'clock' | 'random' | 'atomically'
> & {
  readonly standings: Standings;
  readonly door: FrontDoor;
};

export interface Typed {
  readonly login: string;
  readonly intention: Intention;
  readonly address: string;
  readonly language: string;
  readonly supportCode: string;
}

export function logins({
  accounts,
  attempts,
  settings,
  journal,
  deliver,
  deferral,
  directories,
  clock,
  random,
  atomically,
  standings,
  door,
}: Needs) {
  const { examine } = standings;

  /** Opens an attempt for whatever was typed. What it belongs to is looked up after the reply. */
  async function identify(typed: Typed): Promise<{ token: string } | Refusal> {
    const login = typed.login.trim();
    const now = clock.now();
    if (login === '') return new Refusal('login.required', { field: 'login' });
    if ([...login].length > longestLogin) return new Refusal('form.too-long', { field: 'login', params: { most: longestLogin } });
    const wait = door.countAddress(typed.address);
    if (wait) return wait;
    if (door.areAllAway()) await Promise.all(directories.all.map((directory) => directory.probe()));
    if (door.areAllAway()) return new Refusal('desk.directory-away');
    const token = random.token();
    const slot: { id: number | null } = { id: null };
    const isAccepted = deferral.accept(typed.supportCode, async () => {
      if (slot.id !== null) await lookUp(slot.id, login);
    });
    if (!isAccepted) return new Refusal('desk.busy');
    const attempt = attempts.open({ token, ...typed, login: foldLogin(login), at: now, expiresAt: now + attemptLife });
    slot.id = attempt.id;
    return { token };
  }

  /** After the reply: whose login this is, and whether a reset can come of it. */
  async function lookUp(id: number, login: string): Promise<void> {
    const attempt = attempts.byId(id);
    if (attempt?.state !== 'open') return;
    const account = await accountOf(login);
    if (account === null) return attempts.identify(id, null, 'known');
    const { refusedBy } = await examine(account, attempt);
    atomically(() => {
      attempts.identify(id, account.id, refusedBy);
      journal.append({
        event: 'reset progress',
        result: refusedBy === null ? 'open' : 'failed',
        detail: refusedBy ?? 'identified',
        ...partiesOf(attempt, account),
      });
      if (refusedBy === 'within limits') {
        attempts.step(id, { kind: 'blocked', reason: refusedBy, at: clock.now() });
        journal.append({ event: 'blocked', result: 'blocked', detail: refusedBy, ...partiesOf(attempt, account) });
      }
      if (refusedBy !== null) tellWhy(account, attempt, refusedBy);
    });
  }

  /** A name in two homes is nobody here. */
  async function accountOf(login: string): Promise<Account | null> {
    const found = door.known(login) ?? (await door.foundLive(login));
    return found === 'several' ? null : found;
  }

  /** At most once a day, to the directory's own address: the page never says it. */
  function tellWhy(account: Account, attempt: Attempt, refusedBy: CheckName): void {
    const now = clock.now();
    const last = accounts.toldWhyAt(account.id);
    if (account.mail === null || refusedBy === 'reachable' || refusedBy === 'within limits' || (last !== null && now - last < day)) return;
    accounts.setToldWhyAt(account.id, now);
    const { helpdesk_address, helpdesk_link } = settings.policy();
    const variables = { reason: refusedBy, helpdesk: helpdesk_link || helpdesk_address };
    deliver.queue({
      kind: 'reset-not-possible',
      to: account.mail,
      language: account.language ?? attempt.language,
      name: account.name,
      variables,
    });
  }

  return { identify };
}
