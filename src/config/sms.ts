/** `[sms]` as the gateway needs it: a preset fills in what the table does not say. Starts nothing. */

import type { SmsConfig as GatewayConfig } from '../delivery/sms.ts';
import { isTree, type Tree } from './keys.ts';
import type { Mistake } from './mistakes.ts';
import type { Settings } from './schema.ts';

export type SmsConfig = { readonly defaultCountry: string } & (
  | { readonly kind: 'gateway'; readonly gateway: GatewayConfig }
  /** A gateway that takes mail at this address, `{to}` being the digits of the number. */
  | { readonly kind: 'mail'; readonly address: string }
);

const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
const json = { 'Content-Type': 'application/json' };
const presets = {
  twilio: {
    url: 'https://api.twilio.com/2010-04-01/Accounts/{user}/Messages.json',
    headers: form,
    body: 'To={to}&From={from}&Body={text}',
  },
  json: { url: '', headers: json, body: '{"to":"{to}","from":"{from}","text":"{text}"}' },
} as const;

export function arrangeSms(sms: NonNullable<Settings['sms']>, ca: string | null): SmsConfig {
  const defaultCountry = sms.default_country;
  if (sms.preset === 'mail') return { kind: 'mail', defaultCountry, address: sms.address ?? '' };
  const preset = sms.preset === undefined ? { url: '', headers: {}, body: '' } : presets[sms.preset];
  const { user = null, password = null, token } = sms;
  const gateway = {
    url: (sms.url ?? preset.url).replaceAll('{user}', encodeURIComponent(user ?? '')),
    method: sms.method,
    headers: { ...preset.headers, ...sms.headers, ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }) },
    body: sms.body ?? preset.body,
    user,
    password,
    from: sms.from,
    ca,
  };
  return { kind: 'gateway', defaultCountry, gateway };
}

/** What the keys of the table say against each other. */
export function smsContradictions({ sms }: Tree): Mistake[] {
  if (!isTree(sms)) return [];
  const { preset, url, body, address, user } = sms;
  const wrong = (key: string, reason: string): Mistake[] => [{ path: `sms.${key}`, reason }];
  if (preset === 'mail')
    return address === undefined ? wrong('address', 'is missing: where the gateway takes mail, such as "{to}@sms.example.com"') : [];
  if (address !== undefined) return wrong('address', 'goes with preset = "mail"');
  if (preset === 'twilio') return user === undefined ? wrong('user', 'is missing: the account at the gateway') : [];
  if (url === undefined) return wrong('url', 'is missing: the address of the gateway, or a preset');
  const names = `${String(url)} ${preset === undefined ? String(body ?? '') : '{to}{text}'}`;
  return ['{to}', '{text}'].flatMap((place) => (names.includes(place) ? [] : wrong('body', `must hold ${place}, or the address must`)));
}
