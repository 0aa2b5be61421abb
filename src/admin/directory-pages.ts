/** The page of the directories: what the doctor saw, what readings changed, and the buttons for both. */

import { explained, type Say } from '../rules/explanation.ts';
import { isRefusal, type Refusal } from '../rules/refusal.ts';
import { type Page, page, type Reply, seeOther, type Visit } from '../web/visit.ts';
import type { DirectoryDesk, DirectoryLook, Round, Wish } from './directories.ts';

const notFound = (): Reply => page('error/not-found', {}, { status: 404 });

export function directoryPages(desk: DirectoryDesk) {
  const show = ({ query }: Visit, refusals: readonly Refusal[] = []): Reply =>
    page('admin/directory', { directories: desk.look().map(shown), done: query.done ?? null, refusals });

  const examine: Page = async ({ form }) => {
    const login = (form.login ?? '').trim().slice(0, longestLogin);
    const { directory = '' } = form;
    const round = await desk.examine(directory, login === '' ? null : login);
    return round === null ? notFound() : seeOther(`/admin/directory#${directory}`);
  };

  const read: Page = async (visit) => {
    const { form, account } = visit;
    if (!account) throw new Error('this page is for administrators');
    const end = await desk.read(form.directory ?? '', {
      actor: account.login,
      how: wishOf(form.how),
      mayDisable: countOf(form.may_disable),
    });
    if (end === null) return notFound();
    if (isRefusal(end)) return show(visit, [end]);
    return seeOther(`/admin/directory?done=${form.how === 'dry-run' ? 'forecast' : end === 'done' ? 'read' : 'reading'}`);
  };

  const run: Page = ({ params, query }) => {
    const from = countOf(query.from);
    const found = desk.run(countOf(params.run), from);
    return found === null ? notFound() : page('admin/directory-run', { ...found, from });
  };

  return { show: (visit: Visit) => show(visit), examine, read, run };
}

const longestLogin = 256;

const wishOf = (how: string | undefined): Wish['how'] =>
  how === 'dry-run' ? 'dry run' : how === 'everybody' ? 'everybody' : 'what changed';

/** 0 for whatever is no number. */
const countOf = (text: string | undefined): number => (/^\d{1,9}$/.test(text ?? '') ? Number(text) : 0);

/** What needs somebody first, and what is well apart; server by server. */
function shown(look: DirectoryLook) {
  const { round } = look;
  if (round === null) return { ...look, round };
  const { judged } = round;
  return {
    ...look,
    round: { ...round, servers: serversOf(round), explain: (say: Say) => (judged === null ? [] : explained(judged, say)) },
  };
}

function serversOf({ findings }: Round) {
  return [...new Set(findings.map(({ server }) => server))].map((server) => {
    const here = findings.filter((finding) => finding.server === server);
    const troubles = [...here.filter(({ verdict }) => verdict === 'fault'), ...here.filter(({ verdict }) => verdict === 'warning')];
    return { server, troubles, well: here.filter(({ verdict }) => verdict === 'well') };
  });
}
