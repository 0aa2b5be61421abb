/** The kinds of settings: what each takes, in a check and in words. Knows none of the settings themselves. */

/** Where a value asks less than a standard does: told wherever the value is chosen, and kept from nobody. */
interface Loosening<T> {
  readonly standard: string;
  /** For which values, in words that follow "loosens ...": `at false`. */
  readonly where: string;
  at(value: T): boolean;
}

export interface Setting<T> {
  readonly default: T;
  /** The value, or null when this is not one: nothing half-right is stored. */
  readonly read: (value: unknown) => T | null;
  /** What it takes, as it follows "must be": `a whole number from 1 to 2`. */
  readonly takes: string;
  /** A profile may decide it otherwise for the members of its groups. */
  readonly isPersonal?: true;
  readonly loosens?: Loosening<T>;
}

export const personal = <T>(setting: Setting<T>): Setting<T> & { readonly isPersonal: true } => ({ ...setting, isPersonal: true });

export const loosening = <T>(setting: Setting<T>, loosens: Loosening<T>): Setting<T> => ({ ...setting, loosens });

export const flag = (standard: boolean): Setting<boolean> => ({
  default: standard,
  read: (value) => (typeof value === 'boolean' ? value : null),
  takes: 'true or false',
});

export const whole = (standard: number, [least, most]: [number, number]): Setting<number> => ({
  default: standard,
  read: (value) => (Number.isInteger(value) && (value as number) >= least && (value as number) <= most ? (value as number) : null),
  takes: `a whole number from ${least} to ${most}`,
});

export const line = (standard: string, [least, most]: [number, number]): Setting<string> => ({
  default: standard,
  read: (value) => (typeof value === 'string' && value.length >= least && value.length <= most && !/\p{Cc}/u.test(value) ? value : null),
  takes: `a text of one line, of ${least} to ${most} characters`,
});

export const words = (standard: readonly string[], longest: number): Setting<readonly string[]> => ({
  default: standard,
  read: (value) =>
    Array.isArray(value) && value.every((word) => typeof word === 'string' && word.length > 0 && word.length <= longest)
      ? (value as string[])
      : null,
  takes: `a list of texts, of 1 to ${longest} characters each`,
});

export const list = (
  standard: readonly string[],
  { most, lengths: [least, longest] }: { most: number; lengths: [number, number] },
): Setting<readonly string[]> => ({
  default: standard,
  read: (value) =>
    Array.isArray(value) &&
    value.length <= most &&
    value.every((word) => typeof word === 'string' && word.length >= least && word.length <= longest && !/\p{Cc}/u.test(word))
      ? (value as string[])
      : null,
  takes: `a list of up to ${most} texts, of ${least} to ${longest} characters each`,
});

export const lines = (
  standard: readonly string[],
  { most, length: [least, longest] }: { most: number; length: [number, number] },
): Setting<readonly string[]> => ({
  default: standard,
  read: (value) => {
    const isLine = (one: unknown): boolean => line('', [least, longest]).read(one) !== null;
    return Array.isArray(value) && value.length <= most && value.every(isLine) && new Set(value).size === value.length ? value : null;
  },
  takes: `a list of up to ${most} different texts, of ${least} to ${longest} characters each`,
});

export const wholes = (
  standard: readonly number[],
  { most, each }: { most: number; each: [number, number] },
): Setting<readonly number[]> => ({
  default: standard,
  read: (value) =>
    Array.isArray(value) &&
    value.length <= most &&
    value.every((one) => whole(0, each).read(one) !== null) &&
    new Set(value).size === value.length
      ? (value as number[])
      : null,
  takes: `a list of up to ${most} different whole numbers from ${each[0]} to ${each[1]}`,
});

const named = (allowed: readonly string[]): string => allowed.map((one) => `"${one}"`).join(', ');

export const oneOf = <T extends string>(standard: T, allowed: readonly T[]): Setting<T> => ({
  default: standard,
  read: (value) => (allowed.includes(value as T) ? (value as T) : null),
  takes: `one of ${named(allowed)}`,
});

export const someOf = <T extends string>(standard: readonly T[], allowed: readonly T[]): Setting<readonly T[]> => ({
  default: standard,
  read: (value) =>
    Array.isArray(value) && value.every((word) => allowed.includes(word)) && new Set(value).size === value.length ? (value as T[]) : null,
  takes: `a list of some of ${named(allowed)}, each once`,
});

/** Only what a page may point at: never a script. */
export const link = (standard: string): Setting<string> => ({
  default: standard,
  read: (value) => (typeof value === 'string' && /^((https:\/\/|mailto:|tel:)\S{1,500})?$/.test(value) ? value : null),
  takes: 'empty, or an address that begins with https://, mailto: or tel:',
});
