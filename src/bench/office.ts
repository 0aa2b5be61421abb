/** A Latchkey that reads everybody whenever the process that started it says so: `node office.ts CONFIG`, with a channel for messages. */

import { startApp } from '../app.ts';
import { ConfigMistakes, loadConfig } from '../config.ts';
import { isRefusal } from '../rules/refusal.ts';

export type Reply = 'ready' | 'done' | 'refused';

const config = loadConfig({ file: process.argv[2] ?? '', env: {} });
if (config instanceof ConfigMistakes) throw new Error(String(config));
const app = await startApp({ ...config, log: { ...config.log, level: 'error' } });
const say = (reply: Reply): void => void process.send?.(reply);

/** At its start it may be reading already. */
async function read(): Promise<Reply> {
  const { clock, directories } = app.house.world;
  for (let tries = 0; tries < 100; tries++) {
    for (const directory of directories.all) {
      const outcome = await app.house.sync(directory, { extent: 'everybody' });
      if (!isRefusal(outcome)) return 'done';
      if (outcome.key !== 'sync.running') return 'refused';
    }
    await clock.sleep(100);
  }
  return 'refused';
}

process.on('message', async (wish) => {
  if (wish === 'read') say(await read());
  else process.disconnect();
});
/** Whoever started it may also have been ended. */
process.once('disconnect', () => app.close());
if (!process.connected) await app.close();
say('ready');
