/** The three cookies, the only ones: their names, attributes, and how they are read and written. */

/**
 * | cookie  | holds                              | ends                                   |
 * | session | the token of a signed-in session   | at sign-out, or with the session        |
 * | attempt | the token of one reset or unlock   | when it is done, or with the attempt    |
 * | visitor | a signed random name, against CSRF | with the browser; it opens nothing      |
 * All are for the whole site, for the server alone (HttpOnly), not persistent, and SameSite=Lax: with Strict a person who comes by a mailed link
 * would be taken for a stranger.
 */
export const cookieKinds = ['session', 'attempt', 'visitor'] as const;
export type CookieKind = (typeof cookieKinds)[number];

export interface Cookies {
  name(kind: CookieKind): string;
  read(header: string | undefined): Readonly<Record<CookieKind, string | null>>;
  /** A Set-Cookie value; null ends the cookie. */
  write(kind: CookieKind, value: string | null): string;
}

/** `__Host-` (no Domain, Path=/, Secure) keeps sibling hosts from planting one. Plain http is only the demo's, on this machine: there the prefix cannot be had. */
export function cookiesFor(publicUrl: string): Cookies {
  const isSecure = publicUrl.startsWith('https:');
  const name = (kind: CookieKind): string => (isSecure ? `__Host-${kind}` : kind);
  return {
    name,
    read(header) {
      const sent = pairsOf(header ?? '');
      return {
        session: sent.get(name('session')) ?? null,
        attempt: sent.get(name('attempt')) ?? null,
        visitor: sent.get(name('visitor')) ?? null,
      };
    },
    write: (kind, value) =>
      `${name(kind)}=${value ?? ''}; Path=/; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}${value === null ? '; Max-Age=0' : ''}`,
  };
}

/** Our values are base64url and dots; anything else was not written here and counts as absent. */
function pairsOf(header: string): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>();
  for (const part of header.split(';')) {
    const [, name, value] = /^\s*([\w-]+)=([\w.~-]{1,200})\s*$/.exec(part) ?? [];
    if (name !== undefined && value !== undefined && !pairs.has(name)) pairs.set(name, value);
  }
  return pairs;
}
