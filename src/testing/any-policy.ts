/** Policies by chance, profiles included: every one of them could have been decided by an administrator. */

import fc from 'fast-check';
import { defaultPolicy, type PersonalKey, type Policy, type Profile } from '../rules/policy.ts';
import { methodNames } from '../rules/vocabulary.ts';

const doors = fc.subarray(['change', 'reset', 'unlock'] as const);

const personalRows = {
  methods: fc.subarray([...methodNames]),
  gates: fc.constantFrom(1, 2),
  second_gate_when_stronger: fc.boolean(),
  mail_and_text_are_two: fc.boolean(),
  directory_mail_is_proof: fc.boolean(),
  directory_mobile_is_proof: fc.boolean(),
  questions_to_register: fc.constantFrom(3, 4, 5),
  questions_to_answer: fc.constantFrom(3, 4, 5),
  registration_required: fc.boolean(),
  password_minimum: fc.integer({ min: 8, max: 64 }),
  minimum_age_on_reset: fc.constantFrom('block', 'allow'),
} satisfies { [Key in PersonalKey]?: fc.Arbitrary<Policy[Key]> };

const profile = (groups: readonly string[]): fc.Arbitrary<Profile> =>
  fc.record(
    { name: fc.uuid(), groups: fc.subarray([...groups], { minLength: 1 }), ...personalRows },
    { requiredKeys: ['name', 'groups'] },
  ) as fc.Arbitrary<Profile>;

/** `groups`: those that a scope or a profile may name. */
export const anyPolicy = (groups: readonly string[]): fc.Arbitrary<Policy> =>
  fc
    .record({
      ...personalRows,
      available_local_administrators: doors,
      available_local_people: doors,
      available_directory_administrators: doors,
      available_directory_people: doors,
      scope: fc.constantFrom('nobody', 'groups', 'everybody'),
      scope_groups: fc.subarray([...groups]),
      scope_exclusions: fc.subarray([...groups]),
      open_about_accounts: fc.boolean(),
      writeback: fc.boolean(),
      unlock_without_reset: fc.boolean(),
      profiles: fc.array(profile(groups), { maxLength: 3 }),
    })
    .map((decided) => ({ ...defaultPolicy, ...decided }) as Policy);
