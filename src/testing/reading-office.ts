/** How tests read an office of many, and what they ask of the accounts afterwards. */

import * as assert from 'uvu/assert';
import type { House } from '../app.ts';
import type { Account } from '../rules/account.ts';
import { isRefusal, type Refusal } from '../rules/refusal.ts';
import type { SyncReport } from '../sync/report.ts';
import type { SyncOptions } from '../sync/sync.ts';
import type { Directory } from '../world.ts';

export const directoryOf = ({ world }: House): Directory => world.directories.all[0] as Directory;

export async function read(house: House, options: SyncOptions = {}): Promise<SyncReport> {
  const report = await house.sync(directoryOf(house), options);
  if (isRefusal(report)) throw new Error(`refused: ${report.key} ${report.raw ?? JSON.stringify(report.params)}`);
  return report;
}

export async function refusal(house: House, options: SyncOptions = {}): Promise<Refusal> {
  const outcome = await house.sync(directoryOf(house), options);
  if (!isRefusal(outcome)) throw new Error('not refused');
  return outcome;
}

/** What was read by parts is what reading everybody would have made of it. */
export async function isWhole(house: House): Promise<void> {
  assert.equal((await read(house, { dryRun: true })).changes, []);
}

export function account({ world }: House, login: string): Account {
  const [found] = world.accounts.byLogin(login);
  if (!found) throw new Error(`${login} has no account`);
  return found;
}
