/**
 * What directories really answered, word for word, each with its source and the class it belongs to: data for a test, and the first place to
 * add to when a server says something new. "Recorded" was asked of a running server; "its own text" is the literal string of its program.
 */

import type { DirectoryRefusalKey } from '../rules/vocabulary.ts';

export interface RecordedAnswer {
  readonly server: string;
  /** What had been asked. */
  readonly asked: string;
  readonly code: number;
  readonly says: string;
  /** The error of the password policy control, where one came. */
  readonly policyError?: number;
  readonly means: DirectoryRefusalKey;
  readonly source: string;
}

/** Asked, result code, text, meaning, policy error: what differs from one answer of a server to the next. */
type Line = readonly [asked: string, code: number, says: string, means: DirectoryRefusalKey, policyError?: number];
const all = (server: string, source: string, lines: readonly Line[]): readonly RecordedAnswer[] =>
  lines.map(([asked, code, says, means, policyError]) => ({
    ...{ server, asked, code, says, means, source },
    ...(policyError === undefined ? {} : { policyError }),
  }));

/** From a thread or page of its own: asked, code, text, meaning, address. */
type Report = readonly [asked: string, code: number, says: string, means: DirectoryRefusalKey, source: string];
const reported = (server: string, lines: readonly Report[]): readonly RecordedAnswer[] =>
  lines.map(([asked, code, says, means, source]) => ({ server, asked, code, says, means, source }));

const github = (thread: string): string => `https://github.com/${thread}`;
const constraint = (error: string, dsid: string): string =>
  `${error}: AtrErr: DSID-${dsid}, #1:\n\t0: ${error}: DSID-${dsid}, problem 1005 (CONSTRAINT_ATT_TYPE), data 0, Att 9005a (unicodePwd)\n\0`;
const unwilling = (error: string, dsid: string): string => `${error}: SvcErr: DSID-${dsid}, problem 5003 (WILL_NOT_PERFORM), data 0\n\0`;
const noRight = (error: string, dsid: string): string => `${error}: SecErr: DSID-${dsid}, problem 4003 (INSUFF_ACCESS_RIGHTS), data 0\n\0`;
const badBind = (dsid: string, data: string, version: string): string =>
  `80090308: LdapErr: DSID-${dsid}, comment: AcceptSecurityContext error, data ${data}, ${version}\0`;
const needsTls = (dsid: string, version: string): string =>
  `00002028: LdapErr: DSID-${dsid}, comment: The server requires binds to turn on integrity checking if SSL\\TLS are not already active on the connection, data 0, ${version}\0`;

const bindCodes = 'https://www.dotcms.com/docs/latest/active-directory-error-codes';
const windows = reported('Active Directory', [
  ['change', 19, constraint('0000052D', '03190F80'), 'directory.policy', github('cannatag/ldap3/issues/882')],
  ['change', 19, constraint('0000052D', '03190FC9'), 'directory.policy', github('FreeDSx/LDAP/issues/70')],
  ['change', 19, constraint('0000052D', '03191083'), 'directory.policy', github('ltb-project/self-service-password/issues/83')],
  ['change', 19, constraint('0000052d', '031910b8').toLowerCase(), 'directory.policy', github('jirutka/ldap-passwd-webui/issues/27')],
  [
    'change of a protected account',
    19,
    '0000052D: AtrErr: DSID-03190FD6, #1:0:0000052D: DSID-03190FD6, problem 1005 (constraint_Att_TYPE), data 0, att 9005a (unicodePwd)',
    'directory.policy',
    github('ltb-project/self-service-password/issues/600'),
  ],
  [
    'change, wrong old password',
    19,
    constraint('00000056', '03191083'),
    'directory.wrong-old-password',
    'public code search: "raise errors.InvalidCredentials(message)", a recorded session with python-ldap',
  ],
  [
    'change, "User cannot change password"',
    19,
    constraint('00000005', '03191083'),
    'directory.change-not-allowed',
    github('pwm-project/pwm/issues/407'),
  ],
  ['reset, Windows 2019', 53, unwilling('0000052D', '031A126C'), 'directory.policy', github('cannatag/ldap3/issues/1157')],
  ['enabling an account', 53, unwilling('0000052D', '031A124C'), 'directory.policy', github('go-ldap/ldap/issues/451')],
  // Windows says the same to whoever asks over a clear connection.
  ['reset', 53, unwilling('0000001F', '031A129B'), 'directory.encoding', github('kanayak123/pyadselfservice/issues/5')],
  ['reset, Windows 2008', 53, unwilling('0000001F', '031A11E5'), 'directory.encoding', github('ldaptools/ldaptools/issues/27')],
  ['reset, not in UTF-16', 53, unwilling('0000001F', '031A12E8'), 'directory.encoding', github('ldapts/ldapts/issues/122')],
  ['change without TLS', 53, unwilling('00002077', '03190F9E'), 'directory.no-tls', github('ltb-project/self-service-password/issues/840')],
  ['change without TLS', 53, unwilling('00002077', '03190F4C'), 'directory.no-tls', github('ltb-project/self-service-password/issues/310')],
  ['change without TLS', 53, unwilling('00002077', '03190EBE'), 'directory.no-tls', github('unosquare/passcore/issues/260')],
  ['reset', 50, noRight('00000005', '031A11B9'), 'directory.no-permission', github('authelia/authelia/issues/1715')],
  ['reset', 50, noRight('00002098', '0315130F'), 'directory.no-permission', github('ltb-project/self-service-password/issues/694')],
  ['modify', 50, noRight('00002098', '03150F94'), 'directory.no-permission', github('ltb-project/self-service-password/issues/537')],
  ['bind without TLS', 8, needsTls('0C090256', 'v3839'), 'directory.no-tls', github('ropnop/windapsearch/issues/11')],
  ['bind without TLS', 8, needsTls('0C090266', 'v4563'), 'directory.no-tls', github('ldapjs/node-ldapjs/issues/664')],
  [
    'a control it does not have, critical',
    12,
    '00002040: SvcErr: DSID-031401E7, problem 5010 (UNAVAIL_EXTENSION), data 0\n',
    'directory.control-unsupported',
    'public code search: "FIX for Microsoft bug: ldap.UNAVAILABLE_CRITICAL_EXTENSION"',
  ],
  [
    'a control whose value it cannot read',
    12,
    '00000057: LdapErr: DSID-0C090753, comment: Error processing control, data 0, v1db1\0',
    'directory.control-unsupported',
    'Microsoft: "How LDAP server cookies are handled" (Windows Server, AD DS troubleshooting)',
  ],
  [
    'an entry that is not there',
    32,
    "0000208D: NameErr: DSID-03100238, problem 2001 (NO_OBJECT), data 0, best match of:\n\t'DC=corp,DC=example'\n\0",
    'directory.not-found',
    github('vesse/passport-ldapauth/issues/79'),
  ],
  [
    'a name of another domain',
    10,
    "0000202B: RefErr: DSID-0310084B, data 0, 1 access points\n\tref 1: 'corp.example'\n\0",
    'directory.unreachable',
    'public code search: "0000202B: RefErr: DSID-0310084B"',
  ],
  [
    'bind, no such person',
    49,
    badBind('0C090334', '525', 'vece'),
    'directory.wrong-old-password',
    github('Octopussy-Project/Octopussy/issues/532'),
  ],
  [
    'bind, wrong password',
    49,
    badBind('0C090446', '52e', 'v4563'),
    'directory.wrong-old-password',
    github('shaozi/ldap-authentication/issues/37'),
  ],
  [
    'bind, wrong password',
    49,
    badBind('0C0903A9', '52e', 'v1db1'),
    'directory.wrong-old-password',
    github('ldapjs/node-ldapjs/issues/208'),
  ],
  ['bind outside the hours', 49, badBind('0C09030B', '530', 'v893'), 'directory.not-now', bindCodes],
  ['bind from elsewhere', 49, badBind('0C09030B', '531', 'v893'), 'directory.not-now', bindCodes],
  [
    'bind, in Protected Users',
    49,
    badBind('0C090439', '52f', 'v4563'),
    'directory.not-now',
    'public code search: "This is because the account is restricted (no NTLM, only Kerberos)", a walk through the machine Absolute',
  ],
  [
    'bind, "Deny access to this computer from the network"',
    49,
    badBind('0C090588', '569', 'v2580').replace('80090308', '8009030C'),
    'directory.not-now',
    'https://learn.microsoft.com/en-us/answers/questions/149890/unable-to-bind-or-log-into-ldap-using-specific-cre',
  ],
  ['bind, password expired', 49, badBind('0C09030B', '532', 'v893'), 'directory.expired', github('cannatag/ldap3/issues/397')],
  ['bind, disabled', 49, badBind('0C09030B', '533', 'v893'), 'directory.disabled', bindCodes],
  ['bind, account expired', 49, badBind('0C09030B', '701', 'v893'), 'directory.expired', bindCodes],
  [
    'bind, must change',
    49,
    badBind('0C090446', '773', 'v4563'),
    'directory.expired',
    github('dsbenghe/Novell.Directory.Ldap.NETStandard/issues/150'),
  ],
  ['bind, locked', 49, badBind('0C09044E', '775', 'v2580'), 'directory.locked', github('dirkjanm/ldapdomaindump/pull/80')],
]);

const restricted = (how: string, what: string): string => `0000052D: ${how} - check_password_restrictions: ${what}!`;
const violation = (what: string): string => restricted('Constraint violation', what);
const refusal = (what: string): string => restricted('Unwilling to perform', what);
const recorded = 'recorded';
const ownText = 'its own text (password_hash.c)';

/** The same for every release that was asked. */
const sambaAlways: readonly Line[] = [
  ['change, in history', 19, violation('the password was already used (in history)'), 'directory.history'],
  ['change, within the minimum age', 19, violation('password is too young to change'), 'directory.minimum-age'],
  [
    'change, wrong old password',
    19,
    "00000056: Constraint violation - check_password_restrictions: The old password specified doesn't match!",
    'directory.wrong-old-password',
  ],
  ['reset, no quotes around it', 53, "00002035: setup_io: it's not allowed to set the NT hash password directly'", 'directory.encoding'],
  ['only an add', 53, '00002035: Only the add action for a password change specified!', 'directory.encoding'],
  ['replaced by nothing', 53, "00002035: setup_io: it's only allowed to set the old password once!", 'directory.encoding'],
  [
    'another attribute',
    50,
    '00002098: Object CN=recorder,OU=People,DC=ad,DC=test,DC=example has no write property access',
    'directory.no-permission',
  ],
  ['reset of a person elsewhere', 50, 'error in module acl: insufficient access rights during LDB_MODIFY (50)', 'directory.no-permission'],
  ['an entry that is not there', 32, '00002030: No such Base DN: CN=nobody,OU=People,DC=ad,DC=test,DC=example', 'directory.not-found'],
  ['change by nobody', 1, '00002020: Operation unavailable without authentication', 'directory.no-permission'],
  ['RFC 3062', 2, 'Extended Operation(1.3.6.1.4.1.4203.1.11.1) not supported', 'directory.control-unsupported'],
  ['bind without TLS', 8, 'BindSimple: Transport encryption required.', 'directory.no-tls'],
  ['bind, wrong password', 49, badBind('0C0903A9', '52e', 'v1db1').replace('\0', ''), 'directory.wrong-old-password'],
  ['bind, disabled', 49, badBind('0C0903A9', '533', 'v1db1').replace('\0', ''), 'directory.disabled'],
  ['bind, account expired', 49, badBind('0C0903A9', '701', 'v1db1').replace('\0', ''), 'directory.expired'],
  ['bind, must change', 49, badBind('0C0903A9', '773', 'v1db1').replace('\0', ''), 'directory.expired'],
  ['bind, locked', 49, badBind('0C0903A9', '775', 'v1db1').replace('\0', ''), 'directory.locked'],
];

/** 4.22 answered as 4.17 did. */
const samba = [
  ...all('Samba 4.17.12', recorded, [
    [
      'reset, too short',
      19,
      violation('the password is too short. It should be equal or longer than 12 characters'),
      'directory.too-short',
    ],
    ['reset, too simple', 19, violation('the password does not meet the complexity criteria'), 'directory.quality'],
    ['reset with the critical policy hints', 12, '', 'directory.control-unsupported'],
    [
      'change while locked',
      19,
      '00000775: Password change not permitted, account locked out! at ../../source4/dsdb/samdb/ldb_modules/password_hash.c:3929:setup_io',
      'directory.locked',
    ],
    [
      'pwdLastSet: 5',
      80,
      '00000057: setup_last_set_field: pwdLastSet must be 0 or -1 only! at ../../source4/dsdb/samdb/ldb_modules/password_hash.c:2436:setup_last_set_field',
      'directory.unknown',
    ],
    ...sambaAlways,
  ]),
  ...all('Samba 4.24.7', recorded, [
    [
      'reset, too short',
      53,
      refusal('the password is too short. It should be equal to or longer than 12 characters'),
      'directory.too-short',
    ],
    ['reset, too simple', 53, refusal('the password does not meet the complexity criteria'), 'directory.quality'],
    ['reset with policy hints, the present one', 53, refusal('the password was already used (previous password)'), 'directory.history'],
    ['reset with policy hints, an earlier one', 53, refusal('the password was already used (in history)'), 'directory.history'],
    ['reset with policy hints, within the minimum age', 53, refusal('password is too young to change'), 'directory.minimum-age'],
    [
      'change while locked',
      19,
      '00000775: Password change not permitted, account locked out! at source4/dsdb/samdb/ldb_modules/password_hash.c:4055:setup_io',
      'directory.locked',
    ],
    ...sambaAlways,
  ]),
  ...all('Samba 4.24.7', ownText, [
    ['reset', 53, refusal("the password doesn't fit due to a miscellaneous restriction"), 'directory.policy'],
    ['change, changes switched off', 19, violation('password changes disabled'), 'directory.change-not-allowed'],
    ['change, not on this account', 19, violation("password can't be changed on this account"), 'directory.change-not-allowed'],
  ]),
];

const strength = 'https://github.com/ltb-project/ppm (user message in its README), on OpenLDAP 2.4 to 2.6';
const openldap = [
  ...all('OpenLDAP 2.5.13', recorded, [
    ['reset, too short', 19, 'Password fails quality checking policy', 'directory.too-short', 6],
    ['reset, longer than pwdMaxLength', 19, 'Password fails quality checking policy', 'directory.too-long', 9],
    ['reset with a hash', 19, 'Password fails quality checking policy', 'directory.quality', 5],
    ['reset to the present one', 19, 'Password is not being changed from existing value', 'directory.history', 8],
    ['reset to an earlier one', 19, 'Password is in history of old passwords', 'directory.history', 8],
    ['reset within pwdMinAge', 19, 'Password is too young to change', 'directory.minimum-age', 7],
    ['reset with pwdSafeModify', 50, 'Must supply old password to be changed as well as new one', 'directory.must-supply-old', 4],
    ['change, wrong old password', 53, 'Must supply correct old password to change to new one', 'directory.wrong-old-password', 4],
    ['RFC 3062, wrong old password', 53, 'unwilling to verify old password', 'directory.wrong-old-password'],
    ['change without pwdAllowUserChange', 50, 'User alteration of password is not allowed', 'directory.change-not-allowed', 3],
    [
      'search while one must change',
      50,
      'Operations are restricted to bind/unbind/abandon/StartTLS/modify password',
      'directory.no-permission',
      2,
    ],
    ['two passwords at once', 19, 'Password policy only allows one password value', 'directory.policy'],
    ['bind, wrong password', 49, '', 'directory.wrong-old-password'],
    ['bind, locked or outside its time', 49, '', 'directory.locked', 1],
    ['bind, expired', 49, '', 'directory.expired', 0],
    ['writing without the right', 50, '', 'directory.no-permission'],
    ['writing pwdFailureTime', 19, 'pwdFailureTime: no user modification allowed', 'directory.no-permission'],
    ['writing as nobody', 8, 'modifications require authentication', 'directory.no-permission'],
    ['RFC 3062 as nobody', 8, 'only authenticated users may change passwords', 'directory.no-permission'],
    ['an attribute it does not know', 17, 'lockoutTime: attribute type undefined', 'directory.control-unsupported'],
    ['a critical control it does not know', 12, 'critical extension is not recognized', 'directory.control-unsupported'],
    ['an extended operation it does not know', 2, 'unsupported extended operation', 'directory.control-unsupported'],
    ['a value that is none', 21, 'pwdReset: value #0 invalid per syntax', 'directory.encoding'],
    ['an entry that is not there', 32, '', 'directory.not-found'],
    ['an entry outside its suffix', 53, 'no global superior knowledge', 'directory.not-found'],
    ['RFC 3062 outside its suffix', 80, 'unable to retrieve SASL username', 'directory.not-found'],
    ['a name that is none', 34, 'invalid DN', 'directory.unknown'],
    ['a search beyond the limit', 4, '', 'directory.unknown'],
  ]),
  ...all('OpenLDAP 2.5.13', 'its own text (slapd)', [
    ['bind over ldap:// with olcSecurity', 13, 'confidentiality required', 'directory.no-tls'],
    ['writing on a consumer', 53, 'shadow context; no update referral', 'directory.unreachable'],
    ['writing with olcReadOnly', 53, 'operation restricted', 'directory.unreachable'],
  ]),
  ...reported('OpenLDAP 2.4', [
    [
      'reset, refused by a module',
      19,
      'Password fails quality checking policy',
      'directory.policy',
      github('authelia/authelia/issues/361'),
    ],
    [
      'search while one must change',
      50,
      'Operations are restricted to bind/unbind/abandon/StartTLS/modify password',
      'directory.no-permission',
      github('pwm-project/pwm/issues/155'),
    ],
    ['RFC 3062 without the right', 50, '', 'directory.no-permission', github('ltb-project/self-service-password/issues/800')],
    [
      'change by replace, with pwdSafeModify',
      50,
      'change password must use DELETE followed by ADD/REPLACE',
      'directory.must-supply-old',
      'its own text (ppolicy.c)',
    ],
    [
      'change without the overlay, wrong old password',
      16,
      'modify/delete: userPassword: no such value',
      'directory.wrong-old-password',
      'its own text (mods.c)',
    ],
  ]),
  ...reported('OpenLDAP 2.5.14 and 2.6', [
    ['change', 19, 'Password is in history of old passwords', 'directory.history', github('ltb-project/self-service-password/issues/788')],
    ['change', 19, 'Password is in history of old passwords', 'directory.history', github('ltb-project/self-service-password/issues/1096')],
    [
      'change, refused by ppm',
      19,
      'Password for dn="uid=dmacias,ou=people,dc=domain,dc=com" does not pass required number of strength checks (2 of 3)',
      'directory.quality',
      github('ltb-project/ppm/issues/32'),
    ],
    ['change, refused by ppm', 19, 'Password for dn="uid=dave,dc=domain" is too short (4/6)', 'directory.too-short', strength],
    [
      'change, refused by ppm',
      19,
      'Password for dn="uid=dave,dc=domain" has not reached the minimum number of characters (1) for class class-digit',
      'directory.quality',
      strength,
    ],
  ]),
];

const theDirectoryServer = [
  ...all('389 DS 2.3.1', recorded, [
    ['reset, too short', 19, 'invalid password syntax - password must be at least 12 characters long', 'directory.too-short', 5],
    ['reset, like the name', 19, 'invalid password syntax - password based off of user entry', 'directory.quality', 5],
    ['reset, in history', 19, 'password in history', 'directory.history', 8],
    ['reset to the present one', 19, 'password in history', 'directory.history'],
    ['reset within the minimum age', 19, 'within password minimum age', 'directory.minimum-age', 7],
    ['change, wrong old password', 16, '', 'directory.wrong-old-password'],
    ['bind, locked', 19, 'Exceed password retry limit. Please try later.', 'directory.locked', 1],
    ['bind, disabled', 53, 'Account inactivated. Contact system administrator.', 'directory.disabled'],
    ['bind, expired', 49, 'password expired!', 'directory.expired', 0],
    ['bind, temporary password used too often', 19, 'TPR checking. Contact system administrator', 'directory.expired'],
  ]),
  ...all('389 DS 2.3.1', 'its own text (libslapd, ns-slapd)', [
    ['bind, locked for good', 19, 'Exceed password retry limit. Contact system administrator to reset.', 'directory.locked', 1],
    ['bind, idle for too long', 19, 'Account inactivity limit exceeded. Contact system administrator to reset.', 'directory.disabled'],
    ['reset', 19, 'invalid password syntax - password must contain at least 1 digit characters', 'directory.quality', 5],
    ['reset', 19, 'invalid password syntax - a character cannot be repeated more than 2 times', 'directory.quality', 5],
    ['reset', 19, 'Password is a palindrome', 'directory.quality', 5],
    ['reset', 19, 'Password contains a restricted word', 'directory.quality', 5],
    ['reset', 19, 'Password failed dictionary check: it is based on a dictionary word', 'directory.quality', 5],
    ['change', 53, 'user is not allowed to change password', 'directory.change-not-allowed', 3],
    ['RFC 3062', 53, 'User is not allowed to change password', 'directory.change-not-allowed', 3],
    ['RFC 3062, wrong old password', 49, 'Invalid oldPasswd value.', 'directory.wrong-old-password'],
    ['RFC 3062 without TLS', 13, 'Operation requires a secure connection.', 'directory.no-tls'],
    ['any while one must change', 53, 'need new password', 'directory.expired', 2],
    ['writing on a replica', 53, 'Server is read-only', 'directory.unreachable'],
  ]),
  ...reported('389 DS', [
    [
      'reset with a hash',
      19,
      'invalid password syntax - passwords with storage scheme are not allowed',
      'directory.encoding',
      github('ltb-project/self-service-password/issues/194'),
    ],
    ['bind with the critical policy control', 12, '', 'directory.control-unsupported', github('389ds/389-ds-base/issues/5816')],
  ]),
];

const freeIpa = [
  ...reported('FreeIPA', [
    ['change', 19, 'Too soon to change password', 'directory.minimum-age', github('freeipa/freeipa-webui/issues/982')],
  ]),
  ...all('FreeIPA', 'its own text (util/ipa_pwd.c)', [
    ['change', 19, 'Password is too short', 'directory.too-short'],
    ['change', 19, 'Password reuse not permitted', 'directory.history'],
    ['change', 19, 'Password is too simple', 'directory.quality'],
    ['change', 19, 'Password has too many consecutive characters', 'directory.quality'],
    ['change', 19, 'Password contains a monotonic sequence', 'directory.quality'],
    ['change', 19, 'Password is based on a dictionary word', 'directory.quality'],
    ['change', 19, 'Password is a palindrone', 'directory.quality'],
    ['change', 19, 'Password contains username', 'directory.quality'],
    ['change', 19, 'Password does not meet the policy requirements', 'directory.policy'],
    ['change', 19, 'Account expired', 'directory.expired'],
  ]),
  ...all('FreeIPA', 'its own text (ipa-pwd-extop/prepost.c, ipa-lockout)', [
    ['change with a hash', 19, 'Pre-Encoded passwords are not valid\n', 'directory.encoding'],
    ['bind, locked', 53, 'Too many failed logins.\n', 'directory.locked'],
    ['bind, locked without an end', 53, 'Entry permanently locked.\n', 'directory.locked'],
    ['bind, account expired', 53, 'Account (Kerberos principal) is expired', 'directory.expired'],
    ['bind, disabled', 53, 'Account inactivated. Contact system administrator.', 'directory.disabled'],
  ]),
];

const anyServer = all('any', 'RFC 4511, appendix A', [
  ['anything, busy', 51, '', 'directory.unreachable'],
  ['anything, shutting down', 52, '', 'directory.unreachable'],
  ['anything', 80, 'who knows', 'directory.unknown'],
  ['anything', 16654, '', 'directory.unknown'],
]);

export const recordedAnswers: readonly RecordedAnswer[] = [
  ...windows,
  ...samba,
  ...openldap,
  ...theDirectoryServer,
  ...freeIpa,
  ...anyServer,
];
