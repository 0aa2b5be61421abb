/** Answers searches over the demo directory's entries and its root (RFC 4512 5.1). It changes nothing, and never shows or compares a password. */

import { inScope, type Attributes, type Entries, type Entry, operationalAttributes } from './entries.ts';
import { type Answer, codes, refused, type SearchRequest, type Session, type ShownEntry } from './exchange.ts';
import type { Filter } from '../filter.ts';
import { foldName } from './folding.ts';
import { meets } from './match.ts';

/** Whoever is bound may read all but passwords; anonymous people only the root. */
export function search(session: Session, request: SearchRequest, entries: Entries): Answer {
  const base = foldName(request.base);
  if (base === null) return refused(codes.invalidDnSyntax, 'invalid DN');
  if (base.length === 0) return request.scope === 'base' ? page(root(entries), request) : refused(codes.noSuchObject);
  if (session.boundTo === null) return refused(codes.strongerAuthRequired, 'authentication required');
  if (session.isRestricted) return refused(codes.insufficientAccessRights, restriction);
  if (entries.find(request.base) === null) return refused(codes.noSuchObject);
  return page(
    inScope(entries, base, request.scope).map((entry) => readable(entry, entries)),
    request,
  );
}

export const restriction = 'Operations are restricted to bind/unbind/abandon/StartTLS/modify password';

export const supported = {
  paging: '1.2.840.113556.1.4.319',
  passwordPolicy: '1.3.6.1.4.1.42.2.27.8.5.1',
  /** RFC 4528; of a modify only. */
  assertion: '1.3.6.1.1.12',
  passwordModify: '1.3.6.1.4.1.4203.1.11.1',
  whoAmI: '1.3.6.1.4.1.4203.1.11.3',
  allOperationalAttributes: '1.3.6.1.4.1.4203.1.5.1',
} as const;

/** An entry as searches see it. Operational attributes are worked out only when somebody looks. */
interface Readable {
  readonly dn: string;
  readonly user: Attributes;
  readonly operational: () => Attributes;
}

function readable(entry: Entry, entries: Entries): Readable {
  let operational: Attributes | undefined;
  return {
    dn: entry.dn,
    user: entry.attributes(),
    operational: () => {
      operational ??= operationalAttributes(entry, entries);
      return operational;
    },
  };
}

/** The rootDSE. It says OpenLDAP, for that is how this directory answers. */
const root = ({ baseDn }: Entries): readonly Readable[] => [
  {
    dn: '',
    user: { objectClass: ['top', 'OpenLDAProotDSE'] },
    operational: () => ({
      structuralObjectClass: ['OpenLDAProotDSE'],
      namingContexts: [baseDn],
      supportedLDAPVersion: ['3'],
      supportedControl: [supported.paging, supported.passwordPolicy, supported.assertion],
      supportedExtension: [supported.passwordModify, supported.whoAmI],
      supportedFeatures: [supported.allOperationalAttributes],
      vendorName: ['Latchkey demo directory'],
    }),
  },
];

export const isTrueOf = (entry: Entry, filter: Filter, entries: Entries): boolean => {
  const seen = readable(entry, entries);
  return meets(filter, (attribute) => valuesOf(seen, attribute)) === true;
};

/** The cookie is how many were sent already: nothing is kept between pages, and the order of entries never changes. */
function page(candidates: readonly Readable[], request: SearchRequest): Answer {
  const found = candidates.filter((entry) => meets(request.filter, (attribute) => valuesOf(entry, attribute)) === true);
  const start = Number(request.page?.cookie ?? 0);
  if (!Number.isSafeInteger(start) || start < 0) return refused(codes.unwillingToPerform, 'paged results cookie is invalid');
  const most = request.sizeLimit === 0 ? found.length : request.sizeLimit;
  const pageEnd = request.page ? start + request.page.size : found.length;
  const end = Math.min(pageEnd, most, found.length);
  const isCut = end === most && most < Math.min(pageEnd, found.length);
  return {
    code: isCut ? codes.sizeLimitExceeded : codes.success,
    entries: found.slice(start, end).map((entry) => shown(entry, request)),
    cookie: isCut || end >= found.length || request.page?.size === 0 ? '' : String(end),
  };
}

function valuesOf({ user, operational }: Readable, attribute: string): readonly string[] | null {
  if (attribute === 'userpassword') return null;
  return named(user, attribute) ?? named(operational(), attribute) ?? [];
}

const named = (attributes: Attributes, lower: string): readonly string[] | undefined =>
  Object.entries(attributes).find(([type]) => type.toLowerCase() === lower)?.[1];

function shown({ dn, user, operational }: Readable, { attributes, namesOnly }: SearchRequest): ShownEntry {
  const asked = new Set(attributes.map((attribute) => attribute.toLowerCase()));
  const wants = (type: string, every: string) => asked.has(every) || asked.has(type.toLowerCase());
  const chosen = [
    ...Object.entries(user).filter(([type]) => asked.size === 0 || wants(type, '*')),
    ...(asked.size === 0 || (asked.size === 1 && asked.has('*')) ? [] : Object.entries(operational()).filter(([type]) => wants(type, '+'))),
  ];
  return { dn, attributes: chosen.map(([type, values]) => ({ type, values: namesOnly ? [] : values })) };
}
