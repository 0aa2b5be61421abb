/**
 * One person's password and lock in the directory: read live, proved by a bind, set, changed, unlocked. The order of the steps is the same for
 * every kind of directory; what is sent is the dialect's.
 */

import { isRefusal, type Params, Refusal } from '../rules/refusal.ts';
import { day, type Instant, minute, second } from '../rules/time.ts';
import type { DirectoryRefusalKey } from '../rules/vocabulary.ts';
import type { BeforeSending, Clock, Passwords, PasswordStatus, Verified, WriteOutcome } from '../world.ts';
import type { Place, State } from './dialect.ts';
import { isFailure, LdapFailure } from './failure.ts';
import type { Answer, Link } from './ldap.ts';
import type { People } from './people.ts';
import { isForAnother, rawAnswer, refusalKey, refusalOf, refusalOfFailure } from './refusals.ts';
import type { Desk, Servers } from './servers.ts';
import type { Written } from './written.ts';

interface Needs {
  readonly servers: Servers;
  readonly people: People;
  readonly written: Written;
  readonly clock: Clock;
  readonly baseDn: string;
  readonly policyDn: string | null;
}

interface Live extends Place {
  readonly desk: Desk;
  readonly state: State;
}

/** A server that says that it did nothing and that another might, has not answered: the next is asked. */
function requireAnswer({ link }: Live, answer: Answer): void {
  if (answer.resultCode !== 0 && isForAnother(answer)) throw new LdapFailure('answer', { url: link.url, text: 'not done here', answer });
}

const refused = (refusal: Refusal): WriteOutcome => ({ kind: 'refused', refusal });

export function openPasswords(remoteId: string, { servers, people, written, clock, baseDn, policyDn }: Needs): Passwords {
  /** First at the server that was written a moment ago: the others may not have heard of it. */
  const ask = <T>(work: (desk: Desk) => Promise<T>) => servers.ask(work, written.serverOf(remoteId));

  /** The person as this server has them now. */
  async function live(desk: Desk): Promise<Live | Refusal> {
    const entry = await people.entry(desk, remoteId);
    if (!entry) return new Refusal('directory.not-found', { raw: `${desk.server}: no entry ${remoteId}` });
    const place: Place = { link: desk.link, root: desk.root, dn: entry.dn, entry, baseDn, policyDn };
    return { ...place, desk, state: await desk.dialect.state(place, clock.now()) };
  }

  async function status(desk: Desk): Promise<PasswordStatus | Refusal> {
    const found = await live(desk);
    if (isRefusal(found)) return found;
    return { server: desk.server, isProtected: await people.isProtected(desk, found.entry), ...found.state };
  }

  /** Binds as the person over a connection of their own, which is closed afterwards unless `use` has a use for it. */
  async function bound<T>(at: Live, password: string, use: (verdict: Verified | Refusal, own: Link | null) => Promise<T> | T): Promise<T> {
    const own = await at.desk.connect();
    try {
      const answer = await own.bind(at.dn, password, at.desk.dialect.bindControls);
      requireAnswer(at, answer);
      const verdict = finer(at.desk.dialect.verdict(answer), at.state);
      return await use(verdict, answer.resultCode === 0 ? own : null);
    } finally {
      own.close();
    }
  }

  const verifyAt = (at: Live, password: string) => bound(at, password, (verdict) => verdict);

  /** Signs in with the password that was set. A lockout that it left in place is taken away: the person asked to be let in. */
  async function signIn(at: Live, password: string): Promise<Verified | Refusal> {
    const { dialect } = at.desk;
    const verdict = await verifyAt(at, password);
    if (!dialect.setKeepsLock || !isRefusal(verdict) || verdict.key !== 'directory.locked') return verdict;
    const answer = await dialect.unlock(at, () => undefined);
    return answer.resultCode === 0 ? verifyAt(at, password) : refusalOf(answer);
  }

  /** Whether the password that was set is in force on the server that was written. Whatever fails here, it was set. */
  const proved = (at: Live, password: string): Promise<Proof> =>
    shown(async () => {
      const verdict = await signIn(at, password);
      return isRefusal(verdict) ? unproved(verdict) : { isProved: true };
    });

  /** Sends one change and then does what may fail without undoing it. */
  async function write(at: Live, beforeSending: BeforeSending, steps: Steps): Promise<WriteOutcome> {
    const { server } = at.desk;
    let isSent = false;
    const before = () => {
      beforeSending({ server, marker: at.state.marker });
      isSent = true;
    };
    let answer: Answer;
    try {
      answer = await steps.send(before);
    } catch (error) {
      if (!isFailure(error) || !isSent) throw error;
      written.note(remoteId, server);
      return { kind: 'unknown', server, raw: refusalOfFailure(error).raw ?? '' };
    }
    requireAnswer(at, answer);
    if (answer.resultCode !== 0) return refused(why(at, answer, steps));
    written.note(remoteId, server);
    return { kind: 'done', server, ...(await steps.prove()), apply: () => undefined };
  }

  async function act(work: (at: Live) => Promise<WriteOutcome>): Promise<WriteOutcome> {
    const outcome = await ask(async (desk) => {
      const at = await live(desk);
      if (isRefusal(at)) return refused(at);
      const barred = bar(at.state) ?? (await desk.dialect.obstacle(at, clock.now()));
      return barred ? refused(barred) : work(at);
    });
    return isRefusal(outcome) ? refused(outcome) : outcome;
  }

  /** Sets the password as the service account, in steps that make it what it shall be. */
  const put = (password: string, beforeSending: BeforeSending, stepsAt: (at: Live) => Steps): Promise<WriteOutcome> =>
    password === '' ? Promise.resolve(refused(emptyPassword())) : act((at) => write(at, beforeSending, stepsAt(at)));

  /** The mark is a request of its own, and stands only if a sign-in would be told to choose another password. */
  const markedTemporary = (at: Live, password: string): Promise<Proof> =>
    shown(async () => {
      const answer = await at.desk.dialect.makeTemporary(at, () => undefined);
      const verdict = await signIn(at, password);
      if (answer.resultCode !== 0) return unproved(refusalOf(answer));
      return isRefusal(verdict) ? unproved(verdict) : { isProved: verdict.mustChange };
    });

  const isLongAgo = (sentAt: Instant | null): boolean => sentAt !== null && clock.now() > sentAt + convergedMillis;

  return {
    status: () => ask(status),

    async verify(password) {
      if (password === '') return emptyPassword();
      return ask(async (desk) => {
        const at = await live(desk);
        return isRefusal(at) ? at : verifyAt(at, password);
      });
    },

    set: (password, beforeSending) =>
      put(password, beforeSending, (at) => ({
        send: (before) => at.desk.dialect.set(at, password, before),
        isHeld: at.state.rules.onReset.history,
        async prove() {
          await settled(at);
          return proved(at, password);
        },
      })),

    setTemporary: (password, beforeSending) =>
      put(password, beforeSending, (at) => {
        const { dialect } = at.desk;
        const { history, excusesStaff } = at.state.rules.onReset;
        return {
          send: (before) => (dialect.setByStaff ?? dialect.set)(at, password, before),
          isHeld: history && excusesStaff !== true,
          prove: () => markedTemporary(at, password),
        };
      }),

    change: ({ current, password }, beforeSending) =>
      current === '' || password === ''
        ? Promise.resolve(refused(emptyPassword()))
        : act((at) =>
            bound(at, current, (verdict, own) => {
              if (isRefusal(verdict)) return refused(verdict);
              return write(at, beforeSending, {
                send: (before) => at.desk.dialect.change(at, { current, password, own }, before),
                isHeld: true,
                async prove() {
                  // Done in the person's place, it may look like a reset to the server.
                  if (own === null) await settled(at);
                  return proved(at, password);
                },
              });
            }),
          ),

    unlock: (beforeSending) =>
      act((at) =>
        write(at, beforeSending, {
          send: (before) => at.desk.dialect.unlock(at, before),
          isHeld: false,
          async prove() {
            const now = await quietly(() => live(at.desk));
            return { isProved: now !== null && !isRefusal(now) && now.state.lock === 'none' };
          },
        }),
      ),

    async outcome({ act: what, server, marker, sentAt = null }) {
      if (server === null) return 'not done';
      const there = await servers.askAt(server, live);
      const now = isRefusal(there) && isLongAgo(sentAt) ? await ask(live) : there;
      if (isRefusal(now)) return now.key === 'directory.not-found' ? 'cannot tell' : now;
      if (what === 'unlock' || what === 'unlock by administrator') return now.state.lock === 'none' ? 'done' : 'not done';
      if (now.state.marker === null) return 'cannot tell';
      if (now.state.marker !== marker) return isAnothers(now.state.changedAt, sentAt) ? 'cannot tell' : 'done';
      return isBlur(now.state.changedAt, sentAt) ? 'cannot tell' : 'not done';
    },
  };
}

/** A server that is gone for good took with it what it told nobody within this time: what the others have is what is in force. */
const convergedMillis = day;

/** A marker counts whole seconds: the password before was set so shortly before this write that both would carry the same. */
const isBlur = (changedAt: Instant | null, sentAt: Instant | null): boolean =>
  changedAt !== null && sentAt !== null && Math.abs(changedAt - sentAt) < 2 * second;

/** More than two clocks should ever differ, or a request lie unread at a server. */
const soonMillis = 15 * minute;

/** What is in force was set at quite another time: whether ours had been in force before, nobody can tell. */
const isAnothers = (changedAt: Instant | null, sentAt: Instant | null): boolean =>
  changedAt !== null && sentAt !== null && Math.abs(changedAt - sentAt) > soonMillis;

interface Steps {
  send(beforeSending: () => void): Promise<Answer>;
  /** Whether the directory holds what is sent to the history and the minimum age. */
  readonly isHeld: boolean;
  /** After success: not proved when it could not be shown. Does not throw for a server that has gone silent. */
  prove(): Promise<Proof>;
}

type Proof = Pick<Extract<WriteOutcome, { kind: 'done' }>, 'isProved' | 'raw'>;

const unproved = ({ raw }: Refusal): Proof => ({ isProved: false, ...(raw === null ? {} : { raw }) });

/** What a silent server does not show is not proved. */
async function shown(prove: () => Promise<Proof>): Promise<Proof> {
  try {
    return await prove();
  } catch (error) {
    if (isFailure(error)) return unproved(refusalOfFailure(error));
    throw error;
  }
}

const emptyPassword = () => new Refusal('directory.wrong-old-password', { raw: 'an empty password is never sent' });

/** Who was switched off or locked by an administrator is neither reset nor unlocked here: on OpenLDAP a reset would let them in again. */
function bar({ isDisabled, lock }: State): Refusal | null {
  if (isDisabled) return new Refusal('directory.disabled');
  return lock === 'administrator' ? new Refusal('directory.locked-by-administrator') : null;
}

/** A server may call "wrong" or "locked" what the entry tells better. */
function finer(verdict: Verified | Refusal, state: State): Verified | Refusal {
  if (!isRefusal(verdict) || (verdict.key !== 'directory.wrong-old-password' && verdict.key !== 'directory.locked')) return verdict;
  const raw = verdict.raw === null ? {} : { raw: verdict.raw };
  if (state.isDisabled) return new Refusal('directory.disabled', raw);
  if (state.lock === 'administrator') return new Refusal('directory.locked-by-administrator', raw);
  return state.lock === 'lockout' ? new Refusal('directory.locked', raw) : verdict;
}

function why({ desk, state }: Live, answer: Answer, { isHeld }: Steps): Refusal {
  const key = (isHeld && desk.dialect.unnamed?.(answer, state)) || refusalKey(answer);
  return new Refusal(key, { params: paramsOf(key, state), raw: rawAnswer(answer) });
}

/** What the sentence for the person needs: `least` characters, `count` earlier passwords, `at` the instant from which it is possible, or 'unknown'. */
function paramsOf(key: DirectoryRefusalKey, { rules, changeableAt }: State): Params {
  switch (key) {
    case 'directory.too-short':
      return rules.minimumLength === null ? {} : { least: rules.minimumLength };
    case 'directory.history':
      return rules.history ? { count: rules.history } : {};
    case 'directory.minimum-age':
      return { at: changeableAt ?? 'unknown' };
    default:
      return {};
  }
}

async function quietly<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (isFailure(error)) return null;
    throw error;
  }
}

const settled = (at: Live): Promise<unknown> => quietly(() => at.desk.dialect.settle(at));
