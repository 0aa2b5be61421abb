/** What it costs to judge a new password, and whether anybody can choose one that costs much more than the others. */

import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildPrefixFile } from '../lore/build.ts';
import { openLore, standardLore } from '../lore/lore.ts';
import { passwordJudge } from '../password-judge.ts';
import { noDirectoryRules, prepared, rulesFor, type Subject } from '../rules/password.ts';
import { defaultPolicy, type Policy } from '../rules/policy.ts';
import { seededRandom } from '../testing/stand-still.ts';
import type { Lore, Settings } from '../world.ts';
import type { Report } from './figure.ts';
import { median, quantile, sorted } from './measure.ts';

const [usual, hostile] = [10_000, 1000];
const listed = 300_000;
const ownWords = 10_000;
/** The quickest of so many rounds stands for a password: a pause of the machine is none of its doing. */
const rounds = 5;
const mostTimes = 20;

const random = seededRandom('passwords');
const below = random.below;
const pick = <T>(of: readonly T[]): T => of[below(of.length)] as T;
const letters = (count: number, of = 'abcdefghijklmnopqrstuvwxyz'): string => Array.from({ length: count }, () => pick([...of])).join('');

export async function measurePasswords(report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-bench-'));
  const breachedFile = join(folder, 'breached.list');
  await buildPrefixFile({ source: publicList(), out: breachedFile, least: 1 });
  const lore = openLore({ ...standardLore, breachedFile });
  try {
    const judge = judgeWith(lore);
    for (const password of Array.from({ length: 2000 }, anyPassword)) await judge(password); // warm
    const [ordinary, worst] = [await timesOf(judge, usual, anyPassword), await timesOf(judge, hostile, hostilePassword)];
    reportTimes(report, `${usual} passwords`, ordinary);
    reportTimes(report, `${hostile} hostile ones`, worst);
    const [middle, longest] = [median(ordinary), sorted(worst).at(-1) ?? 0];
    report({
      part: 'passwords',
      name: 'the costliest password',
      value: longest,
      unit: 'ms',
      yardstick: { name: 'the median of the usual ones', value: middle },
      most: mostTimes,
    });
    await reportEstimate(lore, report);
  } finally {
    await lore.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The whole judgement as a door asks for it, with a full list of own words and an offline list; no service is asked. */
function judgeWith(lore: Lore): (password: string) => Promise<unknown> {
  const policy: Policy = {
    ...defaultPolicy,
    password_banned_words: Array.from({ length: ownWords }, (_, at) => `${letters(4 + (at % 9))}${at}`),
  };
  const settings = { policy: () => policy } as Settings;
  const journal = { append: () => {} };
  const { judge } = passwordJudge({ lore, settings, journal: journal as never, random });
  const subject: Subject = { login: 'jane.doe', name: 'Jane Philippa Doe-Smith', isLocal: false };
  const rules = rulesFor(subject, policy, { ...noDirectoryRules, isComplex: true });
  return (password) => judge({ password: prepared(password), subject, rules }, {});
}

async function timesOf(judge: (password: string) => Promise<unknown>, count: number, draw: () => string): Promise<number[]> {
  const passwords = Array.from({ length: count }, draw);
  const times = passwords.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < rounds; round += 1)
    for (const [place, password] of passwords.entries()) {
      const from = performance.now();
      await judge(password);
      times[place] = Math.min(times[place] ?? 0, performance.now() - from);
    }
  return times;
}

function reportTimes(report: Report, name: string, times: readonly number[]): void {
  const figures = { median: median(times), 'the slowest hundredth': quantile(times, 0.99), 'the slowest': sorted(times).at(-1) ?? 0 };
  for (const [which, value] of Object.entries(figures)) report({ part: 'passwords', name: `judging ${name}, ${which}`, value, unit: 'ms' });
}

async function reportEstimate(lore: Lore, report: Report): Promise<void> {
  await lore.strength('warm', []);
  const times: number[] = [];
  for (let turn = 0; turn < 40; turn += 1) {
    const from = performance.now();
    await lore.strength(hostilePassword(), []);
    times.push(performance.now() - from);
  }
  const value = sorted(times).at(-1) ?? 0;
  report({
    part: 'passwords',
    name: 'an estimate of strength, the slowest of 40',
    value,
    unit: 'ms',
    note: 'in a thread of its own, only where the policy asks for it',
  });
}

async function* publicList(): AsyncGenerator<Buffer> {
  const hashes = Array.from({ length: listed }, (_, at) => createHash('sha1').update(`listed ${at}`).digest('hex')).sort();
  for (let at = 0; at < listed; at += 1000) yield Buffer.from(`${hashes.slice(at, at + 1000).join('\n')}\n`);
}

/** What people choose: words with digits, phrases, what a manager draws. */
function anyPassword(): string {
  const ascii = '!#$%&*+-.0123456789=?@ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  return pick([
    () => letters(12 + below(13), ascii),
    () => Array.from({ length: 4 }, () => letters(3 + below(6))).join(' '),
    () => `${letters(1, 'ABCDEFG')}${letters(6 + below(6))}${below(10_000)}!`,
  ])();
}

/** As long as may be, and of what each part of the judge likes least: nearly banned words, one letter, marks to compose, emoji. */
function hostilePassword(): string {
  const longest = (part: string): string => part.repeat(Math.ceil(256 / [...part].length));
  const cut = (text: string): string => [...text].slice(0, 256).join('');
  return pick([
    () => cut(longest(pick(['a', '1', '$', '0', ' ', '😀', 'é', 'ß', '\u{1d400}']))),
    () => cut(longest(pick(['password', 'passwor', 'p@$$w0rd1', '123456', 'qwertyuio', 'iloveyou', 'dragon12', 'letmein']))),
    () => `${cut(longest(letters(1 + below(4))).slice(0, 250))}${below(1000)}`,
    () => `${'1'.repeat(below(200))}${letters(40)}${'!'.repeat(16)}`,
    () => `e${'\u0301\u0323'.repeat(5)}`.repeat(1 + below(186)),
    () => `e${'\u0301\u0323'.repeat(15)}`.repeat(1 + below(66)),
    () => 'e\u0323\u0302'.repeat(256),
    () => 'x'.repeat(257 + below(60_000)),
    () => `a${'\u0315\u0300\u05b0\u0334'.repeat(below(10_000))}`,
    () => letters(256, 'aA1!@$0'),
    () => letters(64),
  ])();
}
