/** Mistakes in the configuration, in plain words. No message quotes a value, for it might be a secret. */

import type { z } from 'zod';
import { keysAt, namesOf } from './keys.ts';

export interface Mistake {
  /** `directory[0].urls[1]`, `line 7, column 3` for a file that is no TOML, or the name of a variable. */
  readonly path: string;
  readonly reason: string;
}

export const pathOf = (steps: readonly PropertyKey[]): string =>
  steps.reduce<string>(
    (path, step) => (typeof step === 'number' ? `${path}[${step}]` : path === '' ? String(step) : `${path}.${String(step)}`),
    '',
  );

/** Levenshtein distance; both are short. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (const [i, left] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, right] of [...b].entries())
      next.push(Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, (row[j] ?? 0) + (left === right ? 0 : 1)));
    row = next;
  }
  return row.at(-1) ?? 0;
}

export function didYouMean(typed: string, known: readonly string[]): string {
  const [nearest] = known
    .map((name) => ({ name, far: distance(typed.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, far }) => far <= Math.max(name.length > 3 ? 2 : 1, Math.floor(name.length / 3)))
    .sort((a, b) => a.far - b.far);
  return nearest ? `, did you mean "${nearest.name}"?` : '';
}

const kinds: Record<string, string> = {
  string: 'must be a text in quotes',
  int: 'must be a whole number',
  number: 'must be a whole number',
  boolean: 'must be true or false',
  array: 'must be a list',
  object: 'must be a table',
};

function reasonFor(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return kinds[issue.expected] ?? `must be of the kind ${issue.expected}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map((value) => JSON.stringify(value)).join(', ')}`;
    case 'too_small':
      return `must be at least ${issue.minimum}`;
    case 'too_big':
      return issue.origin === 'string' || issue.origin === 'array'
        ? `must not be longer than ${issue.maximum}`
        : `must be at most ${issue.maximum}`;
    default:
      return issue.message;
  }
}

const isOwnWording = (message: string) => /^(must|is|would) /.test(message);

/** One issue of zod as one mistake, or several when it names several unknown keys. */
export function mistakesOf(issue: z.core.$ZodIssue): Mistake[] {
  if (issue.code === 'unrecognized_keys') {
    const known = namesOf(keysAt(issue.path));
    return issue.keys.map((key) => ({ path: pathOf([...issue.path, key]), reason: `is not a key of Latchkey${didYouMean(key, known)}` }));
  }
  const isMissing = issue.code === 'invalid_type' && issue.input === undefined;
  const reason = isMissing ? 'is missing' : isOwnWording(issue.message) ? issue.message : reasonFor(issue);
  return [{ path: pathOf(issue.path), reason }];
}
