/** One sync of a directory at a time, whichever process or thread runs it: a row with an owner and a pulse, given up when the pulse stops. */

import { Refusal } from '../rules/refusal.ts';
import { type Instant, minute, second } from '../rules/time.ts';
import type { World } from '../world.ts';

type Needs = Pick<World, 'settings' | 'clock' | 'random' | 'atomically'>;

/** Longer than any single request to a directory may take. */
const givenUpAfter = 2 * minute;
const pulse = second;

export interface Progress {
  readonly step: 'reading' | 'writing';
  /** People. */
  readonly done: number;
  /** As far as is known. */
  readonly of: number | null;
}

export interface Running {
  readonly owner: string;
  readonly since: Instant;
  readonly beatAt: Instant;
  readonly progress: Progress;
}

export interface Turn {
  /** Tells how far it is, at most every second. */
  beat(progress: Progress): void;
  /** False once somebody else has taken over: then nothing more may be written. Call it in the transaction that writes. */
  isOurs(): boolean;
  end(): void;
}

const nameOf = (directory: string): string => `sync turn ${directory}`;

const holderOf = ({ settings }: Pick<Needs, 'settings'>, directory: string): Running | null =>
  JSON.parse(settings.note(nameOf(directory)) ?? 'null') as Running | null;

/** Who is at it now; null when nobody is, or when it was given up. */
export function running(needs: Pick<Needs, 'settings' | 'clock'>, directory: string): Running | null {
  const { clock } = needs;
  const turn = holderOf(needs, directory);
  return turn === null || clock.now() - turn.beatAt > givenUpAfter ? null : turn;
}

export function takeTurn(needs: Needs, directory: string): Turn | Refusal {
  const { settings, clock, random, atomically } = needs;
  const owner = random.token();
  const since = clock.now();
  const write = (turn: Running | null): void => settings.setNote(nameOf(directory), JSON.stringify(turn));
  // However long it was silent: a list of many groups may take minutes, and whoever takes over writes another owner.
  const isOurs = (): boolean => holderOf(needs, directory)?.owner === owner;
  let beatAt = since;

  const isTaken = atomically(() => {
    if (running(needs, directory) !== null) return false;
    write({ owner, since, beatAt, progress: { step: 'reading', done: 0, of: null } });
    return true;
  });
  if (!isTaken) return new Refusal('sync.running');
  return {
    isOurs,
    beat(progress) {
      if (clock.now() - beatAt < pulse) return;
      beatAt = clock.now();
      atomically(() => {
        if (isOurs()) write({ owner, since, beatAt, progress });
      });
    },
    end() {
      atomically(() => {
        if (isOurs()) write(null);
      });
    },
  };
}
