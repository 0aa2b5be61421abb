/** Opens a configured directory as the narrow waist wants it. Entries, connections and dialects stay behind it. */

import { isRefusal, Refusal } from '../rules/refusal.ts';
import type { Clock, Directory } from '../world.ts';
import type { DirectoryConfig } from './config.ts';
import { openChanges } from './changes.ts';
import { openDoctor } from './doctor.ts';
import { present } from './filter.ts';
import { openPasswords } from './passwords.ts';
import { openPeople, type People } from './people.ts';
import { openReading } from './reading.ts';
import { openServers, type ServersNeeds } from './servers.ts';
import { rememberWritten } from './written.ts';

/** What the administrator can mend in config.toml; told as it stands. */
export class DirectoryProblem extends Error {}

/** Throws a DirectoryProblem for what the configuration cannot mean; a server that does not answer is no reason. */
export function openDirectory(config: DirectoryConfig, needs: ServersNeeds): Directory {
  const { id, baseDn, passwordPolicyDn: policyDn = null } = config;
  const { clock } = needs;
  const servers = openServers(config, needs);
  const written = rememberWritten(clock);
  const people = peopleOf(config, clock);
  const changes = openChanges(config, { people, now: () => clock.now() });
  const reading = () => openReading({ servers, people, changes });

  return {
    id,
    find: (login) => servers.ask((desk) => people.find(desk, login)),
    read: (remoteId) => servers.ask((desk) => people.read(desk, remoteId), written.serverOf(remoteId)),
    reading,
    async *people() {
      const whole = await reading();
      if (isRefusal(whole)) throw whole;
      try {
        yield* whole.people();
      } finally {
        whole.close();
      }
    },
    passwords(account) {
      if (account.home !== id || account.remoteId === null) throw new Error(`account ${account.id} does not live in directory "${id}"`);
      return openPasswords(account.remoteId, { servers, people, written, clock, baseDn, policyDn });
    },
    health: () => servers.health(),
    probe: () =>
      servers.probe(async (desk) => {
        const [base] = await desk.link.search({ base: baseDn, scope: 'base', filter: present('objectClass'), attributes: ['1.1'] });
        if (!base) throw new Refusal('directory.not-found', { raw: `${desk.server}: no entry ${baseDn}, or not to be read` });
        await people.requireGroups(desk);
      }),
    examine: openDoctor(config, { ...needs, people }),
    async close() {
      servers.close();
    },
  };
}

function peopleOf(config: DirectoryConfig, clock: Clock): People {
  try {
    return openPeople(config, () => clock.now());
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new DirectoryProblem(`directory "${config.id}": account_filter is no LDAP filter (RFC 4515): ${error.message}`);
  }
}
