/** Reads from the bytes of a request what ldapjs's server would lose or cannot read: its controls, its names and its whole search. */

import { tlv } from '../ber.ts';
import { type Filter, not } from '../filter.ts';
import type { SearchRequest } from './exchange.ts';
import { type Element, elements } from './frames.ts';
import { supported } from './search.ts';

/** RFC 4511 4.1.11. */
export interface Control {
  readonly type: string;
  readonly isCritical: boolean;
  readonly value: Buffer | null;
}

/** What is read of a message before ldapjs sees it. */
export interface Envelope {
  readonly controls: readonly Control[];
  /** The name of the entry that a modify is for, as sent: ldapjs's own loses backslashes and spaces. */
  readonly target: string;
  /** The message without its controls: ldapjs cannot read one that has no value, as the password policy's. */
  readonly bare: Buffer;
}

export function openEnvelope(message: Buffer): Envelope {
  const [id, operation, controls] = elements(elements(message)[0]?.content ?? message);
  return {
    bare: tlv(0x30, required(id).whole, required(operation).whole),
    target: operation?.tag === 0x66 ? text(elements(operation.content)[0]) : '',
    controls: controls?.tag === 0xa0 ? elements(controls.content).map(({ content }) => controlOf(elements(content))) : [],
  };
}

const controlOf = (parts: readonly Element[]): Control => ({
  type: text(parts[0]),
  isCritical: parts.some(({ tag, content }) => tag === 0x01 && content[0] !== 0),
  value: parts.slice(1).find(({ tag }) => tag === 0x04)?.content ?? null,
});

/** RFC 2696. */
export function pageOf(controls: readonly Control[]): SearchRequest['page'] {
  const value = controls.find(({ type }) => type === supported.paging)?.value;
  if (!value) return null;
  const [size, cookie] = elements(required(elements(value)[0]).content);
  return { size: number(size), cookie: text(cookie) };
}

/** RFC 4528. */
export function assertionOf(controls: readonly Control[]): Filter | null {
  const value = controls.find(({ type }) => type === supported.assertion)?.value;
  return value ? readFilter(required(elements(value)[0])) : null;
}

export type SearchAsSent = Omit<SearchRequest, 'op' | 'page'>;

/** RFC 4511 4.5.1. Throws on what is none. */
export function readSearch(request: Buffer): SearchAsSent {
  const [base, scope, , sizeLimit, , namesOnly, filter, attributes] = elements(request);
  const scopes = ['base', 'one', 'sub'] as const;
  const scopeName = scopes[number(scope)];
  if (!filter || !attributes || scopeName === undefined) throw new Error('request is malformed');
  return {
    base: text(base),
    scope: scopeName,
    sizeLimit: number(sizeLimit),
    namesOnly: number(namesOnly) !== 0,
    filter: readFilter(filter),
    attributes: elements(attributes.content).map(text),
  };
}

/** RFC 4511 4.5.1.7. */
function readFilter({ tag, content }: Element): Filter {
  if (tag === 0x87) return { kind: 'present', attribute: content.toString() };
  const parts = elements(content);
  const [first, second] = parts;
  switch (tag) {
    case 0xa0:
      return { kind: 'and', parts: parts.map(readFilter) };
    case 0xa1:
      return { kind: 'or', parts: parts.map(readFilter) };
    case 0xa2:
      return not(readFilter(required(first)));
    case 0xa4:
      return { kind: 'substring', attribute: text(first), pieces: pieces(elements(required(second).content)) };
    case 0xa9:
      return {
        kind: 'rule',
        attribute: optional(parts, 0x82),
        rule: optional(parts, 0x81),
        isOfDn: optional(parts, 0x84) !== null,
        value: tagged(parts, 0x83),
      };
    default: {
      const kind = comparisons.get(tag);
      if (kind === undefined) throw new Error('filter is malformed');
      return { kind, attribute: text(first), value: required(second).content };
    }
  }
}

const comparisons = new Map<number, 'equal' | 'at least' | 'at most' | 'like'>([
  [0xa3, 'equal'],
  [0xa5, 'at least'],
  [0xa6, 'at most'],
  [0xa8, 'like'],
]);

/** An empty piece first or last where nothing is said of the value's beginning or end. */
const pieces = (parts: readonly Element[]): Buffer[] => [
  parts[0]?.tag === 0x80 ? parts[0].content : Buffer.alloc(0),
  ...parts.filter(({ tag }) => tag === 0x81).map(({ content }) => content),
  parts.at(-1)?.tag === 0x82 ? (parts.at(-1) as Element).content : Buffer.alloc(0),
];

function required(element: Element | undefined): Element {
  if (element === undefined) throw new Error('request is malformed');
  return element;
}

const text = (element: Element | undefined): string => required(element).content.toString();
const number = (element: Element | undefined): number => required(element).content.reduce((value, octet) => value * 256 + octet, 0);
const tagged = (parts: readonly Element[], tag: number): Buffer => required(parts.find((part) => part.tag === tag)).content;
const optional = (parts: readonly Element[], tag: number): string | null =>
  parts.find((part) => part.tag === tag)?.content.toString() ?? null;
