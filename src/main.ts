#!/usr/bin/env node
/** The first file: makes sure that this Node can run Latchkey before anything else is loaded, then hands the command on. */

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
// better-sqlite3 13 needs N-API 10: on an older Node it ends the process without a word.
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `Latchkey needs Node 22.18 or newer, and this is ${process.versions.node}. The ./latchkey wrapper brings its own.\n`,
  );
  process.exitCode = 1;
} else {
  const { run } = await import('./commands.ts');
  process.exitCode = await run(process.argv.slice(2));
}
