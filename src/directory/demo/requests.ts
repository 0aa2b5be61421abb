/** Turns what ldapjs's server parsed, and what was read beside it, into our own requests. */

import { type Change, codes, type Request } from './exchange.ts';
import { assertionOf, type Envelope, pageOf, type SearchAsSent } from './incoming.ts';
import { supported } from './search.ts';

/** What is read of a message of ldapjs. */
export interface Message {
  readonly type: string;
  /** Bind. */
  readonly name?: { toString(): string };
  readonly credentials?: string;
  /** Modify. */
  readonly changes?: readonly {
    readonly operation: Change['kind'];
    readonly modification: { readonly type: string; readonly values: readonly string[] };
  }[];
  /** Extended. */
  readonly requestName?: string;
  readonly requestValue?: { readonly userIdentity?: string; readonly oldPassword?: string; readonly newPassword?: string };
  /** Search: stands where ldapjs keeps its own filter. */
  readonly filter?: { readonly asked: SearchAsSent };
}

export function requestOf(message: Message, { controls, target }: Envelope): Request {
  switch (message.type) {
    case 'BindRequest':
      return { op: 'bind', dn: String(message.name), password: message.credentials ?? '' };
    case 'SearchRequest':
      return { op: 'search', ...(message.filter as { asked: SearchAsSent }).asked, page: pageOf(controls) };
    case 'ModifyRequest':
      return { op: 'modify', dn: target, changes: (message.changes ?? []).map(changeOf), asserted: assertionOf(controls) };
    case 'ExtensionRequest':
      return extended(message);
    default:
      return { op: 'unsupported', code: codes.unwillingToPerform, message: `${message.type} is not offered` };
  }
}

const changeOf = ({ operation, modification: { type, values } }: NonNullable<Message['changes']>[number]): Change => ({
  kind: operation,
  attribute: type,
  values,
});

function extended({ requestName = '', requestValue: { userIdentity, oldPassword, newPassword } = {} }: Message): Request {
  if (requestName === supported.whoAmI) return { op: 'who am i' };
  if (requestName !== supported.passwordModify)
    return { op: 'unsupported', code: codes.protocolError, message: 'unsupported extended operation' };
  return {
    op: 'password',
    ...(userIdentity ? { dn: userIdentity } : {}),
    ...(oldPassword === undefined ? {} : { old: oldPassword }),
    ...(newPassword === undefined ? {} : { password: newPassword }),
  };
}
