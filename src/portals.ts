/** The portals of one house, each with what it may touch. */

import { accessFlows } from './access/flows.ts';
import { blockDesk } from './admin/blocks.ts';
import { directoryDesk } from './admin/directories.ts';
import { adminOverview, type LastSync } from './admin/overview.ts';
import type { Config } from './config.ts';
import { dryRun } from './dry-run.ts';
import { frontDoor } from './front-door.ts';
import type { Methods } from './methods/methods.ts';
import { registration } from './registration/registration.ts';
import { approvalDesk } from './reset/approvals.ts';
import { passwordReset } from './reset/reset.ts';
import type { Account } from './rules/account.ts';
import type { PasswordDesk } from './set-password.ts';
import { syncState } from './sync/report.ts';
import type { Sync } from './sync/sync.ts';
import type { DirectoryHealth, World } from './world.ts';

interface Needs {
  readonly world: World;
  readonly methods: Methods;
  readonly desk: PasswordDesk;
  readonly sync: Sync;
  readonly config: Pick<Config, 'publicUrl' | 'mail'>;
}

const registrationDuty = { page: '/registration/remind', portal: '/registration' };

export type Portals = ReturnType<typeof portalsOf>;

export function portalsOf({ world, methods, desk, sync, config }: Needs) {
  const { publicUrl } = config;
  const access = accessFlows({ ...world, methods, desk, publicUrl });
  const enrolling = registration({ ...world, methods, current: access.current, publicUrl, ownDomains: config.mail?.ownDomains ?? [] });
  return {
    reset: passwordReset({ ...world, methods, desk }),
    approvals: approvalDesk({ ...world, methods }),
    registration: enrolling,
    access: {
      ...access,
      interrupt: (account: Account) => (enrolling.asks(account, world.clock.now()) === null ? null : registrationDuty.page),
    },
    duty: { ...registrationDuty, isOwed: enrolling.insists },
    blocks: blockDesk({ ...world, publicUrl, clearCounters: desk.clearCounters }),
    overview: adminOverview({ ...world, sync, lastSync: (directory) => lastSyncOf(world, directory) }),
    directories: directoryDesk({
      ...world,
      sync,
      running: (directory) => syncState(world, directory).running,
      async dryRun(login) {
        const run = await dryRun(login, { ...world, methods, door: frontDoor(world) });
        return run.kind === 'found' ? run : null;
      },
    }),
    /** What keeps people from being served. */
    reasons: (): string[] => {
      const seen = world.directories.all.map((directory) => directory.health());
      return seen.some(({ isUsable }) => isUsable) ? [] : seen.map(reasonOf);
    },
  };
}

/** Anybody may read it: what the directory said word for word is for the log and the doctor. */
const reasonOf = ({ id, isReachable, problem }: DirectoryHealth): string =>
  isReachable ? `directory ${id} answers, but cannot be used: ${problem?.key ?? 'unknown'}` : `directory ${id} does not answer`;

function lastSyncOf(world: World, directory: string): LastSync | null {
  const { last } = syncState(world, directory);
  return last && { ...last, refused: last.refusal };
}
