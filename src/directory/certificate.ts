/** Makes an authority and server certificates signed by it, for the demo and the tests: no openssl needed. It knows no directory and writes no file. */

import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

import { day, type Instant } from '../rules/time.ts';
import type { Clock, Random } from '../world.ts';

/** PEM texts, as TLS servers of Node take them. */
export interface ServerCertificate {
  readonly cert: string;
  /** PKCS #8, unencrypted. */
  readonly key: string;
}

export interface CertificateAuthority {
  /** The authority's own certificate, PEM: what a client must trust. */
  readonly ca: string;
  /** By default for 127.0.0.1 and localhost, from a day ago for a year. */
  issue(wish?: CertificateWish): Promise<ServerCertificate>;
}

export interface CertificateWish {
  readonly names?: readonly CertificateName[];
  readonly validFrom?: Instant;
  readonly validUntil?: Instant;
}

export interface CertificateName {
  readonly type: 'ip' | 'dns';
  readonly value: string;
}

type Needs = { readonly clock: Pick<Clock, 'now'>; readonly random: Pick<Random, 'bytes'> };

const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const atHome: readonly CertificateName[] = [
  { type: 'ip', value: '127.0.0.1' },
  { type: 'dns', value: 'localhost' },
];

export async function certificateAuthority({ clock, random }: Needs): Promise<CertificateAuthority> {
  const keys = await newKeys();
  const name = `CN=Latchkey demo authority ${Buffer.from(random.bytes(4)).toString('hex')}`;
  const validity = { notBefore: new Date(clock.now() - day), notAfter: new Date(clock.now() + 366 * day) };
  const own = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity,
    name,
    keys,
    serialNumber: serial(random),
    signingAlgorithm: ecdsa,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });

  async function issue({ names = atHome, validFrom, validUntil }: CertificateWish = {}): Promise<ServerCertificate> {
    const server = await newKeys();
    const signed = await x509.X509CertificateGenerator.create({
      notBefore: new Date(validFrom ?? validity.notBefore),
      notAfter: new Date(validUntil ?? validity.notAfter),
      subject: 'CN=Latchkey demo directory',
      issuer: own.subject,
      publicKey: server.publicKey,
      signingKey: keys.privateKey,
      serialNumber: serial(random),
      signingAlgorithm: ecdsa,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension([...names]),
        await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return { cert: signed.toString('pem'), key: pem('PRIVATE KEY', await webcrypto.subtle.exportKey('pkcs8', server.privateKey)) };
  }

  return { ca: own.toString('pem'), issue };
}

const newKeys = () => webcrypto.subtle.generateKey(ecdsa, true, ['sign', 'verify']);

/** RFC 5280 4.1.2.2: positive, at most 20 octets, never the same twice under one authority. */
const serial = (random: Needs['random']): string => `40${Buffer.from(random.bytes(15)).toString('hex')}`;

const pem = (label: string, der: ArrayBuffer): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(der)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n')}\n-----END ${label}-----\n`;
