/**
 * A small whole Debian with a Samba that knows the policy hints (4.24 and later; no release of Debian or Ubuntu has one), for `startSamba` to
 * run by chroot. It is made once by debootstrap, needs root, and is kept beside other temporary files: 330 MB.
 */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const release = 'trixie';
const limitMinutes = 10;

/** Prints nothing that matters. `$1` the tree, `$2` the mirror. Whoever comes second waits for the first (flock), and finds the tree there. */
const recipe = `
[ -e "$1" ] && exit 0
making=$1.making
rm -rf "$making"
debootstrap --variant=minbase --include=ca-certificates ${release} "$making" "$2"
cp /etc/resolv.conf "$making/etc/resolv.conf"
cp /etc/ssl/certs/ca-certificates.crt "$making/etc/ssl/certs/" 2>/dev/null || true
apt-config dump | grep -E '^Acquire::(https?::Proxy|Check-Valid-Until|Check-Date) ' > "$making/etc/apt/apt.conf.d/99here" || true
printf 'Acquire::Languages "none";\\nAcquire::Retries "3";\\n' > "$making/etc/apt/apt.conf.d/99less"
printf 'path-exclude /usr/share/doc/*\\npath-exclude /usr/share/man/*\\n' > "$making/etc/dpkg/dpkg.cfg.d/less"
printf '#!/bin/sh\\nexit 101\\n' > "$making/usr/sbin/policy-rc.d" && chmod +x "$making/usr/sbin/policy-rc.d"
echo "deb $2 ${release}-backports main" > "$making/etc/apt/sources.list.d/backports.list"
export DEBIAN_FRONTEND=noninteractive
chroot "$making" apt-get -q update
chroot "$making" apt-get -q -y --no-install-recommends -t ${release}-backports install \\
  samba samba-ad-dc samba-ad-provision samba-dsdb-modules samba-vfs-modules
chroot "$making" apt-get clean
rm -rf "$making"/var/lib/apt/lists/*
mv "$making" "$1"
`;

/** Named by the recipe: whoever changes it gets another tree. */
function place(): string {
  const name = createHash('sha256').update(recipe).digest('hex').slice(0, 12);
  return join(tmpdir(), `latchkey-samba-tree-${process.getuid?.()}`, `${release}-${name}`);
}

export const hasSambaTree = (): boolean => existsSync(place());

/** The tree that `makeSambaTree` made. */
export function sambaTree(): string {
  if (!hasSambaTree()) throw new Error(`no tree at ${place()}: ./latchkey test --all makes it, as root`);
  return place();
}

/** Returns when it is there, at once where it was before. Throws with the last words of what failed. */
export function makeSambaTree(): void {
  const tree = place();
  const folder = join(tree, '..');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // What others could write to would let them choose what runs here.
  if (statSync(folder).uid !== process.getuid?.()) throw new Error(`${folder} belongs to somebody else`);
  const words = ['-w', String(limitMinutes * 60), `${tree}.lock`, 'sh', '-e', '-c', recipe, 'sh', tree, mirrorHere()];
  const { status, stdout, stderr } = spawnSync('flock', words, {
    encoding: 'utf8',
    env: { ...process.env, PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
    timeout: 2 * limitMinutes * 60_000,
    maxBuffer: 1 << 26,
  });
  if (status !== 0 || !existsSync(tree)) throw new Error(`no Samba tree:\n${`${stdout}${stderr}`.slice(-2000)}`);
}

const everybodys = 'http://deb.debian.org/debian';

/** Where this system itself has its Debian from. */
function mirrorHere(): string {
  const files = ['/etc/apt/sources.list', ...globSync('/etc/apt/sources.list.d/*.{list,sources}').sort()];
  return mirrorIn(files.map((file) => (existsSync(file) ? readFileSync(file, 'utf8') : '')));
}

/**
 * The first archive of Debian itself among texts in the manners of sources.list(5), one line or deb822; everybody's where there is none, as on
 * Ubuntu. Archives of others may carry Debian's code names, too: only Debian's own has `main` under `/debian`.
 */
export function mirrorIn(texts: readonly string[]): string {
  const archives = texts.flatMap((text) => (/^Types:/im.test(text) ? stanzas(text) : lines(text)));
  const found = archives.find(({ uri, suite, components }) => isDebian(uri) && codeNames.test(suite) && components.includes('main'));
  return found ? found.uri.replace(/\/+$/, '') : everybodys;
}

interface Archive {
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
}

const isDebian = (uri: string): boolean => /^https?:\/\/\S+\/debian\/*$/.test(uri);
const codeNames = /^(stable|testing|unstable|sid|oldstable|bullseye|bookworm|trixie|forky)(-updates)?$/;

const lines = (text: string): Archive[] =>
  [...text.matchAll(/^\s*deb(?:-src)?\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s*([^#\n]*)/gm)].map(
    ([, uri = '', suite = '', components = '']) => ({
      uri,
      suite,
      components: components.trim().split(/\s+/),
    }),
  );

function stanzas(text: string): Archive[] {
  const uncommented = text.replace(/^#.*\n?/gm, '');
  return uncommented.split(/\n\s*\n/).flatMap((stanza) => {
    // A field goes on in the lines that begin with a blank.
    const words = (field: string) => new RegExp(`^${field}:((?:.*)(?:\\n[ \\t].*)*)`, 'im').exec(stanza)?.[1]?.trim().split(/\s+/) ?? [];
    if (words('Enabled')[0]?.toLowerCase() === 'no') return [];
    return words('URIs').flatMap((uri) => words('Suites').map((suite) => ({ uri, suite, components: words('Components') })));
  });
}
