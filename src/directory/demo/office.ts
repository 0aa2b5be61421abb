/** The demo office as data: who works there, in which groups, and how each of the cast begins. It knows no protocol. */

import { day, minute } from '../../rules/time.ts';
import type { Random } from '../../world.ts';
import { firstPassword } from './first-password.ts';
import type { PasswordPolicy } from './password-policy.ts';

export interface DemoPerson {
  readonly login: string;
  readonly name: string;
  readonly password: string;
  readonly mail?: string;
  readonly mobile?: string;
  readonly title?: string;
  /** How the account stands at first; otherwise it simply works. */
  readonly begins?: 'locked' | 'must change';
}

export interface DemoGroup {
  readonly name: string;
  /** Logins. */
  readonly people: readonly string[];
  /** Names of groups whose members belong to this one too. */
  readonly groups?: readonly string[];
}

export interface DemoOffice {
  readonly people: readonly DemoPerson[];
  readonly groups: readonly DemoGroup[];
  readonly policy: PasswordPolicy;
}

/** A lock lasts a month, so that Mallory is still locked when somebody comes to look. */
export const demoPolicy: PasswordPolicy = {
  minimumLength: 12,
  history: 5,
  minimumAge: 0,
  maximumAge: 365 * day,
  warning: 14 * day,
  graceLogins: 0,
  failuresToLock: 10,
  lockMillis: 30 * day,
  failureMillis: 15 * minute,
  safeModify: false,
};

type Row = readonly [login: string, name: string, title: string, more?: Partial<DemoPerson>];

const cast: readonly Row[] = [
  ['alice', 'Alice Archer', 'Product design', { mobile: '+44 7700 900111' }],
  ['bob', 'Bob Baker', 'Warehouse', { mobile: '+44 7700 900122' }],
  ['carol', 'Carol Castellan', 'Office administration'],
  ['dave', 'Dave Drifter', 'Contractor'],
  ['heidi', 'Heidi Hilfreich', 'Helpdesk', { mobile: '+44 7700 900133' }],
  ['oscar', 'Oscar Overseer', 'Audit'],
  ['mallory', 'Mallory Mistype', 'Sales', { begins: 'locked' }],
  ['peggy', 'Peggy Prentice', 'Trainee', { begins: 'must change' }],
  ['trent', 'Trent Trustworthy', 'Managing director'],
];

/** The others, so that the office looks alive; some names are here because they are hard to spell for a program. */
const others: readonly Row[] = [
  ['adunn', 'Aoife O’Dunn', 'Accounts'],
  ['bgonzalez', 'Begoña González', 'Sales', { mobile: '+34 600 000 144' }],
  ['cdangelo', "Chiara D'Angelo", 'Legal'],
  ['dnowak', 'Dobrosława Nowak', 'Warehouse'],
  ['eyilmaz', 'Elif Yılmaz', 'Production'],
  ['fmueller', 'Friederike Müller-Lüdenscheidt', 'Production'],
  ['gpapadopoulou', 'Γεωργία Παπαδοπούλου', 'Purchasing'],
  ['hsato', '佐藤 花子', 'Product design', { mobile: '+81 90 0000 0155' }],
  ['iivanova', 'Ирина Иванова', 'Accounts'],
  ['jzhang', '张伟', 'Production'],
  ['klindqvist', 'Kåre Lindqvist', 'Sales'],
  ['lnguyen', 'Nguyễn Thị Lan', 'Laboratory'],
  ['mcohen', 'מרים כהן', 'Legal'],
  ['nokafor', 'Ngozi Okafor', 'Laboratory', { mobile: '+234 800 000 0166' }],
  ['osmith', 'Olivia Smith, PhD', 'Laboratory'],
  ['pdevries', 'Pieter de Vries', 'Warehouse'],
  ['rpatel', 'Ravi Patel', 'Information technology'],
  ['skim', '김서연', 'Marketing'],
  ['tjorgensen', 'Tage Jørgensen', 'Marketing'],
  ['umansour', 'أمل منصور', 'Purchasing'],
  ['vsilva', 'Vitória da Silva e Souza', 'Marketing'],
  ['zthompson', 'Zoë Thompson', 'Information technology'],
];

/** The office on its first day, each with a first password of their own. */
export function demoOffice(random: Pick<Random, 'below' | 'digits'>): DemoOffice {
  const people = [...cast, ...others].map(([login, name, title, more = {}]) => ({
    login,
    name,
    title,
    mail: `${login}@mail.example`,
    password: firstPassword(random),
    ...more,
  }));
  const staff = people.map(({ login }) => login).filter((login) => login !== 'dave');
  const groups: readonly DemoGroup[] = [
    { name: 'staff', people: staff.filter((login) => login !== 'rpatel' && login !== 'zthompson'), groups: ['technology'] },
    // Nested: Ravi and Zoë are staff only by way of this group.
    { name: 'technology', people: ['rpatel', 'zthompson'] },
    { name: 'contractors', people: ['dave'] },
    { name: 'administrators', people: ['carol'] },
    { name: 'helpdesk', people: ['heidi'] },
    { name: 'auditors', people: ['oscar'] },
    { name: 'protected', people: ['trent'] },
  ];
  return { people, groups, policy: demoPolicy };
}
