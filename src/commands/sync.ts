/** One sync run from the command line, with its progress on a terminal. Runs beside a server: a directory is read by one at a time. */

import { openHouse } from '../app.ts';
import type { Given } from './given.ts';
import { isRefusal } from '../rules/refusal.ts';

type House = Awaited<ReturnType<typeof openHouse>>;
type Options = NonNullable<Parameters<House['sync']>[1]>;
type Progress = Parameters<NonNullable<Options['onProgress']>>[0];
type Outcome = Awaited<ReturnType<House['sync']>>;

export async function sync({ options, config }: Given): Promise<number> {
  const house = await openHouse(config());
  const { directories } = house.world;
  const isSeen = process.stderr.isTTY === true && options.json !== true;
  const wanted: Options = {
    dryRun: options['dry-run'] === true,
    actor: 'console',
    ...(options.full === true ? { extent: 'everybody' } : {}),
    ...(options['lift-brake'] === true ? { extent: 'everybody', mayDisable: Number.MAX_SAFE_INTEGER } : {}),
  };
  try {
    let isWell = true;
    for (const directory of directories.all) {
      const { id } = directory;
      const onProgress = (progress: Progress): void => {
        if (isSeen) process.stderr.write(`\r\u001b[K${id} ${barOf(progress)}`);
      };
      const report = await house.sync(directory, { ...wanted, onProgress });
      if (isSeen) process.stderr.write('\r\u001b[K');
      if (isRefusal(report)) isWell = false;
      process.stdout.write(
        options.json === true
          ? `${JSON.stringify(isRefusal(report) ? { directory: id, refused: report } : report)}\n`
          : `${id}: ${wordsOf(house, report)}\n`,
      );
    }
    return isWell ? 0 : 1;
  } finally {
    await house.close();
  }
}

const width = 30;

/** `[##########--------------------] 16 500 of 50 000 read` */
function barOf({ step, done, of }: Progress): string {
  const what = step === 'reading' ? 'read' : 'written';
  if (of === null || of === 0) return `${numberOf(done)} ${what}`;
  const filled = Math.min(width, Math.round((width * done) / of));
  return `[${'#'.repeat(filled)}${'-'.repeat(width - filled)}] ${numberOf(done)} of ${numberOf(of)} ${what}`;
}
const numberOf = (value: number): string => value.toLocaleString('en').replaceAll(',', ' ');

function wordsOf({ texts }: House, outcome: Outcome): string {
  if (isRefusal(outcome))
    return `${texts.find('en', `refusal.${outcome.key}`, outcome.params) ?? outcome.key}${outcome.raw === null ? '' : ` [${outcome.raw}]`}`;
  const { extent, read, added, updated, disabled, unchanged, isDryRun, oddities } = outcome;
  const odd = oddities.map(({ kind, login, dns }) => `\n  left out (${kind}) ${login}: ${dns.join(' and ')}`).join('');
  const what = { everybody: 'read', changes: 'changed there', 'changes and ids': 'changed there, and all looked for' }[extent];
  return `${read} ${what}, ${added} added, ${updated} changed, ${disabled} disabled, ${unchanged} unchanged${isDryRun ? ' (dry run: nothing was written)' : ''}${odd}`;
}
