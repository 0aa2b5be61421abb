/** What the schema says of its own keys: the reading of the environment, of secret files and of typing mistakes follows from it. */

import type { z } from 'zod';
import { settings } from './schema.ts';

/** What config.toml holds, before anything is judged. */
export type Tree = { [key: string]: unknown };

interface Schema {
  readonly def: { type: string; innerType?: z.ZodType; element?: z.ZodType; shape?: Record<string, z.ZodType>; defaultValue?: unknown };
  meta(): Record<string, unknown> | undefined;
}

export interface Key {
  readonly name: string;
  readonly kind: 'text' | 'value' | 'table' | 'tables';
  readonly isSecret: boolean;
  readonly fallback: unknown;
  readonly keys: readonly Key[];
}

function keyOf(name: string, type: z.ZodType): Key {
  let schema = type as unknown as Schema;
  let fallback: unknown;
  let isSecret = false;
  for (;;) {
    isSecret ||= schema.meta()?.isSecret === true;
    if (!schema.def.innerType) break;
    if (schema.def.type === 'default') fallback = schema.def.defaultValue;
    schema = schema.def.innerType as unknown as Schema;
  }
  const { type: kind, shape, element } = schema.def;
  const rows = (element as unknown as Schema | undefined)?.def.shape;
  if (shape) return { name, kind: 'table', isSecret, fallback, keys: keysOf(shape) };
  if (rows) return { name, kind: 'tables', isSecret, fallback, keys: keysOf(rows) };
  return { name, kind: kind === 'string' || kind === 'enum' ? 'text' : 'value', isSecret, fallback, keys: [] };
}

const keysOf = (shape: Record<string, z.ZodType>): Key[] => Object.entries(shape).map(([name, type]) => keyOf(name, type));

/** The whole of config.toml as a tree of keys; a secret's `_file` is not listed apart. */
export const everyKey: readonly Key[] = keysOf(settings.shape);

/** The names that a table knows, `<secret>_file` among them. */
export const namesOf = (keys: readonly Key[]): string[] =>
  keys.flatMap(({ name, isSecret }) => (isSecret ? [name, `${name}_file`] : [name]));

/** The keys of the table at a path such as `['directory', 0, 'attributes']`. */
export function keysAt(path: readonly PropertyKey[]): readonly Key[] {
  return path
    .filter((step) => typeof step !== 'number')
    .reduce<readonly Key[]>((keys, step) => keys.find(({ name }) => name === step)?.keys ?? [], everyKey);
}

export const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);
