/**
 * ldapjs 3.0.7 and the cures of its faults, all in this file. The library is pinned and no longer changes; each cure was seen to work on
 * the wire. Nobody but `ldap.ts` speaks to it. What is cured, so that it may be told from mere taste:
 * server texts and controls of refusals are thrown away; an unknown result code throws inside the socket's event and ends the process; a
 * refused password modification (RFC 3062) is reported as done; values of controls and extended requests are sent as text; DNs lose
 * backslashes and spaces, and one that it cannot parse ends the connection; filters send escapes as they stand; intermediate responses end
 * a search; a long message is joined again with each of its pieces, and an entry made of a dozen objects; a socket that is still connecting
 * is not destroyed; a request waits for the one before to be acknowledged; the listeners of a closed TLS socket are gone when its last error comes.
 */

import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import ldapjs from 'ldapjs';
import { boolean, enumerated, integer, octetString, sequence, tlv } from './ber.ts';
import { encodeFilter, type Filter } from './filter.ts';
import { type Entry, resultIn } from './search-entry.ts';

/** What a server said at the end of an operation, whatever it said. */
export interface Answer {
  readonly resultCode: number;
  readonly diagnosticMessage: string;
  readonly controls: readonly ResponseControl[];
  /** Of an extended response. */
  readonly value: Buffer | null;
}
export interface ResponseControl {
  readonly type: string;
  /** Raw bytes, or ldapjs's reading of the controls that it knows (paged results, password policy). */
  readonly value: unknown;
}
export interface RequestControl {
  readonly type: string;
  readonly isCritical?: boolean;
  readonly value?: Buffer;
}

export interface Change {
  readonly operation: 'add' | 'delete' | 'replace';
  readonly attribute: string;
  readonly values: readonly (string | Buffer)[];
}

type Done = (error: Error | null, response?: unknown) => void;
interface Message {
  readonly messageId: number;
  readonly type: string;
  readonly controls: readonly ResponseControl[];
  readonly diagnosticMessage: string;
  /** Of an extended response: "<buffer>" and hexadecimal digits. */
  readonly responseValue?: string;
  status: number;
}
/** The part of the library that is used here, as it really is: @types/ldapjs leaves most of it out. */
interface Library {
  Client: new (options: object) => LibraryClient;
  Control: new (options: object) => { toBer(ber: { appendBuffer(bytes: Buffer): void }): unknown };
  DN: new () => object;
  ExtendedRequest: new (options: object) => { readonly messageId: number };
  Attribute: new (options: object) => object;
  Change: new (options: object) => object;
  LDAPResult: abstract new () => Message;
}
export interface LibraryClient extends NodeJS.EventEmitter {
  readonly connected: boolean;
  readonly urls: { hostname: string }[];
  readonly _socket: Socket | null;
  readonly _tracker: { parser: NodeJS.EventEmitter & { buffer: Buffer | null; write(bytes: Buffer): unknown } } | null;
  bind(dn: string, password: string, controls: object[], done: Done): void;
  modify(dn: object, changes: object[], controls: object[], done: Done): void;
  starttls(options: object, controls: object[], done: Done): void;
  _send(request: object, expect: number[], emitter: null, done: Done): void;
  destroy(): void;
}
const library = ldapjs as unknown as Library;

/** A name that is sent as it was given. */
class SentDn extends library.DN {
  readonly #text: string;
  constructor(text: string) {
    super();
    this.#text = text;
  }
  override toString(): string {
    return this.#text;
  }
}
export const sentDn = (text: string): object => new SentDn(text);

class SentControl extends library.Control {
  readonly #control: RequestControl;
  constructor(control: RequestControl) {
    super({ type: control.type });
    this.#control = control;
  }
  override toBer(ber: { appendBuffer(bytes: Buffer): void }): unknown {
    const { type, isCritical = false, value } = this.#control;
    const critical = isCritical ? tlv(boolean, Buffer.from([0xff])) : '';
    ber.appendBuffer(tlv(sequence, tlv(octetString, type), critical, value === undefined ? '' : tlv(octetString, value)));
    return ber;
  }
}
export const sentControls = (controls: readonly RequestControl[]): object[] => controls.map((control) => new SentControl(control));

/** A request whose body is written here. Its `type` differs from the library's, which otherwise replaces the response of RFC 3062 by a fresh one that says success. */
class SentRequest extends library.ExtendedRequest {
  readonly #body: Buffer;
  constructor(body: Buffer, controls: readonly RequestControl[]) {
    super({ requestName: '1.1', controls: sentControls(controls) });
    this.#body = body;
  }
  get type(): string {
    return 'SentRequest';
  }
  _toBer(ber: { appendBuffer(bytes: Buffer): void }): unknown {
    ber.appendBuffer(this.#body);
    return ber;
  }
  /** Is called for the library's log before every request: here there is nothing to tell, least of all a password. */
  get pojo(): object {
    return {};
  }
}
export type { SentRequest };

export const sentExtended = (oid: string, value: Buffer | null, controls: readonly RequestControl[]): SentRequest =>
  new SentRequest(tlv(0x77, tlv(0x80, oid), value === null ? '' : tlv(0x81, value)), controls);

export interface Search {
  readonly base: string;
  readonly scope: 'base' | 'one' | 'sub';
  readonly filter: Filter;
  readonly attributes: readonly string[];
  readonly controls?: readonly RequestControl[];
  readonly sizeLimit?: number;
}

/** Our own deadline ends a search; the server gets an hour. */
const serverSeconds = 3600;

/** RFC 4511 4.5.1; aliases are not followed. */
export function sentSearch({ base, scope, filter, attributes, controls = [], sizeLimit = 0 }: Search): SentRequest {
  const limits = [integer(sizeLimit), integer(serverSeconds), tlv(boolean, Buffer.from([0]))];
  const wanted = tlv(sequence, ...attributes.map((attribute) => tlv(octetString, attribute)));
  const how = [enumerated(['base', 'one', 'sub'].indexOf(scope)), enumerated(0), ...limits];
  return new SentRequest(tlv(0x63, tlv(octetString, base), ...how, encodeFilter(filter), wanted), controls);
}

export const sentChange = ({ operation, attribute, values }: Change): object =>
  new library.Change({
    operation,
    // Buffers, since the library would take text under a name with ";binary" for base64.
    modification: new library.Attribute({ type: attribute, values: values.map((value) => Buffer.from(value as string)) }),
  });

const silent: object = {
  child: () => silent,
  ...Object.fromEntries(['trace', 'debug', 'info', 'warn', 'error', 'fatal'].map((level) => [level, () => undefined])),
};
const quietly = () => undefined;
/** A code that the library knows; it stands for those that it would crash at. */
const other = 80;

/** A client that has begun to connect to one address. Whoever takes it listens to 'connect', 'error' and 'close', and destroys it. */
export function newClient(address: { url: string; host: string; tlsOptions: ConnectionOptions; connectMillis: number }): LibraryClient {
  const { url, host, tlsOptions, connectMillis } = address;
  // connectTimeout is what destroys a socket that is still connecting: destroy() does not see it yet.
  const client = new library.Client({ url, tlsOptions, connectTimeout: connectMillis, log: silent });
  // The library would look up "[::1]" with its brackets; the connecting begins only after this.
  for (const target of client.urls) target.hostname = host;
  client.on('connect', (socket: Socket) => {
    // The bind follows the last word of the handshake, and would wait 40 ms for that to be acknowledged (RFC 1122 4.2.3.2).
    socket.setNoDelay(true);
    client._tracker?.parser.on('error', quietly);
    client.on('close', () => socket.on('error', quietly));
  });
  return client;
}

export interface Incoming {
  /** From now on each answer comes as one, refusals included, and `answerOf` reads it; before (StartTLS) a refusal stays an error. */
  everything(): void;
  /** What the server said when it refused. */
  refusal(): Answer | null;
  /** Each entry that answers this request, until its last answer. */
  entries(request: SentRequest, take: (entry: Entry) => void): void;
}

/** Cures what arrives. */
export function takeAnswers(client: LibraryClient): Incoming {
  let refusal: Answer | null = null;
  let statusToShow = other;
  const searches = new Map<number, (entry: Entry) => void>();
  const parser = client._tracker?.parser;
  if (!parser) throw new Error('not connected');
  const emit = parser.emit.bind(parser);
  parser.emit = (event: string, message?: Message, ...more: unknown[]): boolean => {
    if (event !== 'message' || !message) return emit(event, message, ...more);
    if (message.type === 'IntermediateResponse') return true;
    searches.delete(message.messageId);
    if (message instanceof library.LDAPResult) {
      const answer = read(message);
      answers.set(message, answer);
      if (answer.resultCode !== 0) {
        refusal = answer;
        message.status = statusToShow;
      }
    }
    return emit(event, message, ...more);
  };
  /** The results of a search do not come to the library: a reference would end the search there. */
  const take = (bytes: Buffer, from: number, end: number): void => {
    try {
      const result = resultIn(bytes, from);
      if (result === null) parser.write(bytes.subarray(from, end));
      else if (result.entry !== null) searches.get(result.messageId)?.(result.entry);
    } catch (error) {
      parser.emit('error', error);
    }
  };
  return {
    everything: () => {
      statusToShow = 0;
      client._socket?.removeAllListeners('data').on('data', wholeMessages(take));
    },
    refusal: () => refusal,
    entries: (request, each) => void searches.set(request.messageId, each),
  };
}

/**
 * The library joins all that it holds with every piece that comes, and prints each piece for its log: here it gets messages whole. A group
 * of 50,000 members is one message of 3 MB in 200 pieces.
 */
function wholeMessages(take: (bytes: Buffer, from: number, end: number) => void): (piece: Buffer) => void {
  let pieces: Buffer[] = [];
  let size = 0;
  let wanted = 0;
  return (piece) => {
    pieces.push(piece);
    size += piece.length;
    if (size < wanted) return;
    const bytes = pieces.length === 1 ? piece : Buffer.concat(pieces);
    let from = 0;
    let end = messageEnd(bytes, from);
    while (end <= bytes.length) {
      take(bytes, from, end);
      from = end;
      end = messageEnd(bytes, from);
    }
    const rest = bytes.subarray(from);
    pieces = [rest];
    size = rest.length;
    wanted = end - from;
  };
}

/** Of the message that begins there (X.690 8.1.3); one more than there is while that cannot be told. */
function messageEnd(bytes: Buffer, from: number): number {
  const length = bytes[from + 1];
  if (length === undefined) return bytes.length + 1;
  const octets = length & 0x7f;
  if (length <= 0x80) return from + 2 + octets;
  // The library refuses more than four.
  if (octets > 4) return bytes.length;
  return bytes.length < from + 2 + octets ? bytes.length + 1 : from + 2 + octets + bytes.readUIntBE(from + 2, octets);
}

const answers = new WeakMap<object, Answer>();
export const answerOf = (response: unknown): Answer => answers.get(response as object) ?? read(response as Message);

const read = ({ status, diagnosticMessage, controls, responseValue }: Message): Answer => ({
  resultCode: status,
  diagnosticMessage,
  controls,
  value: responseValue === undefined ? null : Buffer.from(responseValue.replace('<buffer>', ''), 'hex'),
});
