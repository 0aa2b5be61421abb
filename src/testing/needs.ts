/** What a test file needs beyond Node, as it declares in its first lines (`// needs: slapd chromium`), and how it is installed. */

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { hasSambaTree, makeSambaTree } from './samba-tree.ts';

interface Need {
  /** All of these programs show that it is here; "a|b" is either. */
  readonly programs: readonly string[];
  readonly packages: readonly string[];
  /** What is made here once after the packages are installed. */
  readonly made?: { readonly isHere: () => boolean; readonly make: () => void };
}

const needs: Readonly<Record<string, Need>> = {
  slapd: { programs: ['slapd', 'ldapadd'], packages: ['slapd', 'ldap-utils'] },
  samba: {
    // Samba without what a domain controller is made of is a file server: the last one says which it is.
    programs: ['samba', 'samba-tool', 'ldapsearch', '../share/samba/setup/provision.ldif'],
    packages: ['samba', 'samba-ad-dc', 'samba-ad-provision', 'samba-dsdb-modules', 'samba-vfs-modules', 'ldap-utils'],
  },
  '389ds': {
    programs: ['ns-slapd', 'dscreate', 'pk12util', 'openssl', 'ldapmodify'],
    packages: ['389-ds-base', 'libnss3-tools', 'openssl', 'ldap-utils'],
  },
  'ldap-utils': { programs: ['ldapwhoami'], packages: ['ldap-utils'] },
  chromium: { programs: ['chromium|chromium-browser|google-chrome'], packages: ['chromium', 'fonts-noto-core'] },
  buildah: { programs: ['buildah'], packages: ['buildah'] },
  podman: { programs: ['podman', 'runc'], packages: ['podman', 'runc'] },
  'samba-tree': {
    programs: ['debootstrap', 'ldapsearch'],
    packages: ['debootstrap', 'debian-archive-keyring', 'ldap-utils'],
    made: { isHere: hasSambaTree, make: makeSambaTree },
  },
  // Ubuntu lacks the keys that Debian signs with.
  debootstrap: { programs: ['debootstrap'], packages: ['debootstrap', 'debian-archive-keyring'] },
};

/** Daemons live in sbin, which is not on everybody's PATH. */
export const searchPath = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'].join(delimiter);

const isOnPath = (program: string): boolean => searchPath.split(delimiter).some((folder) => existsSync(join(folder, program)));
const isHere = ({ programs, made }: Need): boolean =>
  programs.every((either) => either.split('|').some(isOnPath)) && (made?.isHere() ?? true);

/** Those of the named needs that are missing on this machine. A name that is not in the table is an error of the test file. */
export function missing(names: readonly string[]): string[] {
  for (const name of names) if (!needs[name]) throw new Error(`unknown need "${name}": known are ${Object.keys(needs).join(', ')}`);
  return names.filter((name) => needs[name] && !isHere(needs[name]));
}

const policy = '/usr/sbin/policy-rc.d';

/** Debian starts a daemon as soon as it is installed; exit code 101 forbids that (invoke-rc.d), and ours lasts only as long as the work. */
function withoutStartingDaemons(work: () => void): void {
  const before = existsSync(policy) ? `${policy}.latchkey` : null;
  if (before) renameSync(policy, before);
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    work();
  } finally {
    rmSync(policy);
    if (before) renameSync(before, policy);
  }
}

function apt(...args: string[]): void {
  const options = ['-q', '-y', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=3'];
  const { status, stdout, stderr } = spawnSync('apt-get', [...options, ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    encoding: 'utf8',
    timeout: 600_000,
  });
  if (status !== 0) throw new Error(`apt-get ${args.join(' ')} failed:\n${stdout}${stderr}`);
}

const isDebian = (): boolean =>
  existsSync('/etc/debian_version') && /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(readFileSync('/etc/os-release', 'utf8'));

export function install(names: readonly string[]): void {
  if (!isDebian() || process.getuid?.() !== 0)
    throw new Error(`missing: ${names.join(', ')}. Installing them needs root on Debian or Ubuntu.`);
  const packages = names.flatMap((name) => needs[name]?.packages ?? []);
  console.log(`installing ${packages.join(' ')}`);
  withoutStartingDaemons(() => {
    apt('update');
    apt('install', '--no-install-recommends', ...packages);
  });
  for (const name of names) needs[name]?.made?.make();
  const still = missing(names);
  if (still.length > 0) throw new Error(`still missing after the installation: ${still.join(', ')}`);
}
