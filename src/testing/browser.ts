/** A plain HTTP browser without JavaScript: keeps cookies, follows 303, finds forms, fields and links, fills them in and sends them. */

import * as assert from 'node:assert/strict';
import { type IncomingHttpHeaders, type IncomingMessage, request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { type FoundForm, type FoundLink, formsIn, linksIn, textOf, wordsIn } from './markup.ts';

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly html: string;
}

export interface BrowserOptions {
  /** Sent with every request: X-Forwarded-For, Accept-Language, User-Agent. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as `Origin` with every form, as real browsers do; a plain client has none. */
  readonly origin?: string;
  /** PEM of the authority that signed the server's certificate. */
  readonly ca?: string;
}

const mostRedirects = 10;
const patience = 180_000;

/** `site` is where the server listens, "http://127.0.0.1:8080"; cookies are kept as the server writes them, Secure or not. */
export class Browser {
  readonly cookies = new Map<string, string>();
  path = '/';
  status = 0;
  html = '';
  headers: IncomingHttpHeaders = {};
  readonly #site: string;
  readonly #options: BrowserOptions;

  constructor(site: string, options: BrowserOptions = {}) {
    this.#site = site;
    this.#options = options;
  }

  /** Opens a path of the site, or a whole address of any host, which is asked of this site (a mailed link). */
  async open(address: string): Promise<this> {
    const { pathname, search } = new URL(address, this.#site);
    return this.#show(`${pathname}${search}`, await this.send('GET', `${pathname}${search}`));
  }

  /** Clicks the link with these words. */
  async follow(words: string | RegExp): Promise<this> {
    const link = this.links().find((found) => fits(found.words, words));
    assert.ok(link, `no link ${words} on ${this.path}: ${this.text()}`);
    return this.open(link.href);
  }

  /**
   * Fills in the form that has all these fields and sends it, with its hidden fields; `at` picks a form by its action or by the words of its button.
   * A choice must be one that is offered: a person cannot choose another.
   */
  async submit(values: Readonly<Record<string, string>> = {}, { at }: { at?: string | RegExp } = {}): Promise<this> {
    const form = this.form(values, at);
    for (const [name, value] of Object.entries(values)) {
      const offered = form.offers[name] ?? [];
      assert.ok(offered.length < 2 || offered.includes(value), `${name} offers ${offered.join(', ')}, not ${value}`);
    }
    const pressed = form.buttons.find(({ words }) => at === undefined || fits(words, at)) ?? form.buttons[0];
    const button = pressed?.name ? { [pressed.name]: pressed.value } : {};
    return this.post(form.action || this.path, { ...form.fields, ...button, ...values });
  }

  /** Posts exactly these fields. */
  async post(path: string, fields: Readonly<Record<string, string>> | string): Promise<this> {
    const body = typeof fields === 'string' ? fields : String(new URLSearchParams(fields));
    return this.#show(path, await this.send('POST', path, { body, headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }));
  }

  /** One request, nothing followed; cookies are sent and kept. */
  async send(
    method: string,
    path: string,
    { body, headers = {} }: { body?: string; headers?: Record<string, string> } = {},
  ): Promise<Answered> {
    const { origin, ca } = this.#options;
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const sent = {
      ...this.#options.headers,
      ...(cookie === '' ? {} : { Cookie: cookie }),
      ...(origin === undefined || method !== 'POST' ? {} : { Origin: origin }),
      ...(body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }),
      ...headers,
    };
    const request = this.#site.startsWith('https:') ? requestTls : requestPlain;
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const asked = request(
        this.#site,
        { method, path, headers: sent, agent: false, timeout: patience, ...(ca === undefined ? {} : { ca }) },
        resolve,
      );
      asked.on('error', reject);
      asked.on('timeout', () => asked.destroy(new Error(`no answer from ${path}`)));
      asked.end(body);
    });
    const pieces: Buffer[] = [];
    for await (const piece of response) pieces.push(piece as Buffer);
    this.#keep(response.headers['set-cookie'] ?? []);
    return { status: response.statusCode ?? 0, headers: response.headers, html: Buffer.concat(pieces).toString('utf8') };
  }

  form(values: Readonly<Record<string, string>> = {}, at?: string | RegExp): FoundForm {
    const found = this.forms().filter(
      (form) =>
        Object.keys(values).every((name) => name in form.offers) &&
        (at === undefined || fits(form.action, at) || form.buttons.some(({ words }) => fits(words, at))),
    );
    const form = found[0];
    assert.ok(form, `no form with ${Object.keys(values).join(', ') || at || 'anything'} on ${this.path} (${this.status}): ${this.text()}`);
    return form;
  }
  forms = (): FoundForm[] => formsIn(this.html);
  links = (): FoundLink[] => linksIn(this.html);
  /** Everything that can be read on the page. */
  text = (): string => textOf(this.html);
  title = (): string => wordsIn(this.html, 'title')[0] ?? '';
  heading = (): string => wordsIn(this.html, 'h1')[0] ?? '';
  supportCode = (): string => /class="support-code"[^>]*>([^<]*)</.exec(this.html)?.[1] ?? '';

  async #show(path: string, first: Answered): Promise<this> {
    let answer = first;
    this.path = path;
    for (let hop = 0; answer.status === 303; hop++) {
      assert.ok(hop < mostRedirects, `${path} leads in circles`);
      this.path = answer.headers.location ?? '';
      answer = await this.send('GET', this.path);
    }
    this.status = answer.status;
    this.html = answer.html;
    this.headers = answer.headers;
    return this;
  }

  #keep(setCookies: readonly string[]): void {
    for (const written of setCookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(written) ?? [];
      if (value === '' || /;\s*Max-Age=0/i.test(written)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
  }
}

const fits = (text: string, wanted: string | RegExp): boolean => (typeof wanted === 'string' ? text === wanted : wanted.test(text));
