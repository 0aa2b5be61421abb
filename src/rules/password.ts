/** What a new password must be: the directory's rules for this person and Latchkey's own, judged all at once. */

import { foldLogin } from './account.ts';
import { containsPart, partsOf, plain } from './banned.ts';
import type { Policy } from './policy.ts';

/** The policy that binds one person in their home, read live. Null: that rule does not exist or cannot be read. */
export interface DirectoryRules {
  readonly minimumLength: number | null;
  /** Judged in characters: counted in bytes, the directory may find even one that keeps to it too long. */
  readonly maximumLength: number | null;
  /** ppolicy counts bytes, Active Directory UTF-16 units; a person is told characters. */
  readonly lengthUnit: 'bytes' | 'characters';
  /** MS-SAMR 3.1.1.7.2: three of five classes, no login, no part of the name longer than two characters. */
  readonly isComplex: boolean;
  /** The login and the name that this forbids, as the directory has them at this moment; where it does not tell, those of the account. */
  readonly names?: { readonly login: string; readonly name: string };
  /** How many earlier passwords are refused; 0 where it is known that none are. */
  readonly history: number | null;
  /** Milliseconds. */
  readonly minimumAge: number | null;
  readonly maximumAge: number | null;
  /**
   * What the directory holds a reset to as well; a change by the person it always does. What it skips, Latchkey judges itself. `excusesStaff`
   * where it holds a temporary password to neither.
   */
  readonly onReset: { readonly history: boolean; readonly minimumAge: boolean; readonly excusesStaff?: true };
}

export const noDirectoryRules: DirectoryRules = {
  minimumLength: null,
  maximumLength: null,
  lengthUnit: 'characters',
  isComplex: false,
  history: null,
  minimumAge: null,
  maximumAge: null,
  onReset: { history: false, minimumAge: false },
};

/** One rule as the page lists it; the key has a text for "not yet", "met" and "broken" alike. */
export interface Rule {
  readonly key:
    | 'length'
    | 'longest'
    | 'characters'
    | 'login'
    | 'classes'
    | 'name'
    | 'office'
    | 'known'
    | 'strength'
    | 'history'
    | 'current';
  readonly params: Readonly<Record<string, number>>;
  /** What must not occur, as `plain` writes it. */
  readonly parts?: readonly string[];
  /** Whether the browser can judge it as one types; the rest only the server or the directory knows. */
  readonly isLive: boolean;
}

export interface Subject {
  readonly login: string;
  readonly name: string;
  readonly isLocal: boolean;
}

export const longestPassword = 256;

/** No character is composed of more than four (Unicode FAQ, normalization): what has more than this will not be short enough. */
const longestTyped = 4 * longestPassword;
const isTooLong = (text: string, most: number): boolean => text.length > 2 * most || [...text].length > most;
/**
 * No script puts more than ten marks on a letter (the Stream-Safe Text Format of UAX #15 allows thirty), and composing takes time that grows
 * with their square.
 */
const endlessMarks = /\p{M}{11}/u;
const isComposable = (password: string): boolean => !isTooLong(password, longestTyped) && !endlessMarks.test(password);

/** A new password is set in this form, so that the same typed characters from another keyboard open the same door (NFC). */
export const prepared = (password: string): string => (isComposable(password) ? password.normalize('NFC') : password);

export function rulesFor(subject: Subject, policy: Policy, directory: DirectoryRules): readonly Rule[] {
  const own = subject.isLocal ? policy.password_minimum_local : policy.password_minimum;
  const office = partsOf(policy.office_name);
  const most = directory.maximumLength ?? longestPassword;
  const { isComplex, names = { login: '', name: '' } } = directory;
  const logins = [...partsOf(subject.login), ...(isComplex ? wholeLogin(names.login) : [])];
  const parts = [...partsOf(subject.name), ...(isComplex ? partsOf(names.name, 3) : [])];
  const rules: Rule[] = [
    { key: 'length', params: { least: Math.max(own, directory.minimumLength ?? 0) }, isLive: true },
    ...(most < longestPassword ? [{ key: 'longest', params: { most }, isLive: true } as const] : []),
    { key: 'login', params: {}, parts: [...new Set(logins)], isLive: true },
    { key: 'name', params: { least: isComplex ? 3 : 4 }, parts: [...new Set(parts)], isLive: subject.name !== '' || parts.length > 0 },
  ];
  if (office.length > 0) rules.push({ key: 'office', params: {}, parts: office, isLive: true });
  if (directory.isComplex) rules.push({ key: 'classes', params: {}, isLive: true });
  rules.push({ key: 'known', params: {}, isLive: false });
  if (policy.password_strength_least > 0) rules.push({ key: 'strength', params: { least: policy.password_strength_least }, isLive: false });
  if (directory.history) rules.push({ key: 'history', params: { count: directory.history }, isLive: false });
  return rules;
}

/** Parts stand in a page with spaces between them: a login with a space in it is left to the directory. */
const wholeLogin = (login: string): string[] => ([...login].length >= 3 && !/\s/.test(login) ? [plain(login)] : []);

/** Every rule that the password breaks, in the order in which they are shown; none when it is good as far as can be known here. */
export function brokenRules(password: string, subject: Subject, rules: readonly Rule[]): readonly Rule[] {
  const value = prepared(password);
  const unfit = unfitFor(value);
  // Nothing more is asked of what no home takes: judging it would take long, and tell the person nothing.
  if (unfit.some(({ key }) => key === 'longest') || !isComposable(value)) return unfit;
  return [...rules.filter((rule) => isBroken(rule, value, subject)), ...unfit];
}

function unfitFor(password: string): Rule[] {
  const unfit: Rule[] = [];
  if (isTooLong(password, longestPassword)) unfit.push({ key: 'longest', params: { most: longestPassword }, isLive: true });
  if (/\p{Cc}/u.test(password) || !password.isWellFormed() || endlessMarks.test(password))
    unfit.push({ key: 'characters', params: {}, isLive: true });
  return unfit;
}

function isBroken({ key, params, parts = [] }: Rule, password: string, subject: Subject): boolean {
  switch (key) {
    case 'length':
      return [...password].length < (params.least ?? 0);
    case 'longest':
      return isTooLong(password, params.most ?? longestPassword);
    case 'login':
      return (subject.login.length >= 3 && contains(password, [subject.login])) || containsPart(password, parts);
    case 'classes':
      return characterClasses(password) < 3;
    case 'name':
      return contains(password, nameParts(subject.name, params.least ?? 4)) || containsPart(password, parts);
    case 'office':
      return containsPart(password, parts);
    default:
      return false;
  }
}

function contains(password: string, names: readonly string[]): boolean {
  const folded = foldLogin(password);
  return names.some((name) => folded.includes(foldLogin(name)));
}

/** MS-SAMR 3.1.1.7.2: upper case, lower case, digits 0-9, the signs of ASCII (no space, no currency), letters without case. */
const classes = [/\p{Lu}/u, /\p{Ll}/u, /[0-9]/, /[!-/:-@[-`{-~]/, /[\p{Lo}\p{Lt}\p{Lm}]/u];
const characterClasses = (password: string): number => classes.filter((kind) => kind.test(password)).length;

/** MS-SAMR 3.1.1.7.2: the display name cut at , . - _ space # and tab; parts of three characters and more count. */
const nameParts = (name: string, least: number): string[] => name.split(/[,.\-_ #\t]+/).filter((part) => [...part].length >= least);
