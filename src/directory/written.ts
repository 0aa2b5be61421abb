/** Who was written where, a moment ago: another server may not have heard of it yet, and would show the old lock and refuse the new password. */

import { hour, type Instant } from '../rules/time.ts';
import type { Clock } from '../world.ts';
import { isRecent } from './recent.ts';

export interface Written {
  note(remoteId: string, server: string): void;
  /** The server that was last written for this person, while another may still lag behind it. */
  serverOf(remoteId: string): string | null;
}

/** Between two sites Active Directory replicates every 180 minutes unless told otherwise; all else that was measured takes seconds. */
const lagMillis = 3 * hour;
/** More people than an office writes in that time. The longest ago is forgotten first. */
const mostPeople = 5000;

export function rememberWritten(clock: Clock): Written {
  const noted = new Map<string, { server: string; at: Instant }>();
  return {
    note(remoteId, server) {
      noted.delete(remoteId);
      noted.set(remoteId, { server, at: clock.now() });
      const [oldest] = noted.keys();
      if (noted.size > mostPeople && oldest !== undefined) noted.delete(oldest);
    },
    serverOf(remoteId) {
      const found = noted.get(remoteId);
      if (!found) return null;
      if (isRecent(found.at, lagMillis, clock.now())) return found.server;
      noted.delete(remoteId);
      return null;
    },
  };
}
