/** The login at the door: an attempt is opened for whatever was typed; whose it is, is looked up after the reply. */

import { type FrontDoor, isSeveral, longestLogin } from '../front-door.ts';
import { foldLogin } from '../rules/account.ts';
import { attemptLife } from '../rules/attempt.ts';
import { Refusal } from '../rules/refusal.ts';
import type { Intention } from '../rules/vocabulary.ts';
import type { World } from '../world.ts';
import { ownerOf } from './standing.ts';
import type { Verdicts } from './verdict.ts';

type Needs = Pick<World, 'attempts' | 'deferral' | 'directories' | 'clock' | 'random'> & {
  readonly verdicts: Pick<Verdicts, 'decide' | 'leaveOpen'>;
  readonly door: FrontDoor;
};

export interface Typed {
  readonly login: string;
  readonly intention: Intention;
  readonly address: string;
  readonly language: string;
  readonly supportCode: string;
}

export function logins({ attempts, deferral, directories, clock, random, verdicts, door }: Needs) {
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
    const lookUpLater = async () => {
      if (slot.id !== null) await lookUp(slot.id, login);
    };
    const isAccepted = deferral.accept(typed.supportCode, lookUpLater, ownerOf(typed));
    if (!isAccepted) return new Refusal('desk.busy');
    const attempt = attempts.open({ token, ...typed, login: foldLogin(login), at: now, expiresAt: now + attemptLife });
    slot.id = attempt.id;
    return { token };
  }

  /** After the reply: whose login this is, and whether a reset can come of it. */
  async function lookUp(id: number, login: string): Promise<void> {
    const attempt = attempts.byId(id);
    if (attempt?.state !== 'open') return;
    const found = door.known(login) ?? (await door.foundLive(login));
    if (found === null) attempts.identify(id, null, 'known');
    else if (isSeveral(found)) verdicts.leaveOpen(attempt, found.several);
    else await verdicts.decide(attempt, found);
  }

  return { identify, places: door.places };
}
