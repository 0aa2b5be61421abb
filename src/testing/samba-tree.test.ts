/** Where the tree's packages come from: the system's own archive in whichever manner it is written, and never somebody else's. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mirrorIn } from './samba-tree.ts';

const everybodys = 'http://deb.debian.org/debian';

test('one-line and deb822, with and without a slash, options and comments', () => {
  for (const [text, mirror] of [
    ['deb http://mirror.example/debian bookworm main', 'http://mirror.example/debian'],
    [
      '# deb http://old.example/debian bookworm main\ndeb http://mirror.example/debian/ bookworm main contrib # ours',
      'http://mirror.example/debian',
    ],
    [
      'deb [arch=amd64 signed-by=/usr/share/keyrings/x.gpg] https://mirror.example:8443/pub/debian/ trixie main',
      'https://mirror.example:8443/pub/debian',
    ],
    [
      'Types: deb\nURIs: http://mirror.example/debian/\nSuites: bookworm bookworm-updates\nComponents: main\n',
      'http://mirror.example/debian',
    ],
    [
      'Types: deb deb-src\n# http://snapshot.example/debian\nURIs:\n http://mirror.example/debian\nSuites: trixie\nComponents: main contrib',
      'http://mirror.example/debian',
    ],
    [
      'Enabled: no\nTypes: deb\nURIs: http://off.example/debian\nSuites: trixie\nComponents: main\n\nTypes: deb\nURIs: http://on.example/debian\nSuites: trixie\nComponents: main\n',
      'http://on.example/debian',
    ],
  ] as const)
    assert.is(mirrorIn([text]), mirror, text);
});

test("everybody's where the system has no archive of Debian itself", () => {
  for (const text of [
    '',
    'deb http://archive.ubuntu.com/ubuntu noble main universe',
    'Types: deb\nURIs: http://archive.ubuntu.com/ubuntu/\nSuites: noble noble-updates\nComponents: main\n',
    'deb http://mirror.example/debian-security bookworm-security main',
    'deb https://download.example/linux/debian bookworm stable',
    'deb https://packages.example/debian/12/prod bookworm main',
    'deb https://packages.example/apt cloud-sdk-bookworm main',
    'Types: deb\nURIs: mirror+file:/etc/apt/mirrors/debian.list\nSuites: bookworm\nComponents: main\n',
  ])
    assert.is(mirrorIn([text]), everybodys, text);
});

test('the first of several files', () => {
  assert.is(
    mirrorIn([
      'deb https://packages.example/apt any main',
      'deb http://one.example/debian bookworm main',
      'deb http://two.example/debian bookworm main',
    ]),
    'http://one.example/debian',
  );
});

test.run();
