/** The commands of the house: what each is called, what it takes, and how a mistake is told. What they do stands in commands/. */

import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createAdministrator, recoverAdministrator } from './commands/admin.ts';
import { askAgain } from './commands/ask-again.ts';
import { backup, restore } from './commands/backup.ts';
import { buildBreached } from './commands/breached.ts';
import { check } from './commands/check.ts';
import { type Given, Mistake } from './commands/given.ts';
import { exportJournal, verifyJournal } from './commands/journal.ts';
import { lift } from './commands/lift.ts';
import { givePass } from './commands/pass.ts';
import { exportPolicy, importPolicy } from './commands/policy.ts';
import { migrate, serve } from './commands/serve.ts';
import { sync } from './commands/sync.ts';
import { type Config, ConfigMistakes, loadConfig } from './config.ts';
import { DirectoryProblem } from './directory/directory.ts';
import { ListProblem } from './lore/prefix-file.ts';
import { StoreProblem } from './store/database.ts';
import { KeyProblem } from './vault.ts';

interface Command {
  readonly usage: string;
  readonly does: string;
  readonly options?: Readonly<Record<string, 'string' | 'boolean'>>;
  readonly words?: number;
  /** Where fewer words do. */
  readonly leastWords?: number;
  readonly run: (given: Given) => Promise<number>;
}

const commands: Readonly<Record<string, Command>> = {
  serve: { usage: 'serve', does: 'the appliance; SIGTERM stops it', run: serve },
  demo: {
    usage: 'demo [--port 8080] [--ldap-port 3890] [--data DIR]',
    does: 'a complete office to look at, with its own directory',
    options: { port: 'string', 'ldap-port': 'string', data: 'string' },
    // Loaded only here: serving needs nothing of a directory server, its authority and the libraries that they bring.
    run: async (given) => (await import('./commands/demo.ts')).demo(given),
  },
  check: {
    usage: 'check [--account LOGIN] [--json]',
    does: 'the doctor; with a login, the dry run of a reset',
    options: { account: 'string', json: 'boolean' },
    run: check,
  },
  sync: {
    usage: 'sync [--dry-run] [--full] [--lift-brake] [--json]',
    does: 'reads the accounts from the directory',
    options: { 'dry-run': 'boolean', full: 'boolean', 'lift-brake': 'boolean', json: 'boolean' },
    run: sync,
  },
  'journal verify': { usage: 'journal verify', does: 'proves that the journal is whole', run: verifyJournal },
  'journal export': { usage: 'journal export', does: 'the journal as JSON lines, oldest first', run: exportJournal },
  backup: {
    usage: 'backup FILE [--with-key KEYFILE]',
    does: 'copies the database while it is in use',
    options: { 'with-key': 'string' },
    words: 1,
    run: backup,
  },
  restore: { usage: 'restore FILE', does: 'puts a backup in the place of the database', words: 1, run: restore },
  'breached build': {
    usage: 'breached build FILE OUT [--least COUNT]',
    does: 'makes the offline list of breached passwords out of a public one ordered by hash; FILE - reads standard input',
    options: { least: 'string' },
    words: 2,
    run: buildBreached,
  },
  'admin create': { usage: 'admin create LOGIN', does: 'makes a local administrator', words: 1, run: createAdministrator },
  'admin recover': { usage: 'admin recover LOGIN', does: 'lets an administrator back in', words: 1, run: recoverAdministrator },
  'admin pass': {
    usage: 'admin pass LOGIN --reason TEXT [--minutes 60] [--length 12] [--many]',
    does: 'makes a temporary pass that opens a gate once, or with --many until its end, and prints it',
    options: { reason: 'string', minutes: 'string', length: 'string', many: 'boolean' },
    words: 1,
    run: givePass,
  },
  'admin lift': {
    usage: 'admin lift LOGIN',
    does: 'lets a person in again who is blocked, or whose self-service “this was not me” has locked',
    words: 1,
    run: lift,
  },
  'admin ask-again': {
    usage: 'admin ask-again LOGIN | --all',
    does: 'asks a person, or everybody, at the next sign-in whether what they registered is still right',
    options: { all: 'boolean' },
    words: 1,
    leastWords: 0,
    run: askAgain,
  },
  'policy export': { usage: 'policy export', does: 'the policy as TOML, with the meaning of every row', run: exportPolicy },
  'policy import': {
    usage: 'policy import FILE [--dry-run]',
    does: 'puts the policy of such a file in force, and says what that does to people; FILE - reads standard input',
    options: { 'dry-run': 'boolean' },
    words: 1,
    run: importPolicy,
  },
  migrate: { usage: 'migrate', does: 'brings the database up to date', run: migrate },
};

/** Runs one command line and returns the exit code: 0 well, 1 not, 2 could not run. */
export async function run(words: readonly string[]): Promise<number> {
  try {
    const [name, rest] = commandOf(words);
    if (name === null || rest.includes('--help')) return say(name === null ? overview() : helpOf(commands[name] as Command));
    return await (commands[name] as Command).run(given(commands[name] as Command, rest));
  } catch (problem) {
    const words = wordsFor(problem);
    if (words === null) throw problem;
    process.stderr.write(`${words}\n`);
    return 2;
  }
}

const forPeople = [Mistake, StoreProblem, KeyProblem, DirectoryProblem, ListProblem];

/** What an operator can mend, as a sentence; null for what only we can. */
function wordsFor(problem: unknown): string | null {
  if (forPeople.some((kind) => problem instanceof kind)) return (problem as Error).message;
  const { code, port, path, syscall } = problem as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE') return `Port ${port} is in use. Stop what uses it, or choose another one.`;
  if (syscall === 'listen') return `Port ${port} cannot be listened at: ${code}.`;
  const isAboutPlace = code !== undefined && ['EACCES', 'EEXIST', 'ENOTDIR', 'EROFS', 'ENOSPC', 'EPERM'].includes(code);
  return isAboutPlace ? `${path ?? 'The data folder'} cannot be used: ${code}.` : null;
}

function commandOf(words: readonly string[]): [string | null, readonly string[]] {
  if (words.length === 0 || words[0] === '--help' || words[0] === 'help') return [null, []];
  const name = Object.keys(commands).find((command) => command.split(' ').every((word, at) => words[at] === word));
  if (name !== undefined) return [name, words.slice(name.split(' ').length)];
  if (words.includes('--help')) return [null, []];
  throw new Mistake(`There is no command "${words.slice(0, 2).join(' ')}".\n\n${overview()}`);
}

function given(command: Command, rest: readonly string[]): Given {
  const options = Object.fromEntries(
    Object.entries({ config: 'string', ...command.options }).map(([name, type]) => [name, { type: type as 'string' | 'boolean' }]),
  );
  let parsed: { values: Record<string, string | boolean | undefined>; positionals: string[] };
  try {
    parsed = parseArgs({ args: [...rest], options, allowPositionals: true }) as typeof parsed;
  } catch (problem) {
    throw new Mistake(`${(problem as Error).message}\n\n${helpOf(command)}`);
  }
  const { words = 0, leastWords = words } = command;
  if (parsed.positionals.length > words || parsed.positionals.length < leastWords) throw new Mistake(helpOf(command));
  return { words: parsed.positionals, options: parsed.values, config: () => configFrom(parsed.values.config as string | undefined) };
}

/** `--config`, else ./config.toml, else the image's /data/config.toml, else the environment alone. */
function configFrom(named: string | undefined): Config {
  const file = named ?? ['config.toml', '/data/config.toml'].find((place) => existsSync(place)) ?? null;
  const config = loadConfig({ file, env: process.env });
  if (!(config instanceof ConfigMistakes)) return config;
  const where =
    file === null ? 'There is no config.toml (copy config.example.toml), and the environment alone does not do' : `${file} cannot be used`;
  throw new Mistake(`${where}:\n${config}`);
}

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };

const helpOf = ({ usage, does }: Command): string => `latchkey ${usage} [--config FILE]\n  ${does}`;
const overview = (): string =>
  [
    `Latchkey ${version}, the password desk`,
    '',
    ...Object.values(commands).map(({ usage, does }) => `  latchkey ${usage}\n      ${does}`),
    '',
    'Every command takes --config FILE (default ./config.toml).',
  ].join('\n');

function say(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}
