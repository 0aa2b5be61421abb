/** Latchkey as it is served, without a directory: a configuration, a data folder, and children started on them. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type House, openHouse, prepareFolder } from '../app.ts';
import { type Config, ConfigMistakes, loadConfig } from '../config.ts';
import { freePort, type Started, startNode } from './bare.ts';

export interface Site {
  readonly folder: string;
  serve(): Promise<Started>;
  /** Beside whatever runs. */
  inside<T>(work: (house: House) => T | Promise<T>): Promise<T>;
  remove(): void;
}

const main = join(import.meta.dirname, '../main.ts');

export async function newSite(): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-bench-'));
  const port = await freePort();
  const file = join(folder, 'config.toml');
  writeFileSync(
    file,
    `public_url = "http://localhost:${port}"\n[listen]\nport = ${port}\ntrusted_proxies = ["127.0.0.1"]\n[data]\nfolder = "data"\n`,
  );
  return {
    folder,
    serve: () => startNode([main, 'serve', '--config', file], { port }),
    async inside(work) {
      const config = configFrom(file);
      const house = await openHouse({ ...config, log: { ...config.log, level: 'error' } });
      try {
        return await work(house);
      } finally {
        await house.close();
      }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function configFrom(file: string): Config {
  const config = loadConfig({ file, env: {} });
  if (config instanceof ConfigMistakes) throw new Error(String(config));
  prepareFolderOnce(config);
  return config;
}

/** A server that runs has the folder, and has prepared it. */
function prepareFolderOnce(config: Config): void {
  try {
    prepareFolder(config.data.folder).release();
  } catch (problem) {
    if (!(problem as Error).message.startsWith('Another Latchkey')) throw problem;
  }
}
