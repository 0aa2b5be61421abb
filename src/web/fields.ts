/** Names and values as a browser's form or query sends them, or a refusal to guess. Everything is a string and comes once. */

import type { IncomingMessage } from 'node:http';
import readBody from 'raw-body';
import { Unacceptable } from './unacceptable.ts';

export type Fields = Readonly<Record<string, string>>;

const longestBody = 64 * 1024;
const mostFields = 200;

/**
 * Strict application/x-www-form-urlencoded: a repeated name, a name with brackets (`a[]`, `a[b]`), a name that would reach a prototype, and anything
 * that is not UTF-8 once decoded is 400, where URLSearchParams would choose for us.
 */
export function fieldsOf(encoded: string): Fields {
  const fields: Record<string, string> = Object.create(null);
  if (encoded === '') return fields;
  const pairs = encoded.split('&');
  if (pairs.length > mostFields) throw new Unacceptable(400, 'too many fields');
  for (const pair of pairs) {
    if (pair === '') continue;
    const cut = pair.indexOf('=');
    const name = decoded(cut < 0 ? pair : pair.slice(0, cut));
    if (/[[\]]/.test(name) || unsafeNames.has(name)) throw new Unacceptable(400, 'unsafe field name');
    if (name in fields) throw new Unacceptable(400, 'repeated field');
    fields[name] = cut < 0 ? '' : decoded(pair.slice(cut + 1));
  }
  return fields;
}

/**
 * More than thirty combining marks in a row are no text of a person (UAX #15, Stream-Safe Text Format), and normalising them takes time
 * that grows with their square: three seconds for one field of this size.
 */
const endlessMarks = /\p{M}{31}/u;

const unsafeNames: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

function decoded(text: string): string {
  const plain = decodedText(text);
  if (endlessMarks.test(plain)) throw new Unacceptable(400, 'endless combining marks');
  return plain;
}

function decodedText(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new Unacceptable(400, 'not UTF-8');
  }
}

/** The body of a POST: 415 for any other type or a compressed one, 413 past 64 kB. */
export async function postedFields(request: IncomingMessage): Promise<Fields> {
  const { 'content-type': type, 'content-length': length, 'content-encoding': encoding } = request.headers;
  const isEmpty = type === undefined && request.headers['transfer-encoding'] === undefined && Number(length ?? 0) === 0;
  if (isEmpty) return {};
  if (!/^application\/x-www-form-urlencoded\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i.test(type ?? ''))
    throw new Unacceptable(415, 'not a form');
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') throw new Unacceptable(415, 'compressed');
  return fieldsOf(await bodyOf(request));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const body = await readBody(request, { limit: longestBody, length: request.headers['content-length'] ?? null }).catch(
    (problem: { status?: number }) => {
      request.resume();
      throw new Unacceptable(problem.status === 413 ? 413 : 400, 'body could not be read');
    },
  );
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw new Unacceptable(400, 'not UTF-8');
  }
}
