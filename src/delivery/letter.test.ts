/** Every message in words: nothing left unsaid, nothing secret where it does not belong, no stranger's words in a header. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createTexts } from '../text/texts.ts';
import type { Message, MessageKind, Messages } from '../world.ts';
import { write } from './letter.ts';

const { say } = createTexts();
const link = 'https://desk.example.org/x/canary-token';
const everyKind: { [Kind in MessageKind]: Messages[Kind] } = {
  'reset-code': { code: '48151623', link, minutes: 10 },
  'contact-code': { code: '48151623', minutes: 1 },
  'proof-code': { code: '48151623', minutes: 10 },
  'password-expiring': { days: 7, changeLink: 'https://desk.example.org/change' },
  'sign-in-new-address': { address: '192.0.2.7', device: 'Firefox on Linux' },
  'registration-invitation': { link: 'https://desk.example.org/registration' },
  'registration-review': { link: 'https://desk.example.org/registration' },
  'text-reset-code': { code: '481516', minutes: 5, host: 'desk.example.org' },
  'text-contact-code': { code: '481516', minutes: 1, host: 'desk.example.org' },
  'text-proof-code': { code: '481516', minutes: 5, host: 'desk.example.org' },
  'reset-not-possible': { reason: 'in scope', helpdesk: 'help@example.org' },
  'approval-asked': { asker: 'Alice Ackroyd', login: 'alice', link: 'https://desk.example.org/approvals' },
  'reset-denied': { colleague: 'Bob Baker' },
  'pass-issued': { notMeLink: 'https://desk.example.org/not-me/x' },
  'password-reset': { notMeLink: link, isProved: 'yes' },
  'password-changed': { notMeLink: link },
  'account-unlocked': { notMeLink: link },
  'write-settled': { outcome: 'not done', notMeLink: link },
  'method-added': { method: 'recovery-code', label: '', notMeLink: link },
  'method-removed': { method: 'email', label: 'a•••@e•••.org', notMeLink: link },
  'suspension-lifted': { notMeLink: link },
  'block-lifted': { notMeLink: link },
  'registration-asked-again': { notMeLink: link },
  'administrator-recovered': { isPasswordNew: 'yes', notMeLink: link },
  'method-preferred': { method: 'email', label: 'a•••@e•••.org', notMeLink: link },
  'not-me-received': { login: 'alice', supportCode: 'KX-7', blocksLink: 'https://desk.example.org/admin/blocks' },
  'help-asked': { login: 'eve', asker: 'Eve', contact: '0199', words: 'first\r\nBcc: x@example.org', supportCode: 'KX-7' },
};
const message = <Kind extends MessageKind>(kind: Kind, variables: Messages[Kind], more: Partial<Message> = {}): Message =>
  ({ kind, to: 'a@example.org', language: 'en', name: 'Alice Example', variables, ...more }) as Message;
const words = (given: Message) => write(given, { say, office: 'Oak & Elm' });

test('every kind has a subject and a text that leave nothing open', () => {
  for (const [kind, variables] of Object.entries(everyKind)) {
    const { subject, text } = words(message(kind as MessageKind, variables));
    assert.match(subject, /^Oak & Elm: \S/, kind);
    assert.not(/[{}<>]|mail\.|undefined|null/.test(text.replace(/^> .*$/gm, '')), `${kind}: ${text}`);
    assert.match(text, kind.startsWith('text-') ? /^481516 is .*\n\n@desk\.example\.org #481516\n$/ : /^Hello Alice Example,\n\n/);
    for (const value of Object.values(variables)) {
      if (typeof value === 'string' && /canary|48151623|KX-7|help@/.test(value))
        assert.ok(text.includes(value), `${kind} without ${value}`);
    }
  }
});

test('a code stands unspaced on its own line; no subject carries anything of it', () => {
  for (const kind of ['reset-code', 'contact-code'] as const) {
    const { subject, text } = words(message(kind, everyKind[kind]));
    assert.ok(text.split('\n').includes('48151623'));
    assert.not(/\d/.test(subject));
  }
});

test('minutes are counted, reasons and outcomes are chosen, gaps are closed', () => {
  assert.match(words(message('contact-code', everyKind['contact-code'])).text, /within 1 minute\./);
  assert.match(words(message('reset-code', everyKind['reset-code'])).text, /within 10 minutes\./);
  const reason = (reason: string, helpdesk = '') => words(message('reset-not-possible', { reason, helpdesk })).text;
  assert.match(reason('not protected'), /specially protected/);
  assert.match(reason('in scope'), /ask your helpdesk\./);
  assert.match(reason('reachable', 'https://help.example.org'), /try again later, or ask https:\/\/help\.example\.org\./);
  assert.match(reason('something new'), /does not allow it/);
  assert.match(reason('Something was said already.'), /Something was said already\./);
  assert.match(words(message('write-settled', { outcome: 'not done', notMeLink: link })).text, /your old password is in force/);
  assert.match(words(message('write-settled', { outcome: 'cannot tell', notMeLink: link })).text, /cannot tell us/);
  assert.match(words(message('method-added', everyKind['method-added'])).text, /\n\nrecovery codes\n\n/);
  assert.match(words(message('method-removed', everyKind['method-removed'])).text, /\n\ne-mail code \(a•••@e•••\.org\)\n\n/);
  assert.match(words(message('password-reset', { notMeLink: link, isProved: 'no' })).text, /could not yet see it work/);
  assert.match(words(message('account-unlocked', { notMeLink: link }, { name: '' })).text, /^Hello,\n/);
});

test('a stranger’s words stay words: one line each, marked, without what turns or hides text', () => {
  const evil = 'x\r\nBcc: eve@example.org\r\n\r\n{office} <b>\u202egnp\u0000';
  const variables = { login: evil, asker: evil, contact: evil, words: `first\n\n-- \n${evil}`, supportCode: 'KX-7' };
  const { subject, text } = words(message('help-asked', variables, { name: evil }));
  assert.is(subject, 'Oak & Elm: somebody asks for help with a password');
  assert.not(/\r|\0|\u202e/.test(text));
  assert.not(/^Bcc:/m.test(text));
  assert.match(text, /\n> first\n>\s?\n> --\s?\n> x\n> Bcc: eve@example\.org\n/);
  assert.match(write(message('account-unlocked', { notMeLink: link }), { say, office: 'A\r\nBcc: x' }).subject, /^A Bcc: x: /);
});

test.run();
