/** The doctor's look at each kind of directory. */

import type { Dialect } from '../dialect.ts';
import { dirsrvCheckUp } from './389ds.ts';
import { activeDirectoryCheckUp } from './active-directory.ts';
import type { CheckUp } from './check-up.ts';
import { openldapCheckUp } from './openldap.ts';

const checkUps: Readonly<Record<Dialect['kind'], CheckUp>> = {
  'active-directory': activeDirectoryCheckUp,
  samba: activeDirectoryCheckUp,
  openldap: openldapCheckUp,
  '389ds': dirsrvCheckUp,
};

export const checkUpOf = ({ kind }: Dialect): CheckUp => checkUps[kind];
