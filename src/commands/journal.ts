/** The journal on the command line: proved, or written out. Runs beside a server. */

import { openHouse } from '../app.ts';
import type { Given } from './given.ts';

export async function verifyJournal({ config }: Given): Promise<number> {
  const house = await openHouse(config());
  try {
    const proof = house.world.journal.verify();
    if (!('brokenAt' in proof)) {
      process.stdout.write(`The journal is whole: ${proof.rows} rows proved.\n`);
      return 0;
    }
    process.stdout.write(`The journal is broken at row ${proof.brokenAt}; ${proof.rows} rows before it are proved.\n`);
    return 1;
  } finally {
    await house.close();
  }
}

export async function exportJournal({ config }: Given): Promise<number> {
  const house = await openHouse(config());
  try {
    for (const { seq, at, ...row } of house.world.journal.rows()) {
      const line = `${JSON.stringify({ seq, time: new Date(at).toISOString(), ...row })}\n`;
      if (!process.stdout.write(line)) await new Promise((go) => process.stdout.once('drain', go));
    }
    return 0;
  } finally {
    await house.close();
  }
}
