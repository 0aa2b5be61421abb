/** The policy as a TOML file: written whole, with the meaning of each row; read with every mistake at once. It decides nothing. */

import { parse, stringify, TomlError } from 'smol-toml';
import { didYouMean, type Mistake } from './config/mistakes.ts';
import {
  availabilityPresets,
  type Policy,
  type Profile,
  personalRows,
  profileGroups,
  profileName,
  type SettingKey,
  settings,
} from './rules/policy.ts';
import type { Setting } from './rules/setting.ts';

const head = `# The policy of Latchkey, as "latchkey policy export" writes it. "latchkey policy import FILE" puts it in force.
# A row that is left out stays as it is.
`;
const availabilityHead = `# The four rows that begin with "available" can be decided in one: availability = ${quotedList(Object.keys(availabilityPresets))}.
`;
const profilesHead = `# [[profiles]]
# name = "Finance"
# groups = ["finance"]
# gates = 2
`;

const rows = Object.entries(settings) as [SettingKey, Setting<unknown>][];
const tomlLine = (key: string, value: unknown): string => stringify({ [key]: value }).trim();
const tomlValue = (value: unknown): string => tomlLine('a', value).slice('a = '.length);

/** `meaning`: what a row is for, in one line. */
export function writePolicy(policy: Policy, meaning: (key: SettingKey) => string): string {
  const blocks = rows.map(([key, row]) => {
    const comment = [meaning(key), ...notes(row, policy[key])].map((line) => `# ${line}\n`).join('');
    const above = key === 'available_local_administrators' ? `${availabilityHead}\n` : '';
    return `${above}${comment}${key === 'profiles' ? profilesText(policy.profiles) : `${tomlLine(key, policy[key])}\n`}`;
  });
  return [head, ...blocks].join('\n');
}

function notes({ default: standard, loosens, isPersonal, takes }: Setting<unknown>, value: unknown): string[] {
  const isPlain = typeof standard === 'boolean';
  return [
    `Default: ${tomlValue(standard)}${isPlain ? '' : `; ${takes}`}.`,
    ...(loosens ? [`Loosens ${loosens.standard} ${loosens.where}${loosens.at(value) ? ', as it stands here' : ''}.`] : []),
    ...(isPersonal ? ['A profile may decide it otherwise.'] : []),
  ];
}

/** Tables can only stand at the end of a file. */
const profilesText = (profiles: readonly Profile[]): string =>
  profiles.length === 0 ? `${profilesHead}profiles = []\n` : `\n${stringify({ profiles }).trim()}\n`;

function quotedList(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(' or ');
}

/** What the file decides, to stand over `current`; or all that is wrong with it. */
export function readPolicy(text: string, current: Policy): Partial<Policy> | { readonly mistakes: readonly Mistake[] } {
  const tree = parsed(text);
  if ('mistakes' in tree) return tree as { mistakes: readonly Mistake[] };
  const { availability, ...given } = tree.rows;
  const mistakes = [
    ...availabilityMistakes(availability, Object.keys(given)),
    ...Object.entries(given).flatMap(([key, value]) =>
      key === 'profiles' ? profilesMistakes(value) : rowMistakes(settings, key, { value }),
    ),
  ];
  if (mistakes.length > 0) return { mistakes };
  const wanted = { ...(availabilityPresets[availability as keyof typeof availabilityPresets] ?? {}), ...given } as Partial<Policy>;
  const contradicting = contradictions({ ...current, ...wanted });
  return contradicting.length > 0 ? { mistakes: contradicting } : wanted;
}

function parsed(text: string): { rows: Record<string, unknown> } | { mistakes: readonly Mistake[] } {
  try {
    return { rows: parse(text) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [what = ''] = error.message.replace('Invalid TOML document: ', '').split('\n');
    return { mistakes: [{ path: `line ${error.line}, column ${error.column}`, reason: `is not TOML: ${what}` }] };
  }
}

type Known = Readonly<Record<string, Setting<unknown>>>;

function rowMistakes(known: Known, key: string, { value, at = '' }: { value: unknown; at?: string }): Mistake[] {
  const path = `${at}${key}`;
  const row = Object.hasOwn(known, key) ? known[key] : undefined;
  if (row) return row.read(value) === null ? [{ path, reason: `must be ${row.takes}` }] : [];
  const isOffices = at !== '' && Object.hasOwn(settings, key);
  const reason = isOffices
    ? 'is decided for the whole office: no profile can'
    : `is not a row of the policy${didYouMean(key, namesOf(known))}`;
  return [{ path, reason }];
}
const namesOf = (known: Known): string[] => [...Object.keys(known), ...(known === settings ? ['availability'] : [])];

function availabilityMistakes(availability: unknown, others: readonly string[]): Mistake[] {
  if (availability === undefined) return [];
  if (typeof availability !== 'string' || !Object.hasOwn(availabilityPresets, availability))
    return [{ path: 'availability', reason: `must be ${quotedList(Object.keys(availabilityPresets))}` }];
  return others
    .filter((key) => key.startsWith('available_'))
    .map((path) => ({ path, reason: 'is given beside availability: give one of them' }));
}

const profileRows: Known = { name: profileName, groups: profileGroups, ...personalRows };

function profilesMistakes(value: unknown): Mistake[] {
  if (!Array.isArray(value)) return [{ path: 'profiles', reason: `must be ${settings.profiles.takes}` }];
  const found = value.flatMap((profile, at) => profileMistakes(profile, `profiles[${at}]`));
  const names = value.map((profile) => (profile as Profile | null)?.name);
  const twice = names.flatMap((name, at) =>
    name !== undefined && names.indexOf(name) < at ? [{ path: `profiles[${at}].name`, reason: 'is the name of another profile' }] : [],
  );
  const all = [...found, ...twice];
  return all.length === 0 && settings.profiles.read(value) === null
    ? [{ path: 'profiles', reason: `must be ${settings.profiles.takes}` }]
    : all;
}

function profileMistakes(profile: unknown, at: string): Mistake[] {
  if (typeof profile !== 'object' || profile === null) return [{ path: at, reason: 'must be a table' }];
  const given = profile as Record<string, unknown>;
  const missing = ['name', 'groups']
    .filter((key) => !Object.hasOwn(given, key))
    .map((key) => ({ path: `${at}.${key}`, reason: 'is missing' }));
  const none = Array.isArray(given.groups) && given.groups.length === 0 ? [{ path: `${at}.groups`, reason: 'must name a group' }] : [];
  return [...missing, ...none, ...Object.entries(given).flatMap(([key, value]) => rowMistakes(profileRows, key, { value, at: `${at}.` }))];
}

/** What two rows say against each other, in the office's policy and in each profile over it. */
function contradictions(policy: Policy): Mistake[] {
  const judged = [
    { at: '', rows: policy },
    ...policy.profiles.map((profile, nth) => ({ at: `profiles[${nth}].`, rows: { ...policy, ...profile } })),
  ];
  return judged
    .filter(({ rows: { questions_to_register, questions_to_answer } }) => questions_to_register < questions_to_answer)
    .map(({ at, rows: { questions_to_answer } }) => ({
      path: `${at}questions_to_register`,
      reason: `must be at least questions_to_answer, which is ${questions_to_answer}`,
    }));
}
