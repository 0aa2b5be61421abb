/** A device that keeps passkeys, in software (WebAuthn level 3, sections 6.1 and 8.7): for tests that need no browser, and for its lies. */

import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

export interface Lies {
  readonly origin?: string;
  readonly rpId?: string;
  /** What it says of the person: present and verified, unless told otherwise. */
  readonly flags?: number;
  readonly type?: string;
  readonly counter?: number;
}

const present = 0x01;
const verified = 0x04;
const attested = 0x40;

export interface Authenticator {
  readonly id: string;
  /** PKCS #8, base64: for a virtual device in a real browser, which then holds the same passkey. */
  readonly privateKey: string;
  /** Answers what `navigator.credentials.create` was asked, as the page's script sends it. */
  create(options: string, lies?: Lies): string;
  /** The same for `get`. */
  get(options: string, lies?: Lies): string;
}

export function authenticator(origin: string): Authenticator {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const id = randomBytes(16);
  let uses = 0;
  /** COSE_Key of RFC 9053 section 7.1.1: EC2, ES256, P-256. */
  const key = Buffer.concat([hex('a5010203262001215820'), Buffer.from(x, 'base64url'), hex('225820'), Buffer.from(y, 'base64url')]);

  const client = (type: string, challenge: string, lies: Lies): Buffer =>
    Buffer.from(JSON.stringify({ type: lies.type ?? type, challenge, origin: lies.origin ?? origin, crossOrigin: false }));
  function said(rpId: string, flags: number, lies: Lies): Buffer {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(lies.counter ?? ++uses);
    return Buffer.concat([sha256(lies.rpId ?? rpId), Buffer.from([flags]), counter]);
  }

  return {
    id: id.toString('base64url'),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
    create(options, lies = {}) {
      const { challenge, rp } = JSON.parse(options) as { challenge: string; rp: { id: string } };
      const length = Buffer.from([0, id.length]);
      const flags = (lies.flags ?? present | verified) | attested;
      const data = Buffer.concat([said(rp.id, flags, lies), Buffer.alloc(16), length, id, key]);
      // { fmt: "none", attStmt: {}, authData: h'...' }
      const size = Buffer.from([0x59, data.length >> 8, data.length & 255]);
      const attestation = Buffer.concat([hex('a363666d74646e6f6e656761747453746d74a06861757468446174 61'), size, data]);
      return answer({ clientDataJSON: client('webauthn.create', challenge, lies), attestationObject: attestation });
    },
    get(options, lies = {}) {
      const { challenge, rpId } = JSON.parse(options) as { challenge: string; rpId: string };
      const data = said(rpId, lies.flags ?? present | verified, lies);
      const clientData = client('webauthn.get', challenge, lies);
      const signature = sign('sha256', Buffer.concat([data, sha256(clientData)]), privateKey);
      return answer({ clientDataJSON: clientData, authenticatorData: data, signature }, { userHandle: null });
    },
  };

  function answer(bytes: Readonly<Record<string, Buffer>>, more: object = {}): string {
    const response = Object.fromEntries(Object.entries(bytes).map(([name, value]) => [name, value.toString('base64url')]));
    return JSON.stringify({
      id: id.toString('base64url'),
      rawId: id.toString('base64url'),
      type: 'public-key',
      response: { ...response, ...more },
    });
  }
}

const hex = (digits: string): Buffer => Buffer.from(digits.replaceAll(' ', ''), 'hex');
const sha256 = (value: string | Buffer): Buffer => createHash('sha256').update(value).digest();
