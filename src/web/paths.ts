/** Which paths this site has, as the router sees them, and which spellings of a path it does not even look at. */

import Router from '@koa/router';
import type { Route } from './visit.ts';

export interface Paths {
  /** A page that can be read stands here; the path is one of our own. */
  hasPage(path: string): boolean;
  /** For `Allow`; empty when nothing stands here. */
  methodsAt(path: string): readonly string[];
  /** The page from which this form is sent: the one where the browser says it stood, else its own path, else the nearest above it that can be read. */
  formOf(route: Route, stoodAt?: string): Route | null;
}

/** Letters, digits and - . _ ~ only, in segments that are not empty and not dots: no path of ours needs a percent sign, a semicolon or a backslash. */
export const isPlainPath = (path: string): boolean => path === '/' || /^(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+)+\/?$/.test(path);

/** A place of this site to be sent to: nothing that a browser could read as another host. */
export const isLocal = (to: string): boolean => /^\/(?![/\\])[\x21-\x7e]*$/.test(to) && !to.includes('\\');

export function pathsOf(routes: readonly Route[]): Paths {
  const router = new Router({ sensitive: true, strict: true });
  for (const { method, path } of routes) router.register(path, method === 'GET' ? ['HEAD', 'GET'] : ['POST'], () => {});
  const pages = routes.filter(({ method, isBare }) => method === 'GET' && isBare !== true);
  const pageAt = (pattern: string): Route | undefined => pages.find(({ path }) => path === pattern);

  return {
    hasPage: (path) => isPlainPath(path) && router.match(path, 'GET').route,
    methodsAt: (path) => [...new Set(router.match(path, 'GET').path.flatMap(({ methods }) => methods))],
    formOf({ path }, stoodAt = '') {
      const named = pageAt(stoodAt);
      if (named) return named;
      for (let pattern = path; pattern !== ''; pattern = pattern.slice(0, pattern.lastIndexOf('/'))) {
        const page = pageAt(pattern);
        if (page) return page;
      }
      return pageAt('/') ?? null;
    },
  };
}
