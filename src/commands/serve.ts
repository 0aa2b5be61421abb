/** The appliance itself, and the migration that it would do at its start. */

import { prepareFolder, startApp } from '../app.ts';
import type { Given } from './given.ts';

export async function serve({ config }: Given): Promise<number> {
  const app = await startApp(config());
  await untilStopped();
  await app.close();
  return 0;
}

export async function migrate({ config }: Given): Promise<number> {
  const { copy, release } = prepareFolder(config().data.folder);
  release();
  process.stdout.write(
    copy === null ? 'The database is up to date.\n' : `The database is up to date now; as it was before it is kept as ${copy}.\n`,
  );
  return 0;
}

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. */
export const untilStopped = (): Promise<void> =>
  new Promise((stop) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop());
  });
