/** `latchkey check` in a process of its own, on a house whose config.toml was changed for it. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { type CommandResult, type HouseBefore, runCommand } from '../house.ts';

interface Found {
  readonly part: string;
  readonly verdict: 'well' | 'warning' | 'fault';
  readonly says: string;
  readonly cure: string | null;
  readonly lines: string | null;
  readonly raw: string | null;
}
export interface Checked extends CommandResult {
  readonly findings: readonly Found[];
  /** The exact lines that it says will cure. */
  lines(): string;
}

let nth = 0;

export async function checked(
  house: Pick<HouseBefore, 'folder' | 'configFile'>,
  edit: (config: string) => string = (config) => config,
  words: readonly string[] = [],
): Promise<Checked> {
  nth += 1;
  const file = join(house.folder, `check-${nth}.toml`);
  writeFileSync(file, edit(readFileSync(house.configFile, 'utf8')));
  const result = await runCommand(['check', '--json', ...words, '--config', file]);
  const findings = result.stdout === '' ? [] : (JSON.parse(result.stdout) as { findings: Found[] }).findings;
  return { ...result, findings, lines: () => findings.flatMap(({ lines }) => lines ?? []).join('\n') };
}

/** The steps at which something is amiss; the line that sums up a server is not one. What kept it from running at all is one. */
export const faultsOf = ({ findings, stderr }: Checked): string[] =>
  findings.length === 0
    ? [stderr]
    : findings.filter(({ part, verdict }) => verdict === 'fault' && !part.startsWith('directory ')).map(({ part }) => part);

export function isAllWell(result: Checked): void {
  assert.equal(faultsOf(result), [], result.stdout);
  assert.is(result.code, 0);
}
