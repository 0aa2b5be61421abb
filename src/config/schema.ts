/** Every key of config.toml, with its limits and its default. It knows no file and no environment. */

import { BlockList, isIP } from 'node:net';
import { validate } from 'node-cron';
import { z } from 'zod';

const line = z.string().regex(/^[^\p{Cc}]*$/u, 'must not contain control characters');
const text = line.min(1, 'must not be empty').max(1000);
const file = text.refine((value) => !value.split(/[\\/]/).includes('..'), 'must not contain ".."');
/** May also be given as `<key>_file`; never quoted in a message. */
const secret = line.min(1, 'must not be empty').max(4096).meta({ isSecret: true });
const names = z.array(text).max(100).default([]);
const attribute = line.regex(/^[A-Za-z][A-Za-z0-9-]*$/, 'must be the name of an attribute, such as "mail"');

export const isLoopback = (host: string): boolean => host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);

/** Scheme, host and port alone: a password inside an address would end up in messages and logs. */
const address = (schemes: readonly string[], user: 'without a user' | 'with a user' = 'without a user') =>
  text.refine(
    (value) => {
      if (!URL.canParse(value)) return false;
      const url = new URL(value);
      const isBare = ['', '/'].includes(url.pathname) && url.search === '' && url.hash === '' && url.password === '';
      return schemes.includes(url.protocol) && url.hostname !== '' && isBare && (user === 'with a user' || url.username === '');
    },
    `must be ${schemes.map((scheme) => `${scheme}//host`).join(' or ')}, with a port where needed, and without path or password`,
  );

const isPublic = (value: string): boolean =>
  !URL.canParse(value) || new URL(value).protocol === 'https:' || isLoopback(new URL(value).hostname);

const isNetwork = (value: string): boolean => {
  const [base = '', prefix, ...rest] = value.split('/');
  const family = isIP(base);
  if (family === 0 || rest.length > 0 || (prefix !== undefined && !/^\d{1,3}$/.test(prefix))) return false;
  try {
    new BlockList().addSubnet(base, Number(prefix ?? 0), family === 4 ? 'ipv4' : 'ipv6');
    return true;
  } catch {
    return false;
  }
};

const isTimezone = (value: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: value }) !== undefined;
  } catch {
    return false;
  }
};

const listen = z.strictObject({
  address: line.refine((value) => isIP(value) !== 0, 'must be an IP address, such as "127.0.0.1" or "::"').default('127.0.0.1'),
  port: z.int().min(0).max(65535).default(8080),
  tls_cert_file: file.optional(),
  tls_key_file: file.optional(),
  trusted_proxies: z.array(line.refine(isNetwork, 'must be an IP address or a network, such as "10.0.0.0/8"')).max(100).default([]),
});

const directory = z.strictObject({
  id: line.regex(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/, 'must be 1 to 32 lower-case letters, digits and hyphens'),
  kind: z.enum(['auto', 'active-directory', 'samba', 'openldap', '389ds']).default('auto'),
  urls: z
    .array(address(['ldaps:', 'ldap:']))
    .min(1, 'must name at least one server')
    .max(10),
  start_tls: z.boolean().default(false),
  ca_file: file.optional(),
  bind_dn: text,
  bind_password: secret,
  base_dn: text,
  password_policy_dn: text.optional(),
  account_filter: text.regex(/^\(.*\)$/s, 'must be an LDAP filter in parentheses, such as "(objectClass=person)"').optional(),
  login_attributes: z.array(attribute).max(10).default([]),
  attributes: z
    .strictObject({
      name: attribute.optional(),
      mail: attribute.optional(),
      mobile: attribute.optional(),
      phone: attribute.optional(),
      manager: attribute.optional(),
    })
    .prefault({}),
  protected_groups: names,
  timeout_seconds: z.int().min(1).max(60).default(5),
  page_size: z.int().min(10).max(5000).default(500),
});

const sync = z.strictObject({
  schedule: line
    .refine((value) => validate(value), 'must be a cron expression of five fields, such as "*/15 * * * *"')
    .default('*/15 * * * *'),
  timezone: line.refine(isTimezone, 'must be a time zone, such as "Europe/Berlin"').default('UTC'),
  max_disable_percent: z.int().min(1).max(100).default(10),
});

const mail = z.strictObject({
  url: address(['smtps:', 'smtp:'], 'with a user'),
  password: secret.optional(),
  ca_file: file.optional(),
  from: line.regex(
    /^([^<>@]+ <[^<>@\s]+@[^<>@\s]+>|[^<>@\s]+@[^<>@\s]+)$/,
    'must be an address, such as "Password desk <desk@example.com>"',
  ),
  own_domains: z
    .array(line.regex(/^[a-z0-9-]+(\.[a-z0-9-]+)*$/i, 'must be a domain, such as "example.com"'))
    .max(100)
    .optional(),
});

const isGateway = (value: string): boolean => {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, username, password, hash } = new URL(value);
  return (protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))) && `${username}${password}${hash}` === '';
};

const sms = z.strictObject({
  preset: z.enum(['twilio', 'json', 'mail']).optional(),
  url: text.refine(isGateway, 'must be an https:// address without a user (http:// is for this machine alone)').optional(),
  method: z.enum(['POST', 'PUT', 'GET']).default('POST'),
  headers: z.record(line.regex(/^[A-Za-z0-9-]{1,60}$/, 'must be the name of a header'), line.max(1000)).default({}),
  body: z.string().max(4000).optional(),
  address: line
    .regex(/^[^\s@]*\{to\}[^\s@]*@[a-z0-9.-]+$/i, 'must be an address with {to} in it, such as "{to}@sms.example.com"')
    .optional(),
  user: line.min(1).max(200).optional(),
  password: secret.optional(),
  token: secret.optional(),
  from: line.max(40).default('Latchkey'),
  default_country: line.regex(/^[A-Z]{2}$/, 'must be two capital letters, such as "DE"').default('US'),
  ca_file: file.optional(),
});

const isRangeUrl = (value: string): boolean => {
  if (!URL.canParse(value)) return false;
  const { protocol, username, password, search, hash } = new URL(value);
  return protocol === 'https:' && value.endsWith('/') && `${username}${password}${search}${hash}` === '';
};

const passwords = z.strictObject({
  breached_file: file.optional(),
  range_url: line
    .refine(isRangeUrl, 'must begin with https:// and end with a slash, for five hex digits follow it')
    .default('https://api.pwnedpasswords.com/range/'),
  ca_file: file.optional(),
});

export const settings = z.strictObject({
  public_url: address(['https:', 'http:']).refine(
    isPublic,
    'must begin with https://, for passwords are typed there (http:// is for localhost alone)',
  ),
  listen: listen.prefault({}),
  data: z.strictObject({ folder: file.default('/data') }).prefault({}),
  directory: z.array(directory).max(20).default([]),
  sync: sync.prefault({}),
  mail: mail.optional(),
  sms: sms.optional(),
  passwords: passwords.prefault({}),
  roles: z.strictObject({ administrators: names, helpdesk: names, auditors: names }).prefault({}),
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
      format: z.enum(['json', 'text']).default('json'),
    })
    .prefault({}),
});

export type Settings = z.output<typeof settings>;
