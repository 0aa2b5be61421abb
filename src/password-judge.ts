/**
 * What stands against a new password as such, the same for every door: the rules that bind the person, words that are banned, passwords that
 * are known, and how hard it is to guess. It offers one that would pass, too. It sets nothing, and knows no page.
 */

import { type BannedWords, bannedWords, coresOf, plain } from './rules/banned.ts';
import { objections } from './rules/new-password.ts';
import type { Rule, Subject } from './rules/password.ts';
import { passphrase } from './rules/passphrase.ts';
import { Refusal } from './rules/refusal.ts';
import type { JournalEvent, World } from './world.ts';

type Needs = Pick<World, 'lore' | 'settings' | 'journal' | 'random'>;

interface Candidate {
  /** As `prepared`. */
  readonly password: string;
  readonly current?: string;
  readonly subject: Subject;
  readonly rules: readonly Rule[];
}

/** Where it happens, for the journal. */
type Occasion = Pick<JournalEvent, 'account' | 'address' | 'supportCode'>;

export type PasswordJudge = ReturnType<typeof passwordJudge>;

/** An offer that a rule refuses is drawn again; a list that refuses so many is no list to offer from. */
const mostDraws = 30;

export function passwordJudge({ lore, settings, journal, random }: Needs) {
  let compiled: { own: readonly string[]; banned: BannedWords } | null = null;

  /** All that is wrong with it; the range service is asked last, and only about what else is good. */
  async function judge(candidate: Candidate, occasion: Occasion): Promise<readonly Refusal[]> {
    const refusals = await judgeHere(candidate);
    if (refusals.length > 0 || !settings.policy().password_range_query) return refusals;
    return (await isListedElsewhere(candidate.password, occasion)) ? [refusal('password.breached')] : [];
  }

  async function judgeHere(candidate: Candidate): Promise<readonly Refusal[]> {
    const refusals = await unestimated(candidate);
    if (refusals.some(({ key }) => key === 'password.too-long')) return refusals;
    const weak = await weakness(candidate);
    if (weak === null || (weak.key === 'desk.busy' && refusals.length > 0)) return refusals;
    return [...refusals, weak];
  }

  async function unestimated(candidate: Candidate): Promise<readonly Refusal[]> {
    const broken = objections(candidate, candidate.rules);
    if (broken.some(({ key }) => key === 'password.too-long')) return broken;
    const listed = await known(candidate.password);
    return listed === null ? broken : [...broken, listed];
  }

  async function known(password: string): Promise<Refusal | null> {
    const commonest = await lore.commonest();
    if ([plain(password), ...coresOf(password)].some(commonest.has)) return refusal('password.too-common');
    if (lore.isBreached(password)) return refusal('password.breached');
    return bannedBy(commonest.words).isBanned(password) ? refusal('password.banned') : null;
  }

  /** Made anew only when the office has changed its words. */
  function bannedBy(commonest: readonly string[]): BannedWords {
    const own = settings.policy().password_banned_words;
    if (compiled?.own !== own) compiled = { own, banned: bannedWords([...commonest, ...own]) };
    return compiled.banned;
  }

  /** Where the policy asks for an estimate and none comes, the person tries again: a crowd or an outage lets nothing weak through. */
  async function weakness({ password, subject: { login, name } }: Candidate): Promise<Refusal | null> {
    const { password_strength_least: least, office_name } = settings.policy();
    if (least === 0) return null;
    const strength = await lore.strength(password, [login, ...name.split(' '), ...office_name.split(' ')]);
    if (strength === null) return new Refusal('desk.busy', { field: 'password' });
    return strength < least ? refusal('password.too-weak', { least }) : null;
  }

  async function isListedElsewhere(password: string, occasion: Occasion): Promise<boolean> {
    const answer = await lore.askRange(password);
    if (answer === null) journal.append({ event: 'breach query', result: 'failed', detail: 'no answer', ...occasion });
    return answer ?? false;
  }

  /**
   * A passphrase that would be taken now, kept nowhere; null when none was found. Drawn by chance it is strong without an estimate, which
   * whoever only looks must not keep from others.
   */
  async function offer({ subject, rules, language }: Pick<Candidate, 'subject' | 'rules'> & { language: string }): Promise<string | null> {
    const words = await lore.words(language);
    const least = rules.find(({ key }) => key === 'length')?.params.least ?? 0;
    for (let draw = 0; draw < mostDraws; draw += 1) {
      const password = passphrase({ words, least, below: random.below });
      if ((await unestimated({ password, subject, rules })).length === 0) return password;
    }
    return null;
  }

  return { judge, offer };
}

const refusal = (key: 'password.too-common' | 'password.breached' | 'password.banned' | 'password.too-weak', params = {}): Refusal =>
  new Refusal(key, { params, field: 'password' });
