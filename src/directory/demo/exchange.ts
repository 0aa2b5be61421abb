/** What a client may ask of the demo directory and what it is answered, in plain values: the seam between the wire and the office. */

import type { Entry } from './entries.ts';
import type { Filter } from '../filter.ts';
import type { PolicyNote } from './password-policy.ts';

/** One connection's standing. */
export interface Session {
  /** Null: anonymous. */
  boundTo: Entry | null;
  /** The password must be changed before anything else. */
  isRestricted: boolean;
}

export type Request =
  | { readonly op: 'bind'; readonly dn: string; readonly password: string }
  | SearchRequest
  | ModifyRequest
  | PasswordRequest
  | { readonly op: 'who am i' }
  | { readonly op: 'unsupported'; readonly code: number; readonly message: string };

export interface SearchRequest {
  readonly op: 'search';
  readonly base: string;
  readonly scope: 'base' | 'one' | 'sub';
  readonly filter: Filter;
  /** As asked for: names, `*`, `+`, `1.1`; empty is `*`. */
  readonly attributes: readonly string[];
  readonly namesOnly: boolean;
  /** 0: no limit. */
  readonly sizeLimit: number;
  /** RFC 2696. */
  readonly page: { readonly size: number; readonly cookie: string } | null;
}

export interface ModifyRequest {
  readonly op: 'modify';
  readonly dn: string;
  readonly changes: readonly Change[];
  /** RFC 4528: nothing is changed unless the entry meets it. */
  readonly asserted: Filter | null;
}

export interface Change {
  readonly kind: 'add' | 'delete' | 'replace';
  readonly attribute: string;
  readonly values: readonly string[];
}

/** RFC 3062. */
export interface PasswordRequest {
  readonly op: 'password';
  /** Absent: whoever is bound. */
  readonly dn?: string;
  readonly old?: string;
  readonly password?: string;
}

export interface Answer {
  readonly code: number;
  readonly message?: string;
  readonly note?: PolicyNote;
  /** Of an extended operation. */
  readonly value?: string;
  readonly entries?: readonly ShownEntry[];
  /** Of a paged search: empty at its end. */
  readonly cookie?: string;
}

export interface ShownEntry {
  readonly dn: string;
  readonly attributes: readonly { readonly type: string; readonly values: readonly string[] }[];
}

/** LDAP result codes (RFC 4511 4.1.9) that are spoken here. */
export const codes = {
  success: 0,
  protocolError: 2,
  sizeLimitExceeded: 4,
  strongerAuthRequired: 8,
  unavailableCriticalExtension: 12,
  noSuchAttribute: 16,
  constraintViolation: 19,
  invalidAttributeSyntax: 21,
  noSuchObject: 32,
  invalidDnSyntax: 34,
  invalidCredentials: 49,
  insufficientAccessRights: 50,
  unwillingToPerform: 53,
  other: 80,
  assertionFailed: 122,
} as const;

export const refused = (code: number, message = ''): Answer => ({ code, message });
