/** The few files of public/, read at start and served from memory under names that change with their content. No path ever reaches the disk. */

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

export interface PublicFile {
  readonly type: string;
  readonly body: Buffer;
  readonly gzipped: Buffer;
}
export interface PublicFiles {
  /** "/public/app.3f9a01c2d4e5.css"; throws for a file that is not there: a mistake in a template. */
  address(name: string): string;
  at(path: string): PublicFile | null;
}

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.png': 'image/png',
};

export function loadPublicFiles(publicDir: string): PublicFiles {
  const addresses = new Map<string, string>();
  const files = new Map<string, PublicFile>();
  for (const name of readdirSync(publicDir)) {
    const ending = extname(name);
    const type = types[ending];
    if (type === undefined) continue;
    const body = readFileSync(join(publicDir, name));
    const mark = createHash('sha256').update(body).digest('hex').slice(0, 12);
    const path = `/public/${name.slice(0, -ending.length)}.${mark}${ending}`;
    addresses.set(name, path);
    files.set(path, { type, body, gzipped: gzipSync(body, { level: 9 }) });
  }
  return {
    address(name) {
      const path = addresses.get(name);
      if (path === undefined) throw new Error(`public/ has no ${name}`);
      return path;
    },
    at: (path) => files.get(path) ?? null,
  };
}
