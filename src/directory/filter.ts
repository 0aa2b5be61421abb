/** Search filters as values: read from the administrator's RFC 4515 text, built from what people type, written as BER. It knows no server. */

import { octetString, tlv } from './ber.ts';

export type Filter =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Filter[] }
  | { readonly kind: 'not'; readonly part: Filter }
  | { readonly kind: 'present'; readonly attribute: string }
  | { readonly kind: 'equal' | 'at least' | 'at most' | 'like'; readonly attribute: string; readonly value: Buffer }
  | { readonly kind: 'substring'; readonly attribute: string; readonly pieces: readonly Buffer[] }
  | {
      readonly kind: 'rule';
      readonly attribute: string | null;
      readonly rule: string | null;
      readonly isOfDn: boolean;
      readonly value: Buffer;
    };

export const equal = (attribute: string, value: string | Buffer): Filter => ({
  kind: 'equal',
  attribute,
  value: Buffer.from(value as string),
});
export const present = (attribute: string): Filter => ({ kind: 'present', attribute });
export const and = (...parts: readonly Filter[]): Filter => ({ kind: 'and', parts });
export const or = (...parts: readonly Filter[]): Filter => ({ kind: 'or', parts });
export const not = (part: Filter): Filter => ({ kind: 'not', part });

/** Deeper than any office's filter; a bound on what a server is asked to evaluate. */
const deepest = 50;

/** Throws a SyntaxError that names the place. Spaces are allowed around a filter, and nowhere else (RFC 4515 section 3). */
export function parseFilter(text: string): Filter {
  let at = 0;
  const fail = (what: string): never => {
    throw new SyntaxError(`filter: ${what} at character ${at + 1}`);
  };
  const space = () => {
    while (/\s/.test(text[at] ?? '')) at++;
  };
  const expect = (character: string) => {
    if (text[at] !== character) fail(`"${character}" expected`);
    at++;
  };

  function filter(depth: number): Filter {
    if (depth > deepest) fail('too deeply nested');
    space();
    expect('(');
    const parsed = component(depth);
    expect(')');
    space();
    return parsed;
  }

  function component(depth: number): Filter {
    const sign = text[at];
    if (sign === '!') {
      at++;
      return not(filter(depth + 1));
    }
    if (sign !== '&' && sign !== '|') return item();
    at++;
    const parts: Filter[] = [];
    space();
    while (text[at] === '(') parts.push(filter(depth + 1));
    return { kind: sign === '&' ? 'and' : 'or', parts };
  }

  /** Parentheses within a value are escaped, so the next one ends the item. */
  function item(): Filter {
    const start = at;
    while (at < text.length && text[at] !== '(' && text[at] !== ')') at++;
    const found = /^(?<name>[^=~<>:]*)(?<dn>:dn)?(?::(?<rule>[\w.-]+))?(?<sign>:=|=|~=|>=|<=)(?<value>.*)$/is.exec(text.slice(start, at));
    const { name = '', dn, rule, sign = '', value = '' } = found?.groups ?? {};
    const isRule = sign === ':=';
    at = found ? at : start;
    if (!found || (!isRule && (dn !== undefined || rule !== undefined))) return fail('attribute=value expected');
    const attribute = name.trim();
    if (!(isRule && attribute === '' && rule !== undefined) && !isAttribute(attribute)) return fail('attribute name expected');
    if (isRule)
      return { kind: 'rule', attribute: attribute || null, rule: rule ?? null, isOfDn: dn !== undefined, value: unescaped(value, fail) };
    if (sign !== '=')
      return { kind: sign === '~=' ? 'like' : sign === '>=' ? 'at least' : 'at most', attribute, value: unescaped(value, fail) };
    if (value === '*') return present(attribute);
    const pieces = value.split('*').map((piece) => unescaped(piece, fail));
    if (pieces.length === 1) return { kind: 'equal', attribute, value: pieces[0] ?? Buffer.alloc(0) };
    if (pieces.slice(1, -1).some((piece) => piece.length === 0)) return fail('text between two "*" expected');
    return { kind: 'substring', attribute, pieces };
  }

  const parsed = filter(0);
  if (at < text.length) fail('end expected');
  return parsed;
}

/** RFC 4512 2.5: a name or an OID, with options. */
export const isAttribute = (name: string): boolean => /^(?:[a-z][a-z0-9-]*|\d+(?:\.\d+)+)(?:;[a-z0-9-]+)*$/i.test(name);

function unescaped(text: string, fail: (what: string) => never): Buffer {
  if (/\\(?![0-9a-f]{2})|[\0]/i.test(text)) fail('"\\" and two hexadecimal digits expected');
  const parts = text.split(/(\\[0-9a-f]{2})/i);
  return Buffer.concat(parts.map((part, index) => (index % 2 === 1 ? Buffer.from(part.slice(1), 'hex') : Buffer.from(part, 'utf8'))));
}

/** RFC 4515 text again: everything that is not a plain printable ASCII character is escaped. */
export function filterText(filter: Filter): string {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return `(${filter.kind === 'and' ? '&' : '|'}${filter.parts.map(filterText).join('')})`;
    case 'not':
      return `(!${filterText(filter.part)})`;
    case 'present':
      return `(${filter.attribute}=*)`;
    case 'substring':
      return `(${filter.attribute}=${filter.pieces.map(escaped).join('*')})`;
    case 'rule':
      return `(${filter.attribute ?? ''}${filter.isOfDn ? ':dn' : ''}${filter.rule === null ? '' : `:${filter.rule}`}:=${escaped(filter.value)})`;
    default:
      return `(${filter.attribute}${{ equal: '=', 'at least': '>=', 'at most': '<=', like: '~=' }[filter.kind]}${escaped(filter.value)})`;
  }
}

const escaped = (value: Buffer): string =>
  [...value]
    .map((byte) =>
      byte < 0x20 || byte > 0x7e || '*()\\'.includes(String.fromCharCode(byte))
        ? `\\${byte.toString(16).padStart(2, '0')}`
        : String.fromCharCode(byte),
    )
    .join('');

/** RFC 4511 4.5.1.7. */
export function encodeFilter(filter: Filter): Buffer {
  switch (filter.kind) {
    case 'and':
      return tlv(0xa0, ...filter.parts.map(encodeFilter));
    case 'or':
      return tlv(0xa1, ...filter.parts.map(encodeFilter));
    case 'not':
      return tlv(0xa2, encodeFilter(filter.part));
    case 'present':
      return tlv(0x87, filter.attribute);
    case 'substring':
      return tlv(0xa4, tlv(octetString, filter.attribute), tlv(0x30, ...substrings(filter.pieces)));
    case 'rule':
      return tlv(
        0xa9,
        filter.rule === null ? '' : tlv(0x81, filter.rule),
        filter.attribute === null ? '' : tlv(0x82, filter.attribute),
        tlv(0x83, filter.value),
        filter.isOfDn ? tlv(0x84, Buffer.from([0xff])) : '',
      );
    default:
      return tlv(
        { equal: 0xa3, 'at least': 0xa5, 'at most': 0xa6, like: 0xa8 }[filter.kind],
        tlv(octetString, filter.attribute),
        tlv(octetString, filter.value),
      );
  }
}

/** The first piece begins the value, the last one ends it; an empty one there says nothing and is left out. */
const substrings = (pieces: readonly Buffer[]): Buffer[] =>
  pieces.flatMap((piece, index) =>
    piece.length === 0 ? [] : [tlv(index === 0 ? 0x80 : index === pieces.length - 1 ? 0x82 : 0x81, piece)],
  );
