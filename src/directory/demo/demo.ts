/** The demo directory: an LDAP server in this process with a whole office in it, on loopback only. It is for looking, trying and testing, never for real people. */

import type { Clock, Random } from '../../world.ts';
import type { ServerCertificate } from '../certificate.ts';
import { type AdministratorHands, administratorHands } from './administrator.ts';
import { baseDn, build, groupDn, personDn, serviceDn } from './building.ts';
import type { DemoGroup, DemoPerson } from './office.ts';
import { operations } from './operations.ts';
import { scryptHash } from './password-hash.ts';
import type { PasswordPolicy } from './password-policy.ts';
import { openSockets, type Sockets } from './sockets.ts';
import { openStateFile } from './state-file.ts';

export interface DemoWish {
  /** Plain LDAP; LDAPS goes to the next free port after it. 0 picks a free one. */
  readonly ldapPort: number;
  readonly people: readonly DemoPerson[];
  readonly groups: readonly DemoGroup[];
  readonly policy: PasswordPolicy;
  /** Where changed passwords are kept over a restart; absent: nowhere. */
  readonly stateFile?: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly random: Pick<Random, 'bytes' | 'token'>;
  readonly authority: { readonly ca: string; issue(): Promise<ServerCertificate> };
}

export interface DemoDirectory {
  /** ldap://127.0.0.1:port, to look at it by hand. */
  readonly plainUrl: string;
  /** ldaps://127.0.0.1:port, which is what the appliance uses. */
  readonly secureUrl: string;
  /** PEM of the authority behind the LDAPS certificate. */
  readonly ca: string;
  readonly baseDn: string;
  /** May set passwords, pwdReset and pwdAccountLockedTime of everybody, and read all but passwords. */
  readonly serviceDn: string;
  /** New at every start. */
  readonly servicePassword: string;
  personDn(login: string): string;
  groupDn(name: string): string;
  /** Whether this start made the person, so that the password of the wish is in force; false when an earlier run's was kept. */
  isNew(login: string): boolean;
  readonly administrator: AdministratorHands;
  close(): Promise<void>;
}

/** Rejects when `ldapPort` is taken, or no port after it is free. */
export async function startDemoDirectory({ clock, random, authority, ...wish }: DemoWish): Promise<DemoDirectory> {
  const now = () => clock.now();
  const passwords = scryptHash(random);
  const servicePassword = random.token();
  const stateFile = await openStateFile(wish.stateFile ?? null);
  const building = await build(wish, servicePassword, { now, random, passwords, kept: stateFile.kept });
  const keep = () => stateFile.save(building.entries.all.filter((entry) => entry !== building.service));
  await keep();
  const operate = operations({ ...building, passwords, now, keep });
  const plain = await openSockets({ port: wish.ldapPort, operations: operate });
  const certificate = await authority.issue();
  const secure = await openNextPort(plain.port, (port) => openSockets({ port, certificate, operations: operate })).catch(
    async (error: unknown) => {
      await plain.close();
      throw error;
    },
  );
  return {
    plainUrl: `ldap://127.0.0.1:${plain.port}`,
    secureUrl: `ldaps://127.0.0.1:${secure.port}`,
    ca: authority.ca,
    baseDn,
    serviceDn,
    servicePassword,
    personDn,
    groupDn,
    isNew: (login) => !stateFile.kept.has(personDn(login)),
    administrator: administratorHands({ ...building, passwords, now, keep }),
    async close() {
      await Promise.all([plain.close(), secure.close()]);
      await keep();
    },
  };
}

/** The first free port of the twenty after `port`. */
async function openNextPort(port: number, open: (port: number) => Promise<Sockets>): Promise<Sockets> {
  for (let next = port + 1; next <= Math.min(port + 20, 65_535); next++) {
    const opened = await open(next).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') return null;
      throw error;
    });
    if (opened) return opened;
  }
  throw new Error(`no free port for LDAPS after ${port}`);
}
