/** `LATCHKEY_<TABLE>__<KEY>` over what the file says. Only names with a double underscore are ours:
 *  a Kubernetes service called "latchkey" puts LATCHKEY_PORT and LATCHKEY_SERVICE_HOST into every pod. */

import { parse } from 'smol-toml';
import { everyKey, isTree, type Key, type Tree } from './keys.ts';
import { didYouMean, type Mistake } from './mistakes.ts';

const upper = (name: string): string => name.toUpperCase().replaceAll('-', '_');

interface Place {
  readonly table: Tree;
  readonly keys: readonly Key[];
}

/** The key that a variable's part names, `_FILE` of a secret included. */
function named(part: string, keys: readonly Key[]): { key: Key; name: string } | null {
  for (const key of keys) {
    if (upper(key.name) === part) return { key, name: key.name };
    if (key.isSecret && upper(`${key.name}_file`) === part) return { key, name: `${key.name}_file` };
  }
  return null;
}

const variableNames = (keys: readonly Key[]): string[] =>
  keys.flatMap(({ name, isSecret }) => (isSecret ? [upper(name), upper(`${name}_file`)] : [upper(name)]));

/** Texts are taken as they stand; numbers, booleans and lists are TOML values. */
function readValue(written: string, key: Key): { value: unknown } | null {
  if (key.kind === 'text') return { value: written };
  try {
    return { value: parse(`value = ${written}`).value };
  } catch {
    return null;
  }
}

/** Writes one variable into the tree, or says why not. */
function override(tree: Tree, { variable, written }: { variable: string; written: string }): string | null {
  const parts = variable.replace(/^LATCHKEY_/, '').split('__');
  let place: Place = { table: tree, keys: everyKey };
  while (parts.length > 0) {
    const part = parts.shift() ?? '';
    const found = named(part, place.keys);
    if (!found) return `names no key${didYouMean(part, variableNames(place.keys))}`;
    const { key, name } = found;
    if (key.kind === 'table') {
      const table = place.table[name] ?? {};
      if (!isTree(table)) return null; // the file's own mistake is told
      place.table[name] = table;
      place = { table, keys: key.keys };
    } else if (key.kind === 'tables') {
      const rows = Array.isArray(place.table[name]) ? place.table[name] : [];
      const id = parts.shift() ?? '';
      const row = rows.find((candidate) => isTree(candidate) && typeof candidate.id === 'string' && upper(candidate.id) === id);
      if (!isTree(row)) return `no [[${name}]] has this id`;
      place = { table: row, keys: key.keys };
    } else {
      const value = parts.length === 0 ? readValue(written, key) : null;
      if (!value) return parts.length === 0 ? 'is not a TOML value' : 'names no key';
      // The nearer source wins as a whole: a password from the environment puts aside the file's password_file.
      for (const twin of key.isSecret ? [key.name, `${key.name}_file`] : []) delete place.table[twin];
      place.table[name] = value.value;
      return null;
    }
  }
  return 'names a table, not a key';
}

export function applyEnvironment(tree: Tree, env: NodeJS.ProcessEnv): Mistake[] {
  return Object.entries(env)
    .filter(([variable]) => variable === 'LATCHKEY_PUBLIC_URL' || (variable.startsWith('LATCHKEY_') && variable.includes('__')))
    .flatMap(([variable, written = '']) => {
      const reason = override(tree, { variable, written });
      return reason === null ? [] : [{ path: variable, reason }];
    });
}
