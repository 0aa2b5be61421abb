/** What a new password must be: the directory's rules for this person and Latchkey's own, judged all at once. */

import { foldLogin } from './account.ts';
import type { Policy } from './policy.ts';

/** The policy that binds one person in their home, read live. Null: that rule does not exist or cannot be read. */
export interface DirectoryRules {
  readonly minimumLength: number | null;
  /** ppolicy counts bytes, Active Directory UTF-16 units; a person is told characters. */
  readonly lengthUnit: 'bytes' | 'characters';
  /** MS-SAMR 3.1.1.7.2: three of five classes, no login, no part of the name longer than two characters. */
  readonly isComplex: boolean;
  /** How many earlier passwords are refused. */
  readonly history: number | null;
  /** Milliseconds. */
  readonly minimumAge: number | null;
  readonly maximumAge: number | null;
  /** What the directory holds a reset to as well; a change by the person it always does. What it skips, Latchkey judges itself. */
  readonly onReset: { readonly history: boolean; readonly minimumAge: boolean };
}

export const noDirectoryRules: DirectoryRules = {
  minimumLength: null,
  lengthUnit: 'characters',
  isComplex: false,
  history: null,
  minimumAge: null,
  maximumAge: null,
  onReset: { history: false, minimumAge: false },
};

/** One rule as the page lists it; the key has a text for "not yet", "met" and "broken" alike. */
export interface Rule {
  readonly key: 'length' | 'longest' | 'characters' | 'login' | 'classes' | 'name' | 'history' | 'current';
  readonly params: Readonly<Record<string, number>>;
  /** Whether the browser can judge it as one types; the rest only the server or the directory knows. */
  readonly isLive: boolean;
}

export interface Subject {
  readonly login: string;
  readonly name: string;
  readonly isLocal: boolean;
}

export const longestPassword = 256;

/** A new password is set in this form, so that the same typed characters from another keyboard open the same door (NFC). */
export const prepared = (password: string): string => password.normalize('NFC');

export function rulesFor(subject: Subject, policy: Policy, directory: DirectoryRules): readonly Rule[] {
  const own = subject.isLocal ? policy.password_minimum_local : policy.password_minimum;
  const rules: Rule[] = [
    { key: 'length', params: { least: Math.max(own, directory.minimumLength ?? 0) }, isLive: true },
    { key: 'login', params: {}, isLive: true },
  ];
  if (directory.isComplex) rules.push({ key: 'classes', params: {}, isLive: true }, { key: 'name', params: {}, isLive: true });
  if (directory.history) rules.push({ key: 'history', params: { count: directory.history }, isLive: false });
  return rules;
}

/** Every rule that the password breaks, in the order in which they are shown; none when it is good as far as can be known here. */
export function brokenRules(password: string, subject: Subject, rules: readonly Rule[]): readonly Rule[] {
  const value = prepared(password);
  const broken = rules.filter((rule) => isBroken(rule, value, subject));
  if ([...value].length > longestPassword) broken.push({ key: 'longest', params: { most: longestPassword }, isLive: true });
  if (/\p{Cc}/u.test(value) || !value.isWellFormed()) broken.push({ key: 'characters', params: {}, isLive: true });
  return broken;
}

function isBroken({ key, params }: Rule, password: string, subject: Subject): boolean {
  switch (key) {
    case 'length':
      return [...password].length < (params.least ?? 0);
    case 'login':
      return subject.login.length >= 3 && foldLogin(password).includes(foldLogin(subject.login));
    case 'classes':
      return characterClasses(password) < 3;
    case 'name':
      return nameParts(subject.name).some((part) => foldLogin(password).includes(foldLogin(part)));
    default:
      return false;
  }
}

/** MS-SAMR 3.1.1.7.2: upper case, lower case, digits 0-9, the signs of ASCII (no space, no currency), letters without case. */
const classes = [/\p{Lu}/u, /\p{Ll}/u, /[0-9]/, /[!-/:-@[-`{-~]/, /[\p{Lo}\p{Lt}\p{Lm}]/u];
const characterClasses = (password: string): number => classes.filter((kind) => kind.test(password)).length;

/** MS-SAMR 3.1.1.7.2: the display name cut at , . - _ space # and tab; parts of three characters and more count. */
const nameParts = (name: string): string[] => name.split(/[,.\-_ #\t]+/).filter((part) => [...part].length >= 3);
