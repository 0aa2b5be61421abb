/** Reads what ldapjs's server parsed into our own requests, and its searches from their bytes: ldapjs passes filters through a text that loses escapes. */

import { tlv } from '../ber.ts';
import type { Filter } from '../filter.ts';
import { type Change, codes, type Request, type SearchRequest } from './exchange.ts';
import { type Element, elements } from './frames.ts';
import { supported } from './search.ts';

/** What is read of a message of ldapjs. */
export interface Message {
  readonly type: string;
  /** Bind. */
  readonly name?: { toString(): string };
  readonly credentials?: string;
  /** Modify. */
  readonly changes?: readonly {
    readonly operation: Change['kind'];
    readonly modification: { readonly type: string; readonly values: readonly string[] };
  }[];
  /** Extended. */
  readonly requestName?: string;
  readonly requestValue?: { readonly userIdentity?: string; readonly oldPassword?: string; readonly newPassword?: string };
  /** Search: stands where ldapjs keeps its own filter. */
  readonly filter?: SearchAsSent;
}

/** Takes the place of ldapjs's filter in its search message: whatever says it is a FilterString is let through. */
export class SearchAsSent {
  readonly asked: Omit<SearchRequest, 'op' | 'page'>;
  readonly [Symbol.toStringTag] = 'FilterString';
  constructor(asked: SearchAsSent['asked']) {
    this.asked = asked;
  }
}

export function requestOf(message: Message, { controls, target }: Envelope): Request {
  switch (message.type) {
    case 'BindRequest':
      return { op: 'bind', dn: String(message.name), password: message.credentials ?? '' };
    case 'SearchRequest':
      return { op: 'search', ...(message.filter as SearchAsSent).asked, page: pageOf(controls) };
    case 'ModifyRequest':
      return { op: 'modify', dn: target, changes: (message.changes ?? []).map(changeOf) };
    case 'ExtensionRequest':
      return extended(message);
    default:
      return { op: 'unsupported', code: codes.unwillingToPerform, message: `${message.type} is not offered` };
  }
}

const changeOf = ({ operation, modification: { type, values } }: NonNullable<Message['changes']>[number]): Change => ({
  kind: operation,
  attribute: type,
  values,
});

function extended({ requestName = '', requestValue: { userIdentity, oldPassword, newPassword } = {} }: Message): Request {
  if (requestName === supported.whoAmI) return { op: 'who am i' };
  if (requestName !== supported.passwordModify)
    return { op: 'unsupported', code: codes.protocolError, message: 'unsupported extended operation' };
  return {
    op: 'password',
    ...(userIdentity ? { dn: userIdentity } : {}),
    ...(oldPassword === undefined ? {} : { old: oldPassword }),
    ...(newPassword === undefined ? {} : { password: newPassword }),
  };
}

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
function pageOf(controls: readonly Control[]): SearchRequest['page'] {
  const value = controls.find(({ type }) => type === supported.paging)?.value;
  if (!value) return null;
  const [size, cookie] = elements(required(elements(value)[0]).content);
  return { size: number(size), cookie: text(cookie) };
}

/** RFC 4511 4.5.1, from the bytes of the request. Throws on what is none. */
export function readSearch(request: Buffer): SearchAsSent['asked'] {
  const [base, scope, , sizeLimit, , namesOnly, filter, attributes] = elements(request);
  const scopes = ['base', 'one', 'sub'] as const;
  const scopeName = scopes[number(scope)];
  if (!filter || !attributes || scopeName === undefined) throw new Error('search request is malformed');
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
      return { kind: 'not', part: readFilter(required(first)) };
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
      if (kind === undefined) throw new Error('search filter is malformed');
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
  if (element === undefined) throw new Error('search request is malformed');
  return element;
}

const text = (element: Element | undefined): string => required(element).content.toString();
const number = (element: Element | undefined): number => required(element).content.reduce((value, octet) => value * 256 + octet, 0);
const tagged = (parts: readonly Element[], tag: number): Buffer => required(parts.find((part) => part.tag === tag)).content;
const optional = (parts: readonly Element[], tag: number): string | null =>
  parts.find((part) => part.tag === tag)?.content.toString() ?? null;
