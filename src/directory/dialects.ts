/** The kinds of directory that Latchkey speaks to. */

import { directoryServer389 } from './389ds.ts';
import { activeDirectory } from './active-directory.ts';
import type { Dialect } from './dialect.ts';
import type { DirectoryKind } from './config.ts';
import { openldap } from './openldap.ts';
import type { Entry } from './ldap.ts';
import { samba } from './samba.ts';

/** Samba says both: that it is Samba, and that it is Active Directory. */
const dialects: readonly Dialect[] = [openldap, samba, activeDirectory, directoryServer389];

/** By its configured name; null when it is to be found out. */
export const dialectNamed = (kind: DirectoryKind): Dialect | null => dialects.find((dialect) => dialect.kind === kind) ?? null;

/** By the root entry, which a server may hide: then the plainest dialect, which asks for nothing unusual. */
export const dialectOf = (root: Entry | null): Dialect => (root && dialects.find((dialect) => dialect.isSpokenBy(root))) ?? openldap;
