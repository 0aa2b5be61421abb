/** What administrators decide, one row a setting: the check, the default, the form, the TOML and the journal all read that row. */

import type { Account } from './account.ts';
import { amongGroups } from './group.ts';
import { flag, line, lines, link, list, loosening, oneOf, personal, type Setting, someOf, whole, wholes, words } from './setting.ts';
import { type MethodName, methodNames } from './vocabulary.ts';

const doors = ['change', 'reset', 'unlock'] as const;
export type Door = (typeof doors)[number];

const unproved = { standard: 'NIST SP 800-63B-4 section 4.2.1.2', where: 'at true', at: (value: boolean) => value };
const short = { standard: 'NIST SP 800-63B-4 section 3.1.1.2', where: 'below 15', at: (value: number) => value < 15 };

/** Administrators are always asked for two gates, by ways that they registered, and never for questions; no row can weaken that. */
const rows = {
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
  open_about_accounts: loosening(flag(false), { standard: 'OWASP ASVS 6.3.8', where: 'at true', at: (value) => value }),

  methods: personal(
    loosening(someOf<MethodName>(['email', 'totp', 'passkey', 'recovery-code', 'pass', 'sms'], methodNames), {
      standard: 'OWASP ASVS 6.4.2 and NIST SP 800-63B-4',
      where: 'with "questions"',
      at: (methods) => methods.includes('questions'),
    }),
  ),
  gates: personal(whole(1, [1, 2])),
  second_gate_when_stronger: personal(
    loosening(flag(true), {
      standard: 'OWASP ASVS 6.4.3 and NIST SP 800-63B-4 section 4.2.2.2',
      where: 'at false',
      at: (value) => !value,
    }),
  ),
  mail_and_text_are_two: personal(
    loosening(flag(false), { standard: 'NIST SP 800-63B-4 section 4.2.2.2', where: 'at true', at: (value) => value }),
  ),
  directory_mail_is_proof: personal(loosening(flag(false), unproved)),
  directory_mobile_is_proof: personal(loosening(flag(false), unproved)),
  text_code_digits: whole(6, [6, 8]),
  texts_a_day: whole(100, [1, 100_000]),
  mail_in_own_domains: flag(false),
  totp_strict: loosening(flag(false), { standard: 'a strict reading of OWASP ASVS 6.5.5', where: 'at false', at: (value) => !value }),
  questions_to_register: personal(whole(5, [3, 5])),
  questions_to_answer: personal(whole(3, [3, 5])),
  questions_own: lines([], { most: 20, length: [3, 200] }),
  approval_by_manager: personal(flag(true)),
  /** Logins, and groups by name or DN. */
  approvers: personal(words([], 400)),

  /** Whether people who hold an app or a passkey are asked for it at sign-in, as staff always are. */
  second_step_for_people: personal(flag(false)),

  registration_required: personal(flag(true)),
  snooze_days: personal(whole(3, [0, 30])),
  snooze_times: personal(whole(5, [0, 50])),
  reconfirm_days: personal(whole(180, [0, 730])),
  /** Who is never asked or invited, whatever they lack: whose password never comes from a person, or who registers elsewhere. */
  registration_exempt: words([], 400),
  /**
   * How many days of the office lie between two invitations by mail. Off by itself: a mail that nobody has announced, with a link to a
   * page for passwords, is what people are taught not to follow, and sign-in asks them anyway.
   */
  invitation_days: whole(0, [0, 365]),
  invitation_times: whole(3, [1, 12]),

  password_minimum: personal(loosening(whole(12, [8, 64]), short)),
  password_minimum_local: personal(loosening(whole(15, [8, 64]), short)),
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
  minimum_age_on_reset: personal(oneOf('allow', ['block', 'allow'] as const)),

  /** On which days before a directory password ends its owner is told by mail; none: nobody is. */
  expiry_reminder_days: wholes([14, 7, 1], { most: 10, each: [0, 90] }),

  writeback: flag(true),
  unlock_without_reset: flag(true),

  session_idle_minutes: whole(15, [2, 60]),
  session_hours: whole(8, [1, 24]),
} as const;

type Rows = typeof rows;
type ValueOf<S> = S extends Setting<infer T> ? T : never;
export type PersonalKey = { [Key in keyof Rows]: Rows[Key] extends { isPersonal: true } ? Key : never }[keyof Rows];

/** The rows that a profile may decide. */
export const personalRows = Object.fromEntries(Object.entries(rows).filter(([, row]) => 'isPersonal' in row)) as Pick<Rows, PersonalKey>;

/** Some rows decided otherwise for whoever is in one of these groups; what it does not name stays the office's. */
export type Profile = { readonly name: string; readonly groups: readonly string[] } & {
  readonly [Key in PersonalKey]?: ValueOf<Rows[Key]>;
};

const mostProfiles = 50;
export const profileName = line('', [1, 80]);
export const profileGroups = words([], 400);

function isProfile(value: unknown): value is Profile {
  if (typeof value !== 'object' || value === null) return false;
  const { name, groups, ...decided } = value as Record<string, unknown>;
  if (profileName.read(name) === null || (profileGroups.read(groups) ?? []).length === 0) return false;
  return Object.entries(decided).every(
    ([key, one]) => Object.hasOwn(personalRows, key) && (personalRows[key as PersonalKey] as Setting<unknown>).read(one) !== null,
  );
}

const profiles: Setting<readonly Profile[]> = {
  default: [],
  read: (value) =>
    Array.isArray(value) &&
    value.length <= mostProfiles &&
    value.every(isProfile) &&
    new Set(value.map(({ name }) => name)).size === value.length
      ? value
      : null,
  takes: `up to ${mostProfiles} tables [[profiles]], each with a name of its own and its groups`,
};

/** The last row: what the rows above are for the members of some groups. */
export const settings = { ...rows, profiles };

export type SettingKey = keyof typeof settings;
export type Policy = { readonly [Key in SettingKey]: ValueOf<(typeof settings)[Key]> };

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

/** The first profile that fits, in the order in which they stand; null where the office's policy is theirs. */
export const profileOf = ({ groups }: Pick<Account, 'groups'>, policy: Policy): Profile | null =>
  policy.profiles.find((profile) => groups.some(amongGroups(profile.groups))) ?? null;

/** The policy as it judges this person. Given the outcome once more, it is the same. */
export function policyFor(account: Pick<Account, 'groups'>, policy: Policy): Policy {
  const profile = profileOf(account, policy);
  if (profile === null) return policy;
  const { name: _name, groups: _groups, ...decided } = profile;
  return { ...policy, ...decided };
}

/** Whether codes may go where only the directory says that this person is reached; never an administrator's. */
export const isDirectoryProof = (of: 'mail' | 'mobile', account: Pick<Account, 'groups' | 'role'>, policy: Policy): boolean =>
  account.role !== 'administrator' && policyFor(account, policy)[`directory_${of}_is_proof`];

/** All methods that somebody or other may use: what is shown to whoever is not known yet. */
export const methodsAnywhere = (policy: Policy): readonly MethodName[] => [
  ...new Set([policy, ...policy.profiles].flatMap(({ methods }) => methods ?? [])),
];

/** Whom the desk serves, in one word: the four rows of availability. */
export const availabilityPresets = {
  'administrators only': availableTo('local_administrators', 'directory_administrators'),
  'local accounts': availableTo('local_administrators', 'local_people'),
  everyone: availableTo('local_administrators', 'local_people', 'directory_administrators', 'directory_people'),
} as const;

type Served = 'local_administrators' | 'local_people' | 'directory_administrators' | 'directory_people';

function availableTo(...served: readonly Served[]): Pick<Policy, `available_${Served}`> {
  const of = (who: Served) => (served.includes(who) ? doors : []);
  return {
    available_local_administrators: of('local_administrators'),
    available_local_people: of('local_people'),
    available_directory_administrators: of('directory_administrators'),
    available_directory_people: of('directory_people'),
  };
}
