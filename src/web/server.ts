/** The web server: every request goes through these steps, in this order, to one page function. Knows no portal: `routes` says which pages there are. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import Router from '@koa/router';
import Koa from 'koa';
import type { Texts } from '../text/texts.ts';
import type { World } from '../world.ts';
import { answering } from './answer.ts';
import { callerReading } from './caller.ts';
import type { Context, Log, State } from './context.ts';
import { cookiesFor } from './cookies.ts';
import { createCsrf } from './csrf.ts';
import type { Duty } from './doors.ts';
import { doorway } from './doorway.ts';
import { securityHeaders } from './headers.ts';
import { type Listening, listening } from './listening.ts';
import { mishaps } from './mishap.ts';
import { originCheck } from './origin.ts';
import { isPlainPath, pathsOf } from './paths.ts';
import { createPuzzles } from './puzzle.ts';
import { loadPublicFiles, type PublicFiles } from './public-files.ts';
import { createViews } from './render.ts';
import { newSupportCode } from './support-code.ts';
import { Unacceptable } from './unacceptable.ts';
import type { Route } from './visit.ts';

export interface ServerNeeds extends Pick<World, 'clock'> {
  /** In order: the first that fits a path answers. */
  readonly routes: readonly Route[];
  readonly accounts: Pick<World['accounts'], 'byId'>;
  readonly sessions: Pick<World['sessions'], 'byToken'>;
  readonly settings: Pick<World['settings'], 'policy'>;
  readonly throttle: Pick<World['throttle'], 'count' | 'hit'>;
  readonly vault: Pick<World['vault'], 'digest'>;
  readonly random: Pick<World['random'], 'token' | 'below'>;
  readonly log: Log;
  /** Decides Origin, Secure cookies and HSTS; the Host header is never read. */
  readonly publicUrl: string;
  /** Addresses or CIDR ranges whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  readonly texts: Texts;
  readonly viewsDir: string;
  readonly publicDir: string;
  readonly duty?: Duty;
}

export interface WebServer extends Listening {
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void;
}

/** Throws at once when a template does not compile, a file of public/ is missing or a trusted proxy is no address. */
export function createServer(needs: ServerNeeds): WebServer {
  const { routes, clock, random, log, publicUrl } = needs;
  const headers = securityHeaders(publicUrl);
  const files = loadPublicFiles(needs.publicDir);
  const paths = pathsOf(routes);
  const cookies = cookiesFor(publicUrl);
  const csrf = createCsrf(needs);
  const puzzles = createPuzzles(needs);
  const views = createViews({ viewsDir: needs.viewsDir, texts: needs.texts, asset: files.address, hasPage: paths.hasPage });
  const readCaller = callerReading({ ...needs, cookies, csrf });
  const callerOf = (context: Context) => (context.state.caller ??= readCaller(context.req, context.state));
  const answer = answering({ cookies, csrf, views, puzzles });
  const mishap = mishaps({ answer, callerOf, log });
  const door = doorway({ routes, paths, csrf, originOf: originCheck(publicUrl), callerOf, answer, puzzles, duty: needs.duty });

  const app = new Koa<State>();
  app.silent = true; // nothing is printed: what goes wrong is logged below, once
  app.use(async (context, next) => {
    context.state = { at: clock.now(), supportCode: newSupportCode(random), pattern: 'none', caller: null };
    context.set(headers);
    await views.middleware(context, async () => {
      await next().catch((problem: unknown) => mishap(context, problem));
    });
    writeLine(log, context, clock.now());
  });
  app.use(async (context, next) => {
    if (!servedFromMemory(context, files)) await next();
  });
  app.use(async (context, next) => {
    assertWellFormed(context);
    await next();
  });
  const router = new Router<State>({ sensitive: true, strict: true });
  for (const route of routes) {
    if (route.method === 'GET') router.get(route.path, door(route));
    else router.post(route.path, door(route));
  }
  app.use(router.routes());
  app.use((context) => {
    const { path } = context;
    // A slash too many in a hand-typed address is no reason to leave someone standing.
    if (path.endsWith('/') && isReading(context) && paths.hasPage(path.slice(0, -1)))
      return answer(context, { kind: 'see other', to: path.slice(0, -1), cookies: {} }, callerOf(context));
    const allowed = paths.methodsAt(path);
    if (allowed.length === 0) throw new Unacceptable(404, 'no such page');
    throw new Unacceptable(405, 'no such method here', { Allow: allowed.join(', ') });
  });

  const handler = app.callback();
  return { handler, ...listening({ handler, headers }) };
}

const isReading = ({ method }: Context): boolean => method === 'GET' || method === 'HEAD';

function assertWellFormed(context: Context): void {
  const { req, path, method } = context;
  if (req.httpVersion === '1.1' && req.headers.host === undefined) throw new Unacceptable(400, 'no Host (RFC 9112 section 3.2)');
  if (!req.url?.startsWith('/') || !isPlainPath(path)) throw new Unacceptable(404, 'not a path of this site');
  if (!['GET', 'HEAD', 'POST'].includes(method)) throw new Unacceptable(405, 'no such method', { Allow: 'GET, HEAD, POST' });
}

/** Only what was read from public/ at start, by its exact address; it may be kept for ever, for its name changes with its content. */
function servedFromMemory(context: Context, files: PublicFiles): boolean {
  const file = isReading(context) ? files.at(context.path) : null;
  if (file === null) return false;
  const isGzipped = context.acceptsEncodings('gzip', 'identity') === 'gzip';
  context.state.pattern = '/public/:name';
  context.set('Cache-Control', 'public, max-age=31536000, immutable');
  context.set('Vary', 'Accept-Encoding');
  if (isGzipped) context.set('Content-Encoding', 'gzip');
  context.type = file.type;
  context.body = isGzipped ? file.gzipped : file.body;
  return true;
}

/** One line a request: the route's pattern, never the path, the query or the Referer, for those may hold a token. */
function writeLine(log: Log, { method, status, state }: Context, now: number): void {
  const facts = {
    method,
    route: state.pattern,
    status,
    milliseconds: now - state.at,
    supportCode: state.supportCode,
    address: state.caller?.address,
  };
  log.info(facts, 'request');
}
