/** config.toml, secret files and environment -> one frozen Config, or every mistake at once. It starts nothing and knows no portal. */

import { dirname, resolve } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { contradictions } from './config/contradictions.ts';
import { applyEnvironment } from './config/environment.ts';
import { type Authorities, readCertificates, readSecrets, readText } from './config/files.ts';
import type { Tree } from './config/keys.ts';
import { type Mistake, mistakesOf } from './config/mistakes.ts';
import { isLoopback, type Settings, settings } from './config/schema.ts';
import { arrangeSms, type SmsConfig } from './config/sms.ts';
import type { MailConfig as SmtpConfig } from './delivery/mail.ts';
import type { DirectoryConfig } from './directory/config.ts';
import type { LoreConfig } from './lore/lore.ts';

export interface Config {
  /** Scheme, host and port, without a slash at the end: every link begins with it. */
  readonly publicUrl: string;
  readonly listen: {
    readonly address: string;
    readonly port: number;
    readonly tls: { readonly certFile: string; readonly keyFile: string } | null;
    readonly trustedProxies: readonly string[];
  };
  readonly data: { readonly folder: string };
  readonly directories: readonly DirectoryConfig[];
  readonly sync: { readonly schedule: string; readonly timezone: string; readonly maxDisablePercent: number };
  readonly mail: MailConfig | null;
  readonly sms: SmsConfig | null;
  readonly passwords: LoreConfig;
  readonly roles: Roles;
  readonly log: { readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly format: 'json' | 'text' };
}

export interface MailConfig extends SmtpConfig {
  /** The office's own mail domains, in lower case, the sender's where none were given: a locked-out person cannot read a code there. */
  readonly ownDomains: readonly string[];
}

/** Names of groups (their DN) or logins. */
export interface Roles {
  readonly administrators: readonly string[];
  readonly helpdesk: readonly string[];
  readonly auditors: readonly string[];
}

export class ConfigMistakes {
  readonly mistakes: readonly Mistake[];

  constructor(mistakes: readonly Mistake[]) {
    this.mistakes = mistakes;
  }

  /** One line each, as the commands print them. */
  toString(): string {
    return this.mistakes.map(({ path, reason }) => `${path} ${reason}`).join('\n');
  }
}

/** `file` null: the environment alone. Paths inside the file are relative to its folder. Never throws for what a person wrote. */
export function loadConfig({ file, env }: { file: string | null; env: NodeJS.ProcessEnv }): Config | ConfigMistakes {
  const tree = file === null ? {} : readTree(file);
  if (tree instanceof ConfigMistakes) return tree;
  const folder = file === null ? process.cwd() : dirname(resolve(file));
  const overrides = applyEnvironment(tree, env);
  const secrets = readSecrets(tree, folder);
  const certificates = readCertificates(tree, folder);
  const judged = settings.safeParse(tree, { reportInput: true });
  const issues = judged.success ? [] : judged.error.issues.flatMap(mistakesOf);
  const mistakes = [...issues, ...overrides, ...secrets, ...certificates.mistakes, ...contradictions(tree)];
  if (!judged.success || mistakes.length > 0) return new ConfigMistakes(onePerPath(mistakes));
  return deepFreeze(arrange(judged.data, { folder, authorities: certificates.authorities }));
}

function readTree(file: string): Tree | ConfigMistakes {
  const read = readText(file);
  if ('reason' in read) return new ConfigMistakes([{ path: file, reason: read.reason }]);
  try {
    return parse(read.text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // The rest of the message shows the line itself, and that line may hold a password.
    const [what = ''] = error.message.replace('Invalid TOML document: ', '').split('\n');
    return new ConfigMistakes([{ path: `line ${error.line}, column ${error.column}`, reason: `is not TOML: ${what}` }]);
  }
}

const onePerPath = (mistakes: readonly Mistake[]): Mistake[] =>
  [...new Map([...mistakes].reverse().map((mistake) => [mistake.path, mistake])).values()].reverse();

function arrange(given: Settings, { folder, authorities }: { folder: string; authorities: Authorities }): Config {
  const { listen, sync } = given;
  return {
    publicUrl: new URL(given.public_url).origin,
    listen: {
      address: listen.address,
      port: listen.port,
      tls:
        listen.tls_cert_file === undefined || listen.tls_key_file === undefined
          ? null
          : { certFile: resolve(folder, listen.tls_cert_file), keyFile: resolve(folder, listen.tls_key_file) },
      trustedProxies: listen.trusted_proxies,
    },
    data: { folder: resolve(folder, given.data.folder) },
    directories: given.directory.map((row, at) => arrangeDirectory(row, authorities.directories[at] ?? null)),
    sync: { schedule: sync.schedule, timezone: sync.timezone, maxDisablePercent: sync.max_disable_percent },
    mail: given.mail ? arrangeMail(given.mail, authorities.mail) : null,
    sms: given.sms ? arrangeSms(given.sms, authorities.sms) : null,
    passwords: {
      breachedFile: given.passwords.breached_file === undefined ? null : resolve(folder, given.passwords.breached_file),
      range: { url: given.passwords.range_url, ca: authorities.passwords },
    },
    roles: given.roles,
    log: given.log,
  };
}

const arrangeDirectory = (row: Settings['directory'][number], ca: string | null): DirectoryConfig => ({
  id: row.id,
  kind: row.kind,
  urls: row.urls,
  startTls: row.start_tls,
  ca,
  bindDn: row.bind_dn,
  bindPassword: row.bind_password,
  baseDn: row.base_dn,
  accountFilter: row.account_filter ?? null,
  loginAttributes: row.login_attributes,
  attributes: Object.fromEntries(Object.entries(row.attributes).filter(([, name]) => name !== undefined)),
  protectedGroups: row.protected_groups,
  timeoutMillis: row.timeout_seconds * 1000,
  pageSize: row.page_size,
  ...(row.password_policy_dn === undefined ? {} : { passwordPolicyDn: row.password_policy_dn }),
});

function arrangeMail(mail: NonNullable<Settings['mail']>, ca: string | null): MailConfig {
  const { protocol, hostname, port, username } = new URL(mail.url);
  const implicitTls = protocol === 'smtps:';
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (implicitTls ? 465 : 587) : Number(port),
    implicitTls,
    // A server on this machine may do without TLS, unless it was given an authority to be known by.
    requireStartTls: !implicitTls && (ca !== null || !isLoopback(hostname)),
    ca,
    user: username === '' ? null : decodeURIComponent(username),
    password: mail.password ?? null,
    from: mail.from,
    ownDomains: (mail.own_domains ?? [senderDomain(mail.from)]).map((domain) => domain.toLowerCase()),
  };
}

/** Where the desk's own mailbox is, the office's people have theirs. */
const senderDomain = (from: string): string => from.slice(from.lastIndexOf('@') + 1).replace(/>$/, '');

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
