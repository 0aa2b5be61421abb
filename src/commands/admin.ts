/** The way in from the console: a local administrator made, or an administrator who lost every way let back in. */

import { type House, openHouse, prepareFolder } from '../app.ts';
import { notices } from '../notice.ts';
import { noticeAddresses } from '../rules/notice.ts';
import type { Given } from './given.ts';
import { noDirectoryRules, prepared, rulesFor } from '../rules/password.ts';
import { isRefusal } from '../rules/refusal.ts';
import { day } from '../rules/time.ts';
import { readSecret } from './secret.ts';

/** The second step is enrolled at the first sign-in, which must come within this time. */
const enrolWithin = day;

export async function createAdministrator({ words: [typed = ''], config }: Given): Promise<number> {
  const login = typed.trim(); // as the sign-in takes it
  if (login === '' || login.length > 256 || /\p{Cc}/u.test(login)) return complain('This cannot be a login.');
  prepareIfFree(config().data.folder);
  return atHome(config(), async (house) => {
    const { accounts, clock, journal, atomically } = house.world;
    const known = accounts.byLogin(login);
    if (known.some(({ home }) => home === null))
      return complain(`There is a local account ${login} already: latchkey admin recover ${login} gives it a new password.`);
    // A login in two homes opens neither: it is never guessed which is meant.
    if (known.length > 0) return complain(`There is an account ${login} in the directory ${known[0]?.home}. Choose another login.`);
    const hash = await newPasswordHash(house, login);
    if (hash === null) return 1;
    const at = clock.now();
    atomically(() => {
      const { id } = accounts.createLocal({ login, name: login, mail: null, role: 'administrator', passwordHash: hash, at });
      accounts.setEnrolUntil(id, at + enrolWithin);
      journal.append({ event: 'administrator created', result: 'succeeded', actor: 'console', account: login });
    });
    return tell(
      `${login} is an administrator. Sign in within 24 hours: an authenticator app is registered then, and asked for from then on.`,
    );
  });
}

/** Gives a local administrator a new password, and any administrator a day to register a second step anew. */
export async function recoverAdministrator({ words: [typed = ''], config }: Given): Promise<number> {
  const login = typed.trim();
  return atHome(config(), async (house) => {
    const { accounts, enrolments, attempts, tokens, sessions, clock, journal, atomically } = house.world;
    const account = accounts.byLogin(login).find(({ role }) => role === 'administrator');
    if (!account) return complain(`${login} is not an administrator here.`);
    const hash = account.home === null ? await newPasswordHash(house, login) : null;
    if (account.home === null && hash === null) return 1;
    const at = clock.now();
    const to = noticeAddresses(account, enrolments.of(account.id));
    atomically(() => {
      if (hash !== null) accounts.setPasswordHash(account.id, hash, at);
      for (const method of new Set(enrolments.of(account.id).map((held) => held.method))) enrolments.removeAll(account.id, method);
      accounts.setEnrolUntil(account.id, at + enrolWithin);
      accounts.suspend(account.id, null);
      sessions.endAll(account.id);
      attempts.closeOthers(account.id, null, at);
      tokens.spendAll(account.id, at);
      house.desk.clearCounters(account); // or whoever keeps typing wrong passwords would keep them out
      journal.append({ event: 'administrator recovered', result: 'succeeded', actor: 'console', account: account.login });
      const variables = { isPasswordNew: hash === null ? 'no' : 'yes' };
      notices({ ...house.world, publicUrl: house.config.publicUrl })(account, { kind: 'administrator-recovered', variables, to });
    });
    return tell(`${login} can sign in with the password alone for the next 24 hours, and registers a second step then.`);
  });
}

async function newPasswordHash({ world, desk, texts }: House, login: string): Promise<string | null> {
  const password = await readSecret(`New password of ${login}: `);
  const subject = { login, name: login, isLocal: true };
  const rules = rulesFor(subject, world.settings.policy(), noDirectoryRules);
  const refusals = await desk.judge({ password: prepared(password), subject, rules }, { account: login });
  if (refusals.length > 0) {
    const reasons = refusals.map(({ key, params }) => `- ${texts.say('en', `refusal.${key}`, params)}`);
    complain(`This password cannot be used:\n${reasons.join('\n')}`);
    return null;
  }
  const hash = await world.slowHash.hash(prepared(password));
  return isRefusal(hash) ? null : hash;
}

/** A first administrator may be made before the first start; beside a running server the schema is current already. */
function prepareIfFree(folder: string): void {
  try {
    prepareFolder(folder).release();
  } catch (problem) {
    if (!(problem as Error).message.startsWith('Another Latchkey')) throw problem;
  }
}

async function atHome(config: Parameters<typeof openHouse>[0], work: (house: House) => Promise<number>): Promise<number> {
  const house = await openHouse(config);
  try {
    return await work(house);
  } finally {
    await house.close();
  }
}

function tell(words: string): number {
  process.stdout.write(`${words}\n`);
  return 0;
}

function complain(words: string): number {
  process.stderr.write(`${words}\n`);
  return 1;
}
