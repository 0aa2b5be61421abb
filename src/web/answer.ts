/** A page function's reply, written out: cookies, status, and the page in its frame. */

import type { Caller } from './caller.ts';
import type { Context } from './context.ts';
import type { Cookies } from './cookies.ts';
import type { Csrf } from './csrf.ts';
import { isLocal } from './paths.ts';
import type { Puzzles } from './puzzle.ts';
import type { Views } from './render.ts';
import type { PageReply, RedirectReply, Reply } from './visit.ts';

interface Needs {
  readonly cookies: Cookies;
  readonly csrf: Csrf;
  readonly views: Views;
  readonly puzzles: Puzzles;
}
export type Answer = (context: Context, reply: Reply, caller: Caller) => Promise<void>;

export function answering({ cookies, csrf, views, puzzles }: Needs): Answer {
  const setCookies = (context: Context, changes: PageReply['cookies']): void => {
    for (const kind of ['session', 'attempt'] as const) {
      const value = changes[kind];
      if (value !== undefined) context.append('Set-Cookie', cookies.write(kind, value));
    }
  };

  const showPage = async (context: Context, reply: PageReply, caller: Caller): Promise<void> => {
    const visitor = caller.visitor ?? csrf.newVisitor();
    if (caller.visitor === null) context.append('Set-Cookie', cookies.write('visitor', visitor));
    // A page that signs someone in or out is already bound to what comes after it.
    const session = reply.cookies.session === undefined ? caller.sessionToken : reply.cookies.session;
    const { template, model } = views.page({
      view: reply.view,
      model: reply.model,
      path: context.path,
      language: caller.language,
      office: caller.policy.office_name,
      account: session !== null && caller.person?.session.standing === 'full' ? caller.person.account : null,
      isSignedIn: session !== null,
      supportCode: caller.supportCode,
      csrf: csrf.token({ visitor, session }, caller.at),
      at: caller.at,
      puzzle: () => puzzles.owedBy(caller.address, caller.at),
    });
    context.status = reply.status;
    if (reply.retryAfter !== undefined) context.set('Retry-After', String(Math.ceil(reply.retryAfter)));
    await context.render(template, model);
  };

  return async (context, reply, caller) => {
    if (reply.kind === 'file') {
      context.status = reply.status;
      context.type = reply.type;
      context.body = reply.body;
      return;
    }
    setCookies(context, reply.cookies);
    if (reply.kind === 'see other') seeOther(context, reply);
    else await showPage(context, reply, caller);
  };
}

function seeOther(context: Context, { to, clearSiteData }: RedirectReply): void {
  if (!isLocal(to)) throw new Error('A reply may only lead to a path of this site');
  context.status = 303;
  context.set('Location', to);
  // Not "cookies": that would end those of every sibling host too. Ours are ended by name.
  if (clearSiteData === true) context.set('Clear-Site-Data', '"cache", "storage"');
  context.type = 'text/plain; charset=utf-8';
  context.body = '';
}
