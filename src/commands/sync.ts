/** One sync run from the command line, with its progress on a terminal. Runs beside a server: a directory is read by one at a time. */

import { openHouse } from '../app.ts';
import type { Given } from './given.ts';
import { isRefusal } from '../rules/refusal.ts';

export async function sync({ options, config }: Given): Promise<number> {
  const house = await openHouse(config());
  const { directories } = house.world;
  const dryRun = options['dry-run'] === true;
  const isSeen = process.stderr.isTTY === true && options.json !== true;
  try {
    let isWell = true;
    for (const directory of directories.all) {
      const onProgress = (read: number): void => {
        if (isSeen) process.stderr.write(`\r${directory.id}: ${read} read`);
      };
      const report = await house.sync(directory, { dryRun, isBrakeLifted: options['lift-brake'] === true, actor: 'console', onProgress });
      if (isSeen) process.stderr.write('\r\u001b[K');
      if (isRefusal(report)) isWell = false;
      process.stdout.write(
        options.json === true
          ? `${JSON.stringify(isRefusal(report) ? { directory: directory.id, refused: report } : report)}\n`
          : `${directory.id}: ${wordsOf(house, report)}\n`,
      );
    }
    return isWell ? 0 : 1;
  } finally {
    await house.close();
  }
}

type Outcome = Awaited<ReturnType<Awaited<ReturnType<typeof openHouse>>['sync']>>;

function wordsOf({ texts }: Awaited<ReturnType<typeof openHouse>>, outcome: Outcome): string {
  if (isRefusal(outcome))
    return `${texts.find('en', `refusal.${outcome.key}`, outcome.params) ?? outcome.key}${outcome.raw === null ? '' : ` [${outcome.raw}]`}`;
  const { read, added, updated, disabled, unchanged, isDryRun, oddities } = outcome;
  const odd = oddities.map(({ kind, login, dns }) => `\n  left out (${kind}) ${login}: ${dns.join(' and ')}`).join('');
  return `${read} read, ${added} added, ${updated} changed, ${disabled} disabled, ${unchanged} unchanged${isDryRun ? ' (dry run: nothing was written)' : ''}${odd}`;
}
