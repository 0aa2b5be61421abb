/** What docs/directory-setup.md tells an administrator to type, with a test's names: the tests run with exactly these rights. */

import { readFileSync } from 'node:fs';

export interface Names {
  /** Instead of `dc=example,dc=com`. */
  readonly base: string;
  readonly servicePassword?: string;
  readonly sid?: string;
}

/** The blocks of one section, in their order. */
export function manual(section: string, { base, servicePassword, sid }: Names): readonly string[] {
  const text = readFileSync(new URL('../../docs/directory-setup.md', import.meta.url), 'utf8');
  const [, body] = text.split(`\n## ${section}\n`);
  const blocks = [...(body?.split('\n## ')[0] ?? '').matchAll(/^```\w+\n(.*?)^```$/gms)].map(([, block = '']) => block);
  if (blocks.length === 0) throw new Error(`docs/directory-setup.md tells nothing to type for ${section}`);
  return blocks.map((block) =>
    block
      .replaceAll(/dc=example,dc=com/gi, base)
      .replaceAll('CHOOSE-A-LONG-PASSWORD', servicePassword ?? 'CHOOSE-A-LONG-PASSWORD')
      .replaceAll('SID)', `${sid ?? 'SID'})`),
  );
}
