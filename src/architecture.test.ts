/** What the architecture says of itself, proved: the import table, the kept files, the texts, the tree in the README. */

import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checks, events, methodNames, refusals, results } from './rules/vocabulary.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const test = suite<{ copy: string }>('architecture');

/** A copy of the tree in which violations can be planted; the packages are linked. */
test.before((room) => {
  room.copy = mkdtempSync(join(tmpdir(), 'latchkey-architecture-'));
  const parts = ['src', '.ci/lint', 'package.json', 'tsconfig.json', 'biome.json', '.gitignore', '.dependency-cruiser.cjs'];
  for (const part of parts) cpSync(join(root, part), join(room.copy, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(room.copy, 'node_modules'));
});
test.after(({ copy }) => rmSync(copy, { recursive: true, force: true }));

function plant(copy: string, file: string, code: string): void {
  mkdirSync(dirname(join(copy, file)), { recursive: true });
  appendFileSync(join(copy, file), `\n${code}\n`);
}

const tool = (copy: string, name: string, ...args: string[]): string =>
  spawnSync(join(root, 'node_modules/.bin', name), args, { cwd: copy, encoding: 'utf8', timeout: 600_000, maxBuffer: 1 << 28 }).stdout;

/** Each row of the import table, and a file that breaks it. */
const forbidden: readonly [rule: string, file: string, code: string][] = [
  ['rules-import-only-rules', 'src/rules/planted.ts', "import '../world.ts';"],
  ['rules-import-only-rules', 'src/rules/planted-disk.ts', "import 'node:fs';"],
  ['rules-import-only-rules', 'src/sync/plan.ts', "import '../methods/planted.ts';"],
  ['world-imports-only-rules', 'src/world.ts', "import './methods/planted.ts';"],
  ['methods-import-rules-and-world', 'src/methods/planted.ts', "import 'pino';"],
  ['methods-import-rules-and-world', 'src/methods/planted-store.ts', "import type { Db } from '../store/database.ts';"],
  ['flows-import-rules-methods-and-world', 'src/reset/planted.ts', "import '../web/visit.ts';"],
  ['flows-import-rules-methods-and-world', 'src/set-password.ts', "import './store/schema.ts';"],
  ['flows-import-rules-methods-and-world', 'src/sync/sync.ts', "import '../directory/config.ts';"],
  ['flows-know-no-pages', 'src/access/planted.ts', "import './pages.ts';"],
  ['pages-add-their-flow-and-web', 'src/reset/pages.ts', "import '../store/schema.ts';"],
  ['adapters-import-rules-and-world', 'src/store/planted.ts', "import '../methods/planted.ts';"],
  ['adapters-import-rules-and-world', 'src/directory/planted.ts', "import '../store/schema.ts';"],
  ['adapters-import-rules-and-world', 'src/delivery/planted.ts', "import '../web/visit.ts';"],
  ['adapters-import-rules-and-world', 'src/system.ts', "import './config.ts';"],
  ['web-knows-no-portal', 'src/web/planted.ts', "import '../reset/planted.ts';"],
  ['no-portal-imports-another', 'src/registration/planted.ts', "import '../reset/planted.ts';"],
  ['only-app-wires', 'src/routes.ts', "import './store/schema.ts';"],
  ['config-knows-adapters-by-type', 'src/config.ts', "import './directory/config.ts';"],
  ['only-directory-speaks-ldap', 'src/app.ts', "import 'ldapjs';"],
  ['only-store-speaks-sql', 'src/delivery/planted-sql.ts', "import 'better-sqlite3';"],
  ['only-store-speaks-sql', 'src/reset/planted-sql.ts', "import 'drizzle-orm/sqlite-core';"],
  ['only-web-speaks-koa', 'src/admin/planted-koa.ts', "import type { Context } from 'koa';"],
  ['nothing-imports-testing', 'src/app.ts', "import './testing/world.ts';"],
  ['no-development-packages', 'src/methods/planted-development.ts', "import 'fast-check';"],
  ['no-circles', 'src/methods/planted-circle.ts', "import './planted-circled.ts';"],
  ['nothing-unresolved', 'src/reports/planted.ts', "import './nowhere.ts';"],
];

interface Violation {
  readonly from: string;
  readonly rule: { readonly name: string; readonly severity: string };
}

test('a violation of each row of the import table is found', ({ copy }) => {
  plant(copy, 'src/methods/planted-circled.ts', "import './planted-circle.ts';");
  for (const [, file, code] of forbidden) plant(copy, file, code);
  const report = JSON.parse(tool(copy, 'depcruise', 'src', '--config', '.dependency-cruiser.cjs', '-T', 'json')) as {
    summary: { violations: Violation[] };
  };
  const found = new Set(report.summary.violations.map(({ rule, from }) => `${rule.severity} ${rule.name} ${from}`));
  for (const [rule, file] of forbidden) assert.ok(found.has(`error ${rule} ${file}`), `${rule} does not see ${file}`);
});

test('every row of the import table is tried', () => {
  const { forbidden: rows } = createRequire(import.meta.url)('../.dependency-cruiser.cjs') as { forbidden: { name: string }[] };
  assert.equal([...new Set(forbidden.map(([rule]) => rule))].sort(), rows.map(({ name }) => name).sort());
});

const timeAndChance = 'Only src/system.ts reads time or chance';
const passwordIsSet = 'Only src/set-password.ts sets a password';

/** What no file may do but one. */
const reserved: readonly [message: string, file: string, code: string][] = [
  [timeAndChance, 'src/rules/lint-a.ts', 'export const planted = Date.now();'],
  [timeAndChance, 'src/reset/lint-b.ts', 'export const planted = new Date();'],
  [timeAndChance, 'src/store/lint-c.ts', 'export const planted = Math.random();'],
  [timeAndChance, 'src/web/lint-d.ts', "import { randomBytes } from 'node:crypto';\nexport const planted = randomBytes(8);"],
  [timeAndChance, 'src/web/lint-e.ts', "import * as crypto from 'node:crypto';\nexport const planted = crypto.randomUUID();"],
  [timeAndChance, 'src/web/lint-f.ts', "import crypto from 'node:crypto';\nexport const planted = crypto.randomInt(8);"],
  [timeAndChance, 'src/web/lint-g.ts', 'export const planted = crypto.getRandomValues(new Uint8Array(8));'],
  [timeAndChance, 'src/web/lint-h.ts', 'export const planted = { now: Date.now };'],
  [passwordIsSet, 'src/reset/lint-i.ts', 'export const planted = (passwordsFor: Home, a: A) => passwordsFor(a).set("x", () => {});'],
  [
    passwordIsSet,
    'src/admin/lint-j.ts',
    'export const planted = (home: Passwords) => home.change({ current: "x", password: "y" }, () => {});',
  ],
];
const allowed: readonly [file: string, code: string][] = [
  ['src/web/fine-a.ts', 'export const planted = (at: number) => new Date(at);'],
  ['src/reset/fine-b.ts', 'export const planted = (passwordsFor: Home, settings: Settings) => [passwordsFor, settings.set("x", "y")];'],
];

test('time, chance and the setting of passwords are kept to their files', ({ copy }) => {
  for (const [, file, code] of reserved) plant(copy, file, code);
  const told = tool(copy, 'biome', 'lint', 'src', '--reporter=github', '--max-diagnostics=500', '--colors=off', '--vcs-enabled=false');
  for (const [message, file] of reserved)
    assert.ok(
      told.split('\n').some((line) => line.includes(`file=${join(copy, file)},`) && line.includes(message)),
      `not found in ${file}:\n${told}`,
    );
  assert.not.match(told, /src\/system\.ts,[^\n]*Only src/);
  assert.not.match(told, /src\/set-password\.ts,[^\n]*Only src/);
});

test('what only looks like it is left alone', ({ copy }) => {
  for (const [file, code] of allowed) plant(copy, file, code);
  const told = tool(copy, 'biome', 'lint', ...allowed.map(([file]) => file), '--reporter=github', '--colors=off', '--vcs-enabled=false');
  assert.not.match(told, 'Only src');
});

const testFiles = globSync('{src,.ci}/**/*.test.ts', { cwd: root });
const importsOf = (file: string): string[] =>
  [...read(file).matchAll(/from '(\.[^']+\.ts)'/g)].map(([, path = '']) => join(dirname(file), path));

/** A list of tests that several adapters share runs itself. */
test('every test file runs its tests', () => {
  const runs = (file: string) => /(^|[^.\w])[A-Za-z]\w*\.run\(\);/m.test(read(file));
  for (const file of testFiles)
    assert.ok(runs(file) || importsOf(file).some((path) => path.startsWith('src/testing/') && runs(path)), `${file} never calls .run()`);
});

/** What a test file calls, and the need that it must then declare in its first lines. */
const callsForNeeds = {
  slapd: /\b(startSlapd\(|openRealHouse\(|slapdBench\b)/,
  'ldap-utils': /\bstartDemoProcess\(/,
  chromium: /from 'playwright-core'|\bopenChromium\(/,
};

test('a test file that needs more than Node says so', () => {
  for (const file of testFiles.filter((path) => path !== 'src/architecture.test.ts'))
    for (const [need, call] of Object.entries(callsForNeeds))
      if (call.test(read(file)))
        assert.match(read(file).split('\n').slice(0, 6).join('\n'), new RegExp(`^// needs:.*\\b${need}\\b`, 'm'), `${file} needs ${need}`);
});

test('every word of the vocabulary has a text', () => {
  const texts = JSON.parse(read('src/text/en.json')) as Record<string, string>;
  const words = { refusal: refusals, event: events, method: methodNames, check: checks, result: results };
  const missing = Object.entries(words).flatMap(([kind, names]) => names.map((name) => `${kind}.${name}`).filter((key) => !texts[key]));
  assert.equal(missing, []);
});

/** The tree in the README: "  folder/   what it is", one level per two spaces, several names divided by commas. */
function treeOfReadme(): string[] {
  const block = /```tree\n([\s\S]*?)```/.exec(read('README.md'))?.[1] ?? '';
  const folders: string[] = [];
  return block.split('\n').flatMap((line) => {
    const [, indent = '', names = ''] = /^( *)([^\s,]+(?:, [^\s,]+)*)/.exec(line) ?? [];
    const depth = indent.length / 2;
    return names
      .split(', ')
      .filter(Boolean)
      .map((name) => {
        if (name.endsWith('/')) folders.splice(depth, folders.length, name);
        return `${folders.slice(0, depth).join('')}${name}`;
      });
  });
}

test('the tree in the README is the real one', () => {
  const named = treeOfReadme();
  assert.ok(named.length > 20, 'the README has no tree');
  for (const path of named) assert.ok(existsSync(join(root, path)), `the README names ${path}, which is not there`);
  const real = [
    ...globSync('src/*/', { cwd: root, withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `src/${name}/`),
    ...globSync('src/*.ts', { cwd: root }).filter((path) => !/[.](test|d)[.]ts$/.test(path)),
  ];
  for (const path of real) assert.ok(named.includes(path), `the README does not name ${path}`);
});

test.run();
