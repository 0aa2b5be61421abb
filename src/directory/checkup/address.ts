/** What a look at an address from outside tells, in sentences: name, port, and what is wrong with its certificates. It opens no connection. */

import { X509Certificate } from 'node:crypto';
import { day, type Instant } from '../../rules/time.ts';
import type { DirectoryConfig } from '../config.ts';
import { fault, type Observation, warning, well } from './finding.ts';
import { type Certificates, placeOf, type Sight } from './handshake.ts';

interface Subject {
  readonly config: Pick<DirectoryConfig, 'id' | 'ca'>;
  readonly url: string;
  /** Where its name led. */
  readonly address: string | null;
  readonly now: Instant;
}

/** A certificate that ends within so long is told of while there is time. */
const noticeDays = 21;

/** Every observation up to the first fault; more than one fault only where a certificate has several. */
export function observed(sight: Sight, subject: Subject): Observation[] {
  const { host } = placeOf(subject.url);
  if (sight.kind === 'unknown name') return [fault('name.unknown', { params: { host }, raw: sight.raw })];
  const named = subject.address === null ? [] : [well('name.found', { params: { host, address: subject.address } })];
  if (sight.kind === 'no connection') {
    const { isSilent, raw } = sight;
    return [...named, fault(isSilent ? 'connection.silent' : 'connection.refused', { params: placeParams(subject), raw })];
  }
  return [...named, well('connection.open', { params: placeParams(subject) }), ...encryption(sight, subject)];
}

function encryption(sight: Exclude<Sight, { kind: 'unknown name' | 'no connection' }>, subject: Subject): Observation[] {
  const { host, port } = placeOf(subject.url);
  const params = placeParams(subject);
  switch (sight.kind) {
    case 'plain':
      return [fault('tls.plain', { params, cure: plainCure(host, port), raw: sight.raw })];
    case 'start refused':
      return [fault('tls.start-refused', { params, cure: `urls = ["ldaps://${bracketed(host)}:636"]\nstart_tls = false`, raw: sight.raw })];
    case 'old':
      return [fault('tls.old', { params, raw: sight.raw })];
    case 'no tls':
      return [fault('tls.none', { params, raw: sight.raw })];
    case 'certificates':
      return certificates(sight, subject);
  }
}

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);

const plainCure = (host: string, port: number): string =>
  [
    '# LDAPS, on a port of its own:',
    `urls = ["ldaps://${bracketed(host)}:636"]`,
    '# or StartTLS, on this one:',
    `urls = ["ldap://${bracketed(host)}:${port}"]`,
    'start_tls = true',
  ].join('\n');

function certificates(sight: Certificates, subject: Subject): Observation[] {
  const chain = sight.chain.map((der) => new X509Certificate(der));
  const [own] = chain;
  if (!own) return [fault('tls.none', { params: placeParams(subject), raw: 'it showed no certificate' })];
  const raw = chain.map(lineOf).join('\n');
  const found = [...timeFaults(chain, subject.now), ...nameFaults(sight, { own, subject }), ...trustFaults(sight, { chain, subject })];
  if (found.length > 0) return found.map((one) => ({ ...one, raw: [one.raw, raw].filter(Boolean).join('\n') }));
  if (sight.distrust !== null) return [fault('tls.untrusted', { params: { trouble: sight.distrust }, raw })];
  const params = { issuer: nameOf(own.issuer), until: dateOf(own.validTo), fingerprint: own.fingerprint256 };
  const days = Math.floor((Date.parse(own.validTo) - subject.now) / day);
  return [days < noticeDays ? warning('tls.ends-soon', { params: { ...params, days }, raw }) : well('tls.good', { params, raw })];
}

const placeParams = ({ url }: Subject) => {
  const { host, port } = placeOf(url);
  return { host, port: String(port) };
};

/** Any certificate of the chain may have ended. */
function timeFaults(chain: readonly X509Certificate[], now: Instant): Observation[] {
  const ended = chain.find(({ validTo }) => Date.parse(validTo) < now);
  if (ended) return [fault('tls.expired', { params: { subject: subjectOf(ended), at: dateOf(ended.validTo) } })];
  const early = chain.find(({ validFrom }) => Date.parse(validFrom) > now);
  if (early) return [fault('tls.not-yet-valid', { params: { subject: subjectOf(early), at: dateOf(early.validFrom) } })];
  return [];
}

function nameFaults({ misnamed }: Certificates, { own, subject }: { own: X509Certificate; subject: Subject }): Observation[] {
  if (misnamed === null) return [];
  const { host, port, isFromStart } = placeOf(subject.url);
  const names = namesOf(own);
  const better = names.find((name) => !name.includes('*'));
  const cure = better === undefined ? null : `urls = ["${isFromStart ? 'ldaps' : 'ldap'}://${bracketed(better)}:${port}"]`;
  return [fault('tls.wrong-name', { params: { host, names: names.join(', ') || '–' }, cure, raw: misnamed })];
}

const namesOf = ({ subjectAltName, subject }: X509Certificate): string[] => {
  const alternative = (subjectAltName ?? '').split(', ').flatMap((name) => /^(?:DNS|IP Address):(.+)$/.exec(name)?.[1] ?? []);
  return alternative.length > 0 ? alternative : (/^CN=(.+)$/m.exec(subject)?.slice(1, 2) ?? []);
};

/** OpenSSL's names of "nobody whom we know has signed this". A date that has passed is told apart, and hides this. */
const unknownAuthority = /^(SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_(GET|VERIFY)|CERT_UNTRUSTED|INVALID_CA)/;

function trustFaults(
  { distrust }: Certificates,
  { chain, subject }: { chain: readonly X509Certificate[]; subject: Subject },
): Observation[] {
  const top = chain.at(-1);
  if (distrust === null || !unknownAuthority.test(distrust) || !top) return [];
  const isAuthority = top.subject === top.issuer;
  const params = { issuer: nameOf(top.issuer), subject: subjectOf(top), fingerprint: top.fingerprint256 };
  const cure = pinning(top, subject.config.id);
  return [fault(isAuthority ? 'tls.unknown-authority' : 'tls.unknown-issuer', { params, cure, raw: distrust })];
}

const pinning = (certificate: X509Certificate, id: string): string =>
  [
    '# Save this as ca.pem beside config.toml. On the server itself, this must show the same fingerprint:',
    '#   openssl x509 -noout -fingerprint -sha256 -in FILE',
    `#   ${certificate.fingerprint256}`,
    certificate.toString().trim(),
    `# config.toml, in the [[directory]] with id = "${id}":`,
    'ca_file = "ca.pem"',
  ].join('\n');

/** "CN=Office CA\nO=Office" -> "Office CA". */
const nameOf = (distinguished: string | undefined): string => /^CN=(.+)$/m.exec(distinguished ?? '')?.[1] ?? oneLine(distinguished ?? '');
const subjectOf = ({ subject }: X509Certificate): string => nameOf(subject);
const oneLine = (text: string): string => text.replace(/\s*\n\s*/g, ', ');
const dateOf = (text: string): string => new Date(text).toISOString().slice(0, 10);

const lineOf = (certificate: X509Certificate): string =>
  [
    oneLine(certificate.subject ?? '') || 'no name',
    `issued by ${oneLine(certificate.issuer ?? '')}`,
    `${dateOf(certificate.validFrom)} to ${dateOf(certificate.validTo)}`,
    `SHA-256 ${certificate.fingerprint256}`,
  ].join('; ');
