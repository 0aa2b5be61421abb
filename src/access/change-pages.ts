/** The change of a known password, signed in or not, and what came of it. */

import { Refusal } from '../rules/refusal.ts';
import { type Page, page, type Reply, seeOther, type Visit } from '../web/visit.ts';
import type { Binding, Changed, ChangePassword } from './change.ts';
import type { MustChange } from './sign-in.ts';

/** How a change can end: a page each, which knows nobody. */
const outcomes = ['done', 'not-proved', 'unknown'] as const;

export function changePages(flow: ChangePassword) {
  const ask: Page = async (visit) => {
    const here = whoIsHere(visit);
    const binding = await flow.bindingOf(here?.account ?? null);
    const offer = 'suggest' in visit.query ? await flow.offer(binding, visit.language) : null;
    return changePage(binding, visit, { places: flow.places(), offer });
  };

  const change: Page = async (visit) => {
    const { form, address, language, supportCode } = visit;
    const here = whoIsHere(visit);
    if (visit.owesPuzzle && !here) {
      const refusals = [new Refusal('limit.puzzle', { field: 'puzzle_answer' })];
      return changePage(await flow.bindingOf(null), visit, { refusals, places: flow.places() });
    }
    const changed = await flow.change({
      who: here ?? form.login ?? '',
      current: form.current_password ?? '',
      password: form.password ?? '',
      again: form.password_again ?? '',
      address,
      language,
      supportCode,
    });
    return shown(changed, visit);
  };

  async function shown(changed: Changed, visit: Visit): Promise<Reply> {
    switch (changed.kind) {
      case 'changed':
        return seeOther(changed.isProved ? '/change/done' : '/change/not-proved', changed.token === null ? {} : { session: changed.token });
      case 'unknown':
        return seeOther('/change/unknown');
      case 'closed':
        return page('access/change-closed', { by: changed.by.replaceAll(' ', '-') }, { status: 422 });
      case 'refused': {
        const { refusals, broken } = changed;
        const binding = changed.binding ?? (await flow.bindingOf(whoIsHere(visit)?.account ?? null));
        return changePage(binding, visit, { refusals, broken, places: flow.places() });
      }
    }
  }

  return {
    ask,
    change,
    done: () => outcomePage('done'),
    notProved: () => outcomePage('not-proved'),
    unknown: () => outcomePage('unknown'),
  };
}

/** After a sign-in with a right password that opens nothing else: the same form, with the login typed in. */
export async function mustChangePage(flow: ChangePassword, visit: Visit, { isExpired }: MustChange): Promise<Reply> {
  const nobody = { ...visit, session: null, account: null };
  const why = isExpired ? 'expired' : 'must-change';
  return page('access/change', { ...changeModel(await flow.bindingOf(null), nobody), places: flow.places(), why }, { status: 422 });
}

const changePage = (binding: Binding, visit: Visit, more: object = {}): Reply =>
  page('access/change', { ...changeModel(binding, visit), ...more });

function changeModel({ rules, terms, possibleFrom, isAway, name }: Binding, visit: Visit) {
  const here = whoIsHere(visit);
  const login = here?.account.login ?? '';
  const typed = { login: (visit.form.login ?? '').trim() };
  return { rules, terms, possibleFrom, isAway, login, person: name, isKnown: here !== null, typed };
}

const outcomePage = (outcome: (typeof outcomes)[number]): Reply =>
  page('access/changed', { outcome, tone: outcome === 'done' ? 'good' : 'warn', titleParams: { outcome: outcome.replace('-', '_') } });

/** Only a finished sign-in counts: whoever waits at the second step types the login like anybody else. */
function whoIsHere({ account, session }: Pick<Visit, 'account' | 'session'>) {
  return account && session?.standing === 'full' ? { account, session } : null;
}
