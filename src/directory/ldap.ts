/**
 * One encrypted connection to one LDAP server: bind, search, modify and extended requests, each with its own deadline. What a server answers
 * is a value; silence, and what must not be sent, is thrown as an LdapFailure. It knows no kind of directory.
 */

import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { integer, octetString, sequence, tlv } from './ber.ts';
import { failureFrom, LdapFailure } from './failure.ts';
import * as ldapjs from './ldapjs.ts';
import { type Line, openLine } from './line.ts';
import type { Entry } from './search-entry.ts';

export type { Answer, Change, RequestControl, Search } from './ldapjs.ts';
export type { Entry } from './search-entry.ts';

export interface Address {
  /** `ldaps://host[:port]` or `ldap://host[:port]`. */
  readonly url: string;
  /** Where the URL's name leads; without it the name is looked up. The certificate must be for the URL's name all the same. */
  readonly address?: string;
  /** RFC 4511 4.14; without it an `ldap://` address is refused before anything is sent. */
  readonly startTls: boolean;
  /** PEM; null: the authorities that Node trusts. */
  readonly ca: string | null;
  /** The most that any one operation may take; connecting, TLS included, is one. */
  readonly timeoutMillis: number;
}

export interface Sending {
  readonly controls?: readonly ldapjs.RequestControl[];
  /** Runs in the same turn as the writing to the socket; if it throws, nothing is sent. */
  readonly beforeSending?: () => void;
}

export interface Link {
  readonly url: string;
  readonly isOpen: boolean;
  /** Simple bind (RFC 4513 5.1). An empty password would be an anonymous bind, and succeed: it is refused before the wire. */
  bind(dn: string, password: string, controls?: readonly ldapjs.RequestControl[]): Promise<ldapjs.Answer>;
  /** All entries of a search that is expected to be small; none when the base is missing. Throws the answer when it is not complete. */
  search(search: ldapjs.Search): Promise<readonly Entry[]>;
  /** Page by page (RFC 2696), the next ones on their way while one is looked at. A size limit is a failure, never an end. */
  pages(search: ldapjs.Search, pageSize: number): AsyncGenerator<readonly Entry[], void, void>;
  modify(dn: string, changes: readonly ldapjs.Change[], sending?: Sending): Promise<ldapjs.Answer>;
  extended(oid: string, value: Buffer | null, sending?: Sending): Promise<ldapjs.Answer>;
  /** What waits for an answer fails; `late` says why that counts as silence. */
  close(late?: string): void;
}

interface LdapPage {
  readonly entries: readonly Entry[];
  /** What the next page is asked for by; null after the last. */
  readonly next: Buffer | null;
}

/** So many pages may wait to be looked at: what is done with the first ones must not keep the server waiting. */
const pagesAhead = 8;
const pagedResults = '1.2.840.113556.1.4.319';
const noSuchObject = 32;

/** Resolves when the connection is open and encrypted; throws an LdapFailure when it cannot be. */
export async function connect(address: Address): Promise<Link> {
  const { startTls, ca, timeoutMillis } = address;
  const { protocol, hostname, port } = new URL(address.url);
  const isFromStart = protocol === 'ldaps:';
  if (!isFromStart && !startTls) throw new LdapFailure('clear', { url: address.url, text: 'the connection would not be encrypted' });
  const host = hostname.replace(/^\[|\]$/g, '');
  const dialled = address.address ?? host;
  const tlsOptions: ConnectionOptions = {
    host: dialled,
    minVersion: 'TLSv1.2',
    ...(isIP(host) ? {} : { servername: host }),
    // What is named in ca_file is trusted as it stands, be it a root, what a root has signed, or the server's own certificate.
    ...(ca === null ? {} : { ca, allowPartialTrustChain: true }),
  };
  const url = `${protocol}//${hostname}:${port || (isFromStart ? 636 : 389)}`;
  const client = ldapjs.newClient({ url, host: dialled, tlsOptions, connectMillis: timeoutMillis });
  const line = openLine(client, { url: address.url, timeoutMillis });
  try {
    const incoming = await line.run<ldapjs.Incoming>((done) => {
      client.once('connect', () => {
        const answers = ldapjs.takeAnswers(client);
        const ready = (trouble: unknown) => {
          answers.everything();
          if (trouble) done.reject(failureFrom(trouble, address.url));
          else done.resolve(answers);
        };
        if (isFromStart) ready(null);
        else
          client.starttls({ ...tlsOptions }, [], (error) =>
            ready(startTlsTrouble({ client, error, refusal: answers.refusal(), url: address.url })),
          );
      });
    });
    return linkOver({ client, incoming, line, url: address.url });
  } catch (error) {
    line.close();
    throw error;
  }
}

interface Connection {
  readonly client: ldapjs.LibraryClient;
  readonly incoming: ldapjs.Incoming;
  readonly line: Line;
  readonly url: string;
}

function startTlsTrouble(ended: {
  client: ldapjs.LibraryClient;
  error: Error | null;
  refusal: ldapjs.Answer | null;
  url: string;
}): Error | null {
  const { client, error, refusal, url } = ended;
  client._socket?.on('error', () => undefined);
  if (refusal) return new LdapFailure('answer', { url, text: 'StartTLS was refused', answer: refusal });
  if (error) return error;
  // What came in the clear behind the answer must not be taken for the server's own words (the "STARTTLS injection" of many clients).
  return client._tracker?.parser.buffer === null ? null : new LdapFailure('clear', { url, text: 'clear bytes behind the StartTLS answer' });
}

function linkOver({ client, incoming, line, url }: Connection): Link {
  type Send = (done: (error: Error | null, response?: unknown) => void) => void;
  const requireSafe = () => {
    if (!line.isOpen) throw new LdapFailure('closed', { url, text: 'the connection was closed' });
    if (!isEncrypted(client)) throw new LdapFailure('clear', { url, text: 'the connection is not encrypted' });
  };
  /** One request and its one answer. */
  const ask = (send: Send) =>
    line.run<ldapjs.Answer>((done) => {
      requireSafe();
      send((error, response) => (error ? done.reject(failureFrom(error, url)) : done.resolve(ldapjs.answerOf(response))));
    });
  /** The same for what must not be repeated. */
  const askOnce = (send: Send, beforeSending?: () => void) =>
    line.run<ldapjs.Answer>((done, sending) => {
      requireSafe();
      beforeSending?.();
      sending();
      send((error, response) => (error ? done.reject(failureFrom(error, url).of(true)) : done.resolve(ldapjs.answerOf(response))));
    });

  const readAll = (search: ldapjs.Search, into: Entry[]): Promise<ldapjs.Answer> =>
    ask((done) => {
      const request = ldapjs.sentSearch(search);
      client._send(request, [0], null, done);
      incoming.entries(request, (entry) => into.push(entry));
    });

  async function readPage(search: ldapjs.Search, { pageSize, cookie }: { pageSize: number; cookie: Buffer }): Promise<LdapPage> {
    const entries: Entry[] = [];
    const control = { type: pagedResults, value: tlv(sequence, integer(pageSize), tlv(octetString, cookie)) };
    const answer = await readAll({ ...search, controls: [...(search.controls ?? []), control] }, entries);
    if (answer.resultCode !== 0) throw incomplete(answer);
    // An empty page may have a cookie and is no end; a missing or an empty cookie is.
    const paged = answer.controls.find(({ type }) => type === pagedResults)?.value as { cookie: Buffer } | undefined;
    return { entries, next: paged && paged.cookie.length > 0 ? paged.cookie : null };
  }

  const incomplete = (answer: ldapjs.Answer) =>
    new LdapFailure('answer', { url, text: `search: ${answer.resultCode} ${answer.diagnosticMessage}`, answer });

  return {
    url,
    get isOpen() {
      return line.isOpen;
    },
    async bind(dn, password, controls = []) {
      if (password === '') throw new LdapFailure('empty password', { url, text: 'an empty password is never sent' });
      return askOnce((done) => client.bind(dn, password, ldapjs.sentControls(controls), done));
    },
    async search(search) {
      const entries: Entry[] = [];
      const answer = await readAll(search, entries);
      if (answer.resultCode !== 0 && answer.resultCode !== noSuchObject) throw incomplete(answer);
      return entries;
    },
    async *pages(search, pageSize) {
      const coming: Promise<LdapPage>[] = [];
      let held: Buffer | null = Buffer.alloc(0);
      const askOn = (): void => {
        if (held === null || coming.length >= pagesAhead) return;
        const page = readPage(search, { pageSize, cookie: held });
        held = null;
        coming.push(page);
        page.then(
          ({ next }) => {
            held = next;
            askOn();
          },
          () => undefined,
        );
      };
      try {
        for (askOn(); coming.length > 0; askOn()) {
          const { entries } = await (coming[0] as Promise<LdapPage>);
          coming.shift();
          askOn();
          yield entries;
        }
      } finally {
        coming.length = pagesAhead; // whoever broke off wants no more
      }
    },
    modify: (dn, changes, { controls = [], beforeSending } = {}) =>
      askOnce(
        (done) => client.modify(ldapjs.sentDn(dn), changes.map(ldapjs.sentChange), ldapjs.sentControls(controls), done),
        beforeSending,
      ),
    extended: (oid, value, { controls = [], beforeSending } = {}) =>
      askOnce((done) => client._send(ldapjs.sentExtended(oid, value, controls), [0], null, done), beforeSending),
    close: line.close,
  };
}

const isEncrypted = (client: ldapjs.LibraryClient): boolean => (client._socket as { encrypted?: boolean } | null)?.encrypted === true;
