/**
 * Text messages by an HTTP gateway: one request made from a template. What is put into it is encoded for its place, so that no number and no
 * word can change the request. Knows the presets; a gateway that takes mail is `mailedTexts`.
 */

import { type IncomingMessage, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { second } from '../rules/time.ts';
import type { Mail, Sending, Transport } from './transport.ts';

/** As the configuration has checked it. */
export interface SmsConfig {
  /** `https://`; `http://` is for this machine alone. May hold `{to}`, `{from}` and `{text}`. */
  readonly url: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly headers: Readonly<Record<string, string>>;
  /** The same places; empty: no body. */
  readonly body: string;
  /** RFC 7617, where the gateway asks for it. */
  readonly user: string | null;
  readonly password: string | null;
  /** The sender that people see: a number or a word. */
  readonly from: string;
  /** PEM; null: the authorities that Node trusts. */
  readonly ca: string | null;
}

const patience = 15 * second;
const longestAnswer = 4096;

/** By the body's own type: a form and an address take percent signs, JSON its escapes. */
const encodings = {
  form: encodeURIComponent,
  json: (value: string): string => JSON.stringify(value).slice(1, -1),
  plain: (value: string): string => value,
} as const;
type Encoding = keyof typeof encodings;

export function encodingOf(headers: SmsConfig['headers']): Encoding {
  const type = Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  if (/^application\/x-www-form-urlencoded\b/i.test(type)) return 'form';
  return /^application\/([a-z0-9.-]+\+)?json\b/i.test(type) ? 'json' : 'plain';
}

const filled = (template: string, places: Readonly<Record<string, string>>, encoding: Encoding): string =>
  template.replace(/\{(to|from|text)\}/g, (_all, name: string) => encodings[encoding](places[name] ?? ''));

export function createSms(config: SmsConfig): Transport {
  const closing = new AbortController();

  function ask({ to, text }: Mail): Promise<IncomingMessage> {
    const places = { to, from: config.from, text: text.trim() };
    const url = new URL(filled(config.url, places, 'form'));
    const body = Buffer.from(filled(config.body, places, encodingOf(config.headers)));
    const { user, password } = config;
    const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(patience)]);
    const options = {
      method: config.method,
      headers: { ...config.headers, ...(config.method === 'GET' ? {} : { 'Content-Length': body.length }) },
      ...(user === null ? {} : { auth: `${user}:${password ?? ''}` }),
      ...(config.ca === null ? {} : { ca: config.ca }),
      signal,
    };
    return new Promise((resolve, reject) => {
      const sent = (url.protocol === 'https:' ? tlsRequest : plainRequest)(url, options, resolve);
      sent.on('error', reject);
      sent.end(config.method === 'GET' ? undefined : body);
    });
  }

  return {
    /** A redirection is not followed: it would carry the message, and the gateway's password, to somebody else. */
    async send(message) {
      try {
        const answer = await ask(message);
        await drained(answer);
        return judged(answer.statusCode ?? 0);
      } catch (problem) {
        return { kind: 'away', answer: `the gateway did not answer: ${codeOf(problem)}` };
      }
    },
    close: () => closing.abort(),
  };
}

/** What the gateway says in words may repeat the message: only its number is kept. */
function judged(status: number): Sending {
  const answer = `the gateway answered with HTTP ${status}`;
  if (status >= 200 && status < 300) return { kind: 'sent', answer };
  if (status === 408 || status === 429) return { kind: 'later', answer };
  // Its own fault, or ours with it (credentials, address): nobody's message would get through.
  if (status < 400 || status >= 500 || status === 401 || status === 403 || status === 404) return { kind: 'away', answer };
  return { kind: 'refused', answer };
}

async function drained(answer: IncomingMessage): Promise<void> {
  let length = 0;
  for await (const piece of answer) {
    length += (piece as Buffer).length;
    if (length > longestAnswer) break;
  }
  answer.destroy();
}

const codeOf = (problem: unknown): string => {
  const { code, name } = problem as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : String(name);
};

/** For a gateway that takes mail: `{to}` in its address is the number's digits. */
export const mailedTexts = (address: string, mail: Transport): Transport => ({
  send: (message) => mail.send({ ...message, to: address.replaceAll('{to}', message.to.replace(/\D/g, '')) }),
  close() {},
});
