/** `echo '{"reset.done.title": "..."}' | npm run text` adds texts to English. Sorted, one key a line; an existing key is replaced. */

import { readFileSync, renameSync, writeFileSync } from 'node:fs';

const place = new URL('../src/text/en.json', import.meta.url);
const added = JSON.parse(readFileSync(0, 'utf8')) as Record<string, string>;
const texts = { ...(JSON.parse(readFileSync(place, 'utf8')) as Record<string, string>), ...added };
const sorted = Object.fromEntries(Object.entries(texts).sort(([a], [b]) => (a < b ? -1 : 1)));
const draft = new URL(`en.${process.pid}.json`, place);
writeFileSync(draft, `${JSON.stringify(sorted, null, 2)}\n`);
renameSync(draft, place);
