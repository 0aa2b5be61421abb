/** `npm run lock`: completes package-lock.json. npm leaves out an optional package that is made for another platform when it could not look
 *  it up, and later refuses that very lock file ("npm ci" can only install ... in sync). What is missing is named here as npm would name it,
 *  with the checksum that the registry tells; what this registry does not have stays without one, and is listed. */

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

interface Entry {
  readonly version?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const place = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(place, 'utf8')) as { packages: Record<string, Entry> };

const platforms = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const processors = ['arm64', 'arm', 'ia32', 'ppc64', 'riscv64', 's390x', 'x64'];

const isListed = (parent: string, name: string): boolean =>
  `${parent}/node_modules/${name}` in lock.packages || `node_modules/${name}` in lock.packages;

/** "@biomejs/cli-linux-x64-musl": the names of such packages say what they are for. */
const fitting = (name: string): { os: string[]; cpu: string[] } | null => {
  const words = name.split(/[/-]/);
  const [os, cpu] = [platforms.find((word) => words.includes(word)), processors.find((word) => words.includes(word))];
  return os && cpu ? { os: [os], cpu: [cpu] } : null;
};

for (const [parent, { dev, optionalDependencies = {} }] of Object.entries(lock.packages))
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const fits = fitting(name);
    if (isListed(parent, name) || !fits || !/^\d+\.\d+\.\d+$/.test(version)) continue;
    lock.packages[`node_modules/${name}`] = { version, ...fits, ...(dev ? { dev } : {}), optional: true } as Entry;
    console.log(`added ${name} ${version}`);
  }

/** Subresource integrity ("sha512-..."), or null when the registry does not have this version. */
function integrityOf(name: string, version: string): string | null {
  const { stdout } = spawnSync('npm', ['view', `${name}@${version}`, 'dist.integrity'], { encoding: 'utf8', timeout: 30_000 });
  return /^sha512-\S+$/m.exec(stdout ?? '')?.[0] ?? null;
}

for (const [path, entry] of Object.entries(lock.packages)) {
  const name = path.split('node_modules/').at(-1);
  if (!name || !entry.version || entry.integrity) continue;
  const integrity = integrityOf(name, entry.version);
  if (integrity) lock.packages[path] = { ...entry, integrity };
  else console.log(`without a checksum: ${name} ${entry.version}`);
}

const sorted = Object.entries(lock.packages).sort(([a], [b]) => (a === b ? 0 : a < b ? -1 : 1));
writeFileSync(place, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`);
