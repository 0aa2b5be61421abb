/** The doors in the administrator's navigation, and whose they are; routes.ts is what opens them. */

import type { Role } from '../rules/account.ts';

export interface StaffDoor {
  readonly path: string;
  /** The key of its name. */
  readonly text: string;
  readonly icon: string;
}

const doors: readonly (StaffDoor & { roles: readonly Role[] })[] = [
  { path: '/admin', text: 'navigation.overview', icon: 'health', roles: ['administrator', 'helpdesk', 'auditor'] },
  { path: '/admin/people', text: 'navigation.people', icon: 'people', roles: ['administrator', 'helpdesk', 'auditor'] },
  { path: '/admin/blocks', text: 'navigation.blocks', icon: 'lock', roles: ['administrator', 'helpdesk', 'auditor'] },
  { path: '/admin/policy', text: 'navigation.policy', icon: 'rules', roles: ['administrator'] },
  { path: '/admin/reports', text: 'navigation.reports', icon: 'chart', roles: ['administrator', 'auditor'] },
  { path: '/admin/directory', text: 'navigation.directory', icon: 'directory', roles: ['administrator'] },
  { path: '/admin/system', text: 'navigation.system', icon: 'system', roles: ['administrator'] },
];

export const staffDoors = (role: Role): readonly StaffDoor[] => doors.filter(({ roles }) => roles.includes(role));
