/** The log of the process, on standard error: a JSON object a line, or words for a person. It hides nothing: nobody may give it a secret. */

import { type Logger, pino } from 'pino';
import type { Config } from './config.ts';

export function openLog({ level, format }: Config['log']): Logger {
  const output = pino.destination({ dest: 2, sync: true });
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  return format === 'json' ? pino(options, output) : pino(options, { write: (line: string) => void output.write(inWords(line)) });
}

/** "2026-11-22T16:00:00.000Z WARN  the message  key=value": control characters stay escaped, so that one event is one line. */
function inWords(line: string): string {
  const { level, time, msg = '', ...fields } = JSON.parse(line) as Record<string, unknown>;
  const name = (pino.levels.labels[Number(level)] ?? '').toUpperCase().padEnd(5);
  const more = Object.entries(fields).map(([key, value]) => `  ${key}=${JSON.stringify(value)}`);
  return `${String(time)} ${name} ${JSON.stringify(msg).slice(1, -1)}${more.join('')}\n`;
}
