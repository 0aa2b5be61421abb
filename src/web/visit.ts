/** What a page function receives and returns: plain values, so that no portal ever holds Koa's context. */

import type { Account } from '../rules/account.ts';
import type { Policy } from '../rules/policy.ts';
import type { Refusal } from '../rules/refusal.ts';
import type { Instant } from '../rules/time.ts';
import type { Session } from '../world.ts';

export interface Visit {
  /** The values of `:name` in the route's path. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** The posted fields, each once and a string; `csrf` has been checked and is left out. */
  readonly form: Readonly<Record<string, string>>;
  /** Resolved through the trusted proxies; the same value for limits, journal and mails. */
  readonly address: string;
  /** "Firefox on Android": from the User-Agent, for the list of sessions; never trusted. */
  readonly device: string;
  readonly language: string;
  /** Printed at the foot of the page and written into the journal. */
  readonly supportCode: string;
  readonly at: Instant;
  readonly policy: Policy;
  readonly session: Session | null;
  readonly account: Account | null;
  /** The attempt cookie's value. */
  readonly attemptToken: string | null;
  /** Too much went wrong from this address for a login to be taken without a solved puzzle; the page's field shows one. */
  readonly owesPuzzle: boolean;
}

export type Reply = PageReply | RedirectReply | FileReply;

interface CookieChanges {
  /** A new value, or null to end it; absent leaves it. */
  readonly attempt?: string | null;
  readonly session?: string | null;
}

export interface PageReply {
  readonly kind: 'page';
  /** The template below views/, without its ending: "reset/method". */
  readonly view: string;
  /** 200, 422 for a refused form, 429 with `retryAfter`, 503 ... */
  readonly status: number;
  readonly model: PageModel;
  readonly cookies: CookieChanges;
  /** Seconds, for 429 and 503. */
  readonly retryAfter?: number;
}

export interface RedirectReply {
  readonly kind: 'see other';
  /** A path of this site. */
  readonly to: string;
  readonly cookies: CookieChanges;
  /** Sign-out asks the browser to forget. */
  readonly clearSiteData?: boolean;
}

export interface FileReply {
  readonly kind: 'file';
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** What every page shows, beside its own fields. The layout adds office, csrf, nonce, support code, language and account. */
export interface PageModel {
  /** Parameters of the page's title; the title itself is the text `<view with dots>.title`. */
  readonly titleParams?: Readonly<Record<string, string | number>>;
  /** Why the form came back: shown at their fields, and as a summary when two or more. */
  readonly refusals?: readonly Refusal[];
  /** What was typed and is not secret, so that nothing is typed twice. */
  readonly typed?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

export type Page = (visit: Visit) => Reply | Promise<Reply>;

/** Who may come through a door. `second step` and `enrolment` are sessions that may do only that; each list names all that may. */
export type Who = 'anyone' | 'signed in' | 'second step' | 'enrolment' | 'administrator' | 'staff';

export interface Route {
  readonly method: 'GET' | 'POST';
  /** As @koa/router spells it: "/reset/code/:token". */
  readonly path: string;
  readonly who: Who;
  readonly page: Page;
  /** A form with a login: an address with many failures must bring a solved puzzle with it. */
  readonly takesLogin?: true;
  /** No CSRF cookie is needed to read it: /healthz and the like. */
  readonly isBare?: boolean;
}

const tryAgainSeconds = 30;

/** The status of a page that says no: too many from one address, nobody can be served now, or a form to put right. */
function statusOf(refusals: readonly Refusal[] = []): { status: number; retryAfter?: number } {
  const limit = refusals.find(({ key }) => key === 'limit.address');
  if (limit) return { status: 429, retryAfter: Number(limit.params.seconds ?? 1) };
  if (refusals.some(({ key }) => key === 'desk.busy' || key === 'desk.directory-away')) return { status: 503, retryAfter: tryAgainSeconds };
  return { status: refusals.length > 0 ? 422 : 200 };
}

/** With `refusals` in its model it is the same page again with the reasons, as every refused form comes back. */
export const page = (
  view: string,
  model: PageModel = {},
  more: { status?: number; cookies?: CookieChanges; retryAfter?: number } = {},
): PageReply => ({
  kind: 'page',
  view,
  model,
  cookies: {},
  ...statusOf(model.refusals),
  ...more,
});

export const seeOther = (to: string, cookies: CookieChanges = {}): RedirectReply => ({ kind: 'see other', to, cookies });

export const file = (type: string, body: string, status = 200): FileReply => ({ kind: 'file', type, body, status });
