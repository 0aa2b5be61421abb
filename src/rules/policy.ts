/** What administrators decide, one row a setting: the check, the default, the form, the TOML and the journal all read that row. */

import { type MethodName, methodNames } from './vocabulary.ts';

interface Setting<T> {
  readonly default: T;
  /** The value, or null when this is not one: nothing half-right is stored. */
  readonly read: (value: unknown) => T | null;
}

const flag = (standard: boolean): Setting<boolean> => ({
  default: standard,
  read: (value) => (typeof value === 'boolean' ? value : null),
});

const whole = (standard: number, [least, most]: [number, number]): Setting<number> => ({
  default: standard,
  read: (value) => (Number.isInteger(value) && (value as number) >= least && (value as number) <= most ? (value as number) : null),
});

const line = (standard: string, [least, most]: [number, number]): Setting<string> => ({
  default: standard,
  read: (value) => (typeof value === 'string' && value.length >= least && value.length <= most && !/\p{Cc}/u.test(value) ? value : null),
});

const words = (standard: readonly string[], longest: number): Setting<readonly string[]> => ({
  default: standard,
  read: (value) =>
    Array.isArray(value) && value.every((word) => typeof word === 'string' && word.length > 0 && word.length <= longest)
      ? (value as string[])
      : null,
});

const list = (
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
});

const lines = (standard: readonly string[], { most, length: [least, longest] }: { most: number; length: [number, number] }) => ({
  default: standard,
  read: (value: unknown): readonly string[] | null => {
    const isLine = (one: unknown): boolean => line('', [least, longest]).read(one) !== null;
    return Array.isArray(value) && value.length <= most && value.every(isLine) && new Set(value).size === value.length ? value : null;
  },
});

const oneOf = <T extends string>(standard: T, allowed: readonly T[]): Setting<T> => ({
  default: standard,
  read: (value) => (allowed.includes(value as T) ? (value as T) : null),
});

const someOf = <T extends string>(standard: readonly T[], allowed: readonly T[]): Setting<readonly T[]> => ({
  default: standard,
  read: (value) =>
    Array.isArray(value) && value.every((word) => allowed.includes(word)) && new Set(value).size === value.length ? (value as T[]) : null,
});

/** Only what a page may point at: never a script. */
const link = (standard: string): Setting<string> => ({
  default: standard,
  read: (value) => (typeof value === 'string' && /^((https:\/\/|mailto:|tel:)\S{1,500})?$/.test(value) ? value : null),
});

const doors = ['change', 'reset', 'unlock'] as const;
export type Door = (typeof doors)[number];

/** Administrators are always asked for two gates and never for questions; no row can weaken that. */
export const settings = {
  office_name: line('Latchkey', [1, 80]),
  helpdesk_address: line('', [0, 254]),
  helpdesk_link: link(''),

  available_local_administrators: someOf(doors, doors),
  available_local_people: someOf(doors, doors),
  available_directory_administrators: someOf(doors, doors),
  available_directory_people: someOf(doors, doors),

  scope: oneOf('everybody', ['nobody', 'groups', 'everybody'] as const),
  scope_groups: words([], 400),
  scope_exclusions: words([], 400),
  open_about_accounts: flag(false),

  methods: someOf<MethodName>(['email', 'totp', 'passkey', 'recovery-code', 'pass', 'sms'], methodNames),
  gates: whole(1, [1, 2]),
  second_gate_when_stronger: flag(true),
  mail_and_text_are_two: flag(false),
  directory_mail_is_proof: flag(false),
  directory_mobile_is_proof: flag(false),
  text_code_digits: whole(6, [6, 8]),
  texts_a_day: whole(100, [1, 100_000]),
  mail_in_own_domains: flag(false),
  totp_strict: flag(false),
  questions_to_register: whole(5, [3, 5]),
  questions_to_answer: whole(3, [3, 5]),
  questions_own: lines([], { most: 20, length: [3, 200] }),

  registration_required: flag(true),
  snooze_days: whole(3, [0, 30]),
  snooze_times: whole(5, [0, 50]),
  reconfirm_days: whole(180, [0, 730]),

  password_minimum: whole(12, [8, 64]),
  password_minimum_local: whole(15, [8, 64]),
  /** Words that a password may not be built from, beside the thousand commonest passwords. */
  password_banned_words: list([], { most: 10_000, lengths: [4, 64] }),
  /** Asks the range service of the configuration about each new password: five hex digits of a digest leave the house. */
  password_range_query: flag(false),
  /** The least strength by estimate, 0 (none asked) to 4. */
  password_strength_least: whole(0, [0, 4]),
  /**
   * How many of a local account's last passwords, the present one among them, are refused; a directory account's number is the directory's.
   * Entra ID refuses the last one alone and NIST SP 800-63B-4 asks for none: a few keep a leaked password from coming back, and since
   * local passwords do not expire nobody is driven through them.
   */
  password_history: whole(5, [0, 24]),
  /**
   * Whether a proved reset is held to the directory's minimum age where the directory itself does not hold it (Active Directory without the
   * policy control, Samba before 4.24). That age keeps people from running through the history, which is held anyway; who forgot what they
   * chose this morning would stand outside until tomorrow. A change is always held to it.
   */
  minimum_age_on_reset: oneOf('allow', ['block', 'allow'] as const),

  writeback: flag(true),
  unlock_without_reset: flag(true),

  session_idle_minutes: whole(15, [2, 60]),
  session_hours: whole(8, [1, 24]),
} as const;

export type SettingKey = keyof typeof settings;
export type Policy = { readonly [Key in SettingKey]: (typeof settings)[Key] extends Setting<infer T> ? T : never };

export const defaultPolicy = Object.freeze(
  Object.fromEntries(Object.entries(settings).map(([key, setting]) => [key, setting.default])),
) as unknown as Policy;

/** The policy in force: stored values over defaults; a stored value that is none (an older version's) counts as its default. */
export function policyFrom(stored: Readonly<Record<string, unknown>>): Policy {
  const decided = Object.entries(settings).map(([key, setting]) => {
    const value = key in stored ? (setting as Setting<unknown>).read(stored[key]) : null;
    return [key, value ?? setting.default];
  });
  return Object.freeze(Object.fromEntries(decided)) as Policy;
}
