/** How one directory is reached and read, as config.toml says it: plain data, checked by the configuration, trusted here. */

export type DirectoryKind = 'auto' | 'active-directory' | 'samba' | 'openldap' | '389ds';

export interface DirectoryConfig {
  /** Names the directory for ever: accounts carry it as their home. */
  readonly id: string;
  readonly kind: DirectoryKind;
  /** In order of preference, `ldaps://host[:636]` or, with `startTls`, `ldap://host[:389]`. */
  readonly urls: readonly string[];
  /** Upgrade `ldap://` by StartTLS (RFC 4511 4.14) before anything else is said. */
  readonly startTls: boolean;
  /** PEM of the authorities that sign the servers' certificates; null: those that Node trusts. */
  readonly ca: string | null;
  readonly bindDn: string;
  readonly bindPassword: string;
  /** Below it lie people and groups. */
  readonly baseDn: string;
  /** RFC 4515: who counts as a person, e.g. `(objectClass=inetOrgPerson)`. Null: the dialect's own. */
  readonly accountFilter: string | null;
  /** What a person may type as login, the first being the account's own, e.g. `uid`, `mail`. Empty: the dialect's own. */
  readonly loginAttributes: readonly string[];
  /** Where else than in the dialect's own attributes a person's data lies. */
  readonly attributes: Partial<AttributeNames>;
  /** DNs of groups whose members, nested ones included, are never reset, unlocked or helped here. */
  readonly protectedGroups: readonly string[];
  /** OpenLDAP: the policy of who has none of their own (`olcPPolicyDefault`), where it is not the only one and not called `default`. */
  readonly passwordPolicyDn?: string;
  /** The most that one request to one server may take, its connection included. */
  readonly timeoutMillis: number;
  /** How many entries are asked for at once; default 1000. */
  readonly pageSize?: number;
}

export interface AttributeNames {
  readonly name: string;
  readonly mail: string;
  readonly mobile: string;
  /** Used where the mobile number is missing. */
  readonly phone: string;
  /** Holds the DN of another entry. */
  readonly manager: string;
}
