/** An office of many for slapd: people and nested groups as LDIF, as if nobody had touched them for years. */

export interface LargeOffice {
  readonly people: number;
  /** Four fifths are teams of people; a fifth are departments of teams, and a few are divisions of departments. */
  readonly groups: number;
  readonly base: string;
}

/** Read again with every reading of changes would be what changed within the hour: so it is said when this was. */
const longAgo = [
  ...['createTimestamp: 20200101000000Z', 'modifyTimestamp: 20200101000000Z'],
  'entryCSN: 20200101000000.000000Z#000000#000#000000',
];

const entry = (lines: readonly string[]): string => `${[...lines, ...longAgo].join('\n')}\n\n`;

/** `p0`, `p1` and so on, without passwords: nobody signs in here. Each belongs to two teams. */
export function ldifOfOffice({ people, groups, base }: LargeOffice): string {
  const dnOf = (login: string): string => `uid=${login},ou=people,${base}`;
  const groupOf = (name: string): string => `cn=${name},ou=groups,${base}`;
  const teams = Math.floor(groups * 0.8);
  const departments = Math.floor(groups * 0.19);
  const divisions = groups - teams - departments;
  const written = Array.from({ length: people }, (_, number) =>
    entry([
      ...[`dn: ${dnOf(`p${number}`)}`, 'objectClass: inetOrgPerson', `uid: p${number}`, `cn: Person Number ${number}`, 'sn: Number'],
      ...[`mail: p${number}@office.example.net`, `mobile: +44 7700 ${String(number).padStart(6, '0')}`],
    ]),
  );
  const members: string[][] = Array.from({ length: teams }, () => []);
  for (let number = 0; teams > 0 && number < people; number++)
    for (const team of new Set([number % teams, (number * 7 + 3) % teams])) members[team]?.push(dnOf(`p${number}`));
  const group = (name: string, of: readonly string[]): void => {
    if (of.length > 0)
      written.push(entry([`dn: ${groupOf(name)}`, 'objectClass: groupOfNames', `cn: ${name}`, ...of.map((dn) => `member: ${dn}`)]));
  };
  const within = (count: number, of: number, place: number, name: string): string[] =>
    Array.from({ length: count }, (_, number) => number)
      .filter((number) => number % of === place)
      .map((number) => groupOf(`${name} ${number}`));
  for (const [team, of] of members.entries()) group(`team ${team}`, of);
  for (let place = 0; place < departments; place++) group(`department ${place}`, within(teams, departments, place, 'team'));
  for (let place = 0; place < divisions; place++) group(`division ${place}`, within(departments, divisions, place, 'department'));
  return written.join('');
}
