// needs: buildah podman debootstrap
// limit: 1500 s
/** The image as an office would run it: not root, nothing writable but its data, healthy by its own word, a reset works, a quick clean stop. */

import { spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Browser } from '../src/testing/browser.ts';
import { eventually } from '../src/testing/eventually.ts';
import { quickest } from '../src/testing/quickest.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const uid = 10001;

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}
const container = (...args: string[]): Ran =>
  spawnSync(`${root}.ci/container.sh`, args, { encoding: 'utf8', timeout: 1_200_000, maxBuffer: 1 << 26 });
const podman = (...args: string[]): Ran => container('podman', ...args);
const must = ({ status, stdout, stderr }: Ran): string => {
  if (status !== 0) throw new Error(`${stdout}${stderr}`);
  return stdout.trim();
};

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

interface Box {
  readonly name: string;
  readonly site: string;
  readonly exec: (...words: string[]) => Ran;
}

const started: string[] = [];

/** As docs/running.md says: read-only root, no capability, no new privileges. */
async function start(port: number, { options = [], command = [] }: { options?: string[]; command?: string[] } = {}): Promise<Box> {
  const name = `latchkey-test-${process.pid}-${started.length}`;
  started.push(name);
  const confined = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--memory', '512m', '--pids-limit', '100'];
  const place = ['--network', 'host', '-e', `LATCHKEY_LISTEN__PORT=${port}`, '-e', 'LATCHKEY_LISTEN__ADDRESS=127.0.0.1'];
  must(podman('run', '-d', '--name', name, '--pull=never', ...confined, ...place, ...options, 'localhost/latchkey:test', ...command));
  const box = { name, site: `http://localhost:${port}`, exec: (...words: string[]) => podman('exec', name, ...words) };
  await answering(box);
  return box;
}

const answering = ({ name, site }: Box): Promise<boolean> =>
  eventually(
    () => `it does not answer:\n${Object.values(podman('logs', name)).join('\n')}`,
    () =>
      fetch(`${site}/healthz`).then(
        ({ ok }) => ok,
        () => false,
      ),
  );

const soon = 2000;

/** Milliseconds that the stop took, of the quickest of a few; each ends well. */
const stop = (box: Box): Promise<number> =>
  quickest(soon, async () => {
    const before = performance.now();
    must(podman('stop', '-t', '10', box.name));
    const took = performance.now() - before;
    assert.is(must(podman('inspect', '--format', '{{.State.ExitCode}}', box.name)), '0');
    if (took >= soon) {
      must(podman('start', box.name));
      await answering(box);
    }
    return took;
  });

function assertConfined(box: Box): void {
  assert.is(must(box.exec('id', '-u')), String(uid));
  // Permissions alone would refuse the writes of this user: the mount itself must.
  assert.match(must(box.exec('cat', '/proc/1/mounts')), /^\S+ \/ \S+ ro[, ]/m, 'the root is read-only');
  const status = must(box.exec('cat', '/proc/1/status'));
  assert.match(status, /^CapEff:\s+0+$/m);
  assert.match(status, /^NoNewPrivs:\s+1$/m);
}

const test = suite('container');
test.after(() => {
  for (const name of started) podman('rm', '-f', '-t', '1', name);
});

// Not in a hook: uvu swallows what a hook throws.
test('the image builds', () => {
  must(container('build'));
});

test('the demo in it resets a password', async () => {
  const [port, ldapPort] = [await freePort(), await freePort()];
  const box = await start(port, { command: ['demo', '--port', String(port), '--ldap-port', String(ldapPort)] });
  assertConfined(box);
  must(podman('healthcheck', 'run', box.name));

  const cast = (await (await fetch(`${box.site}/dev/cast.json`)).json()) as { login: string; password: string; mail: string }[];
  const alice = cast.find(({ login }) => login === 'alice');
  const password = 'a container full of violets';
  const browser = new Browser(box.site);
  await browser.open('/reset');
  await browser.submit({ login: 'alice' });
  await browser.submit({ method: 'email' });
  await browser.submit({ answer: await mailedCode(box, alice?.mail ?? '') });
  await browser.submit({ password, password_again: password });
  assert.is(browser.status, 200, browser.html);

  for (const [tried, opens] of [
    [alice?.password ?? '', false],
    [password, true],
  ] as const) {
    const door = new Browser(box.site);
    await door.open('/sign-in');
    await door.submit({ login: 'alice', password: tried });
    assert.is(door.status, opens ? 200 : 422, tried);
  }
  const millis = await stop(box);
  assert.ok(millis < soon, `stopping took ${millis} ms`);
});

async function mailedCode({ site }: Box, to: string): Promise<string> {
  for (let tries = 0; tries < 1200; tries += 1) {
    const sent = (await (await fetch(`${site}/dev/outbox.json`)).json()) as { to: string; kind: string; text: string }[];
    const code = /\b\d{8}\b/.exec(sent.find((message) => message.to === to && message.kind === 'reset-code')?.text ?? '')?.[0];
    if (code) return code;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('no code was mailed');
}

test('it serves from its data folder alone', async () => {
  const data = mkdtempSync(join(tmpdir(), 'latchkey-container-'));
  try {
    const port = await freePort();
    writeFileSync(join(data, 'config.toml'), `public_url = "http://localhost:${port}"\n`);
    for (const path of [data, join(data, 'config.toml')]) chownSync(path, uid, uid);
    const box = await start(port, { options: ['-v', `${data}:/data`] });
    assertConfined(box);
    must(podman('healthcheck', 'run', box.name));
    assert.match(must(box.exec('latchkey', 'journal', 'verify')), /\d/);
    assert.is(must(box.exec('find', '/data', '-name', '*.key')), '/data/latchkey.key');
    assert.is(must(box.exec('find', '/data', '-name', '*.key', '-perm', '/077')), '');
    const millis = await stop(box);
    assert.ok(millis < soon, `stopping took ${millis} ms`);
  } finally {
    rmSync(data, { recursive: true });
  }
});

test.run();
