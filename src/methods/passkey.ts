/**
 * A passkey (WebAuthn level 3): a key that the device keeps, found by the device itself, and used only after it has seen that it is its owner.
 * What comes from the browser is untrusted JSON, read here field by field. Knows no page.
 */

import { z } from 'zod';
import { Refusal } from '../rules/refusal.ts';
import { minute } from '../rules/time.ts';
import type { Enrolment } from '../world.ts';
import type { Challenge, Enrollable, Enrolling, MethodNeeds } from './method.ts';

const mostPasskeys = 10;
const challengeLife = 15 * minute;
/**
 * COSE: EdDSA, ES256, and last RS256. ASVS 5.0 appendix C would leave RS256 out for its padding (PKCS#1 v1.5); FIPS 186-5 keeps it, and the
 * chips of many office computers can do no other.
 */
const algorithms = [-8, -7, -257];

/** What an enrolment keeps, sealed. */
interface Passkey {
  readonly id: string;
  /** COSE, base64url. */
  readonly publicKey: string;
  readonly counter: number;
  /** The asking that it answered last: an assertion that is sent again answers nothing. */
  readonly answered: string;
}

/** A challenge that waits for a new passkey, and the session that asked for it. */
interface Waiting {
  readonly session: number;
  readonly challenge: string;
}

const base64url = z.string().regex(/^[\w-]{1,4000}$/);
const common = { id: base64url, rawId: base64url, type: z.literal('public-key') };
const registrationAnswer = z.strictObject({
  ...common,
  response: z.strictObject({ clientDataJSON: base64url, attestationObject: base64url }),
});
const assertionAnswer = z.strictObject({
  ...common,
  response: z.strictObject({
    clientDataJSON: base64url,
    authenticatorData: base64url,
    signature: base64url,
    userHandle: base64url.nullable(),
  }),
});

/** Loaded when the first passkey comes: few people are ever in a hurry for it, and every start would wait for its CBOR and ASN.1. */
const library = () => import('@simplewebauthn/server');

export function passkeyMethod({ vault, enrolments, tokens, random, settings, atomically, publicUrl }: MethodNeeds): Enrollable {
  const origin = new URL(publicUrl).origin;
  const rpId = new URL(publicUrl).hostname;
  const open = (sealed: string): Passkey => JSON.parse(vault.open('passkey', sealed)) as Passkey;
  const seal = (passkey: Passkey): string => vault.seal('passkey', JSON.stringify(passkey));
  /** Nobody can foretell it, and nothing needs to be kept: WebAuthn 13.4.3 asks for 16 random bytes, this has 32. */
  const challengeFor = (binding: string): string => vault.digest('passkey challenge', binding);

  async function assertedBy(
    { binding, enrolments: held }: Challenge,
    answer: string,
  ): Promise<{ enrolment: Enrolment; counter: number } | null> {
    const response = read(assertionAnswer, answer);
    const enrolment = held.find(({ secret }) => open(secret).id === response?.id);
    if (!response || !enrolment) return null;
    const { id, publicKey, counter, answered } = open(enrolment.secret);
    if (answered === binding) return null;
    const { userHandle, ...signed } = response.response;
    const { verifyAuthenticationResponse } = await library();
    const verified = await verifyAuthenticationResponse({
      response: { ...response, clientExtensionResults: {}, response: { ...signed, ...(userHandle === null ? {} : { userHandle }) } },
      expectedChallenge: challengeFor(binding),
      expectedOrigin: origin,
      expectedRPID: rpId,
      requireUserVerification: true,
      credential: { id, publicKey: new Uint8Array(Buffer.from(publicKey, 'base64url')), counter },
    }).catch(() => null);
    return verified?.verified ? { enrolment, counter: verified.authenticationInfo.newCounter } : null;
  }

  return {
    name: 'passkey',
    isSecondStep: true,

    /** Names no credential: the device shows its own, so that the page is the same for everybody. */
    ask: ({ binding }) => ({
      options: JSON.stringify({ challenge: challengeFor(binding), rpId, userVerification: 'required', timeout: 5 * minute }),
    }),

    async judge(challenge, answer) {
      const asserted = challenge ? await assertedBy(challenge, answer) : null;
      if (!challenge || !asserted) return 'wrong';
      const { enrolment, counter } = asserted;
      const next = seal({ ...open(enrolment.secret), counter, answered: challenge.binding });
      return enrolments.spend(enrolment.id, enrolment.secret, next, challenge.at) ? 'right' : 'wrong';
    },

    enrolment: {
      /** Another beginning replaces what waits, so that two open pages do not both end well. */
      async begin({ account, session, held, at }: Enrolling) {
        if (held.length >= mostPasskeys) return new Refusal('method.too-many', { params: { most: mostPasskeys } });
        const challenge = random.token();
        tokens.issue({
          ...{
            purpose: 'seed passkey',
            secret: random.token(),
            account: account.id,
            attempt: null,
            at,
            expiresAt: at + challengeLife,
            tries: 5,
          },
          note: vault.seal('passkey', JSON.stringify({ session, challenge } satisfies Waiting)),
        });
        return shown(challenge, account, held);
      },

      async resume(enrolling) {
        const waiting = waitingFor(enrolling);
        return waiting ? shown(waiting.challenge, enrolling.account, enrolling.held) : null;
      },

      async finish(enrolling) {
        const { account, form, held, at, settle } = enrolling;
        const waiting = waitingFor(enrolling);
        const response = read(registrationAnswer, form.answer ?? '');
        if (!waiting || !response) return new Refusal('method.passkey-unusable', { field: 'answer' });
        const { verifyRegistrationResponse } = await library();
        const verified = await verifyRegistrationResponse({
          response: { ...response, clientExtensionResults: {} },
          expectedChallenge: waiting.challenge,
          expectedOrigin: origin,
          expectedRPID: rpId,
          requireUserVerification: true,
          supportedAlgorithmIDs: algorithms,
        }).catch(() => null);
        if (!verified?.verified) return new Refusal('method.passkey-unusable', { field: 'answer' });
        const { id, publicKey, counter } = verified.registrationInfo.credential;
        if (held.some(({ secret }) => open(secret).id === id)) return new Refusal('method.already-registered', { field: 'answer' });
        return atomically((): Enrolment | Refusal => {
          if (!tokens.spend(waiting.token, at)) return new Refusal('method.passkey-unusable', { field: 'answer' });
          const secret = seal({ id, publicKey: Buffer.from(publicKey).toString('base64url'), counter, answered: '' });
          const label = (form.label ?? '').trim().slice(0, 40);
          const enrolment = enrolments.add({ account: account.id, method: 'passkey', label, secret, at });
          settle?.(enrolment);
          return enrolment;
        });
      },
    },

    describe: ({ label }) => ({ label }),
    isUsable: () => true,
  };

  function waitingFor({ account, session, at }: Enrolling): { token: number; challenge: string } | null {
    const token = tokens.live('seed passkey', account.id, null, at);
    if (!token?.note) return null;
    const waiting = JSON.parse(vault.open('passkey', token.note)) as Waiting;
    return waiting.session === session ? { token: token.id, challenge: waiting.challenge } : null;
  }

  /** PublicKeyCredentialCreationOptions, binary members in base64url. The user's id tells nothing of the account (WebAuthn 14.6.1). */
  function shown(challenge: string, { id, login, name }: Enrolling['account'], held: readonly Enrolment[]) {
    const options = {
      challenge,
      rp: { id: rpId, name: settings.policy().office_name },
      user: { id: vault.digest('passkey user', String(id)), name: login, displayName: name },
      pubKeyCredParams: algorithms.map((alg) => ({ type: 'public-key', alg })),
      authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
      attestation: 'none',
      excludeCredentials: held.map(({ secret }) => ({ type: 'public-key', id: open(secret).id })),
      timeout: 5 * minute,
    };
    return { options: JSON.stringify(options) };
  }
}

/** Null for whatever is not exactly what our own script sends. */
function read<T>(schema: z.ZodType<T>, text: string): T | null {
  try {
    return schema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
