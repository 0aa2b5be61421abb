/** Days until, across time zones and the nights on which clocks change. */

import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { dateAt, daysUntil, dayToTell } from './calendar.ts';
import { day, hour, minute } from './time.ts';

const at = (iso: string): number => Date.parse(iso);

test('midnights are counted where the office is', () => {
  const then = at('2026-03-10T23:30:00Z');
  const now = at('2026-03-09T22:59:00Z');
  assert.is(daysUntil(then, { now, timezone: 'UTC' }), 1);
  assert.is(daysUntil(then, { now, timezone: 'Europe/Berlin' }), 2, 'in Berlin it is the 9th still, and then the 11th');
  assert.is(daysUntil(then, { now, timezone: 'America/Los_Angeles' }), 1);
  assert.is(daysUntil(then, { now: then, timezone: 'Pacific/Kiritimati' }), 0);
  assert.is(daysUntil(then, { now: then + day, timezone: 'UTC' }), -1);
});

test('a night of 23 hours and one of 25 are one night each', () => {
  const berlin = { timezone: 'Europe/Berlin' };
  // 2026-03-29 02:00 becomes 03:00; 2026-10-25 03:00 becomes 02:00.
  assert.is(daysUntil(at('2026-03-30T00:30:00+02:00'), { now: at('2026-03-28T23:30:00+01:00'), ...berlin }), 2);
  assert.is(daysUntil(at('2026-03-30T00:10:00+02:00'), { now: at('2026-03-29T00:20:00+01:00'), ...berlin }), 1, '22 hours and 50 minutes');
  assert.is(daysUntil(at('2026-10-25T23:50:00+01:00'), { now: at('2026-10-25T00:10:00+02:00'), ...berlin }), 0, '24 hours and 40 minutes');
  assert.is(daysUntil(at('2026-10-26T00:10:00+01:00'), { now: at('2026-10-25T00:10:00+02:00'), ...berlin }), 1);
});

test('a whole day later it is one day less, or the night of the change lies between', () => {
  const zones = fc.constantFrom(
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'Asia/Kolkata',
    'Australia/Lord_Howe',
    'Pacific/Apia',
    'Africa/Casablanca',
  );
  const instants = fc.integer({ min: at('2020-01-01T00:00:00Z'), max: at('2035-01-01T00:00:00Z') });
  fc.assert(
    fc.property(instants, zones, fc.integer({ min: 0, max: 400 }), (now, timezone, days) => {
      const noon = (Math.floor(now / day) * day + 12 * hour) as number;
      const apart = daysUntil(noon + days * day, { now: noon, timezone });
      assert.ok(Math.abs(apart - days) <= 1);
      assert.is(dateAt(now, timezone) + daysUntil(now + 3 * day, { now, timezone }), dateAt(now + 3 * day, timezone));
      assert.ok(daysUntil(now + minute, { now, timezone }) >= 0);
    }),
  );
});

test('the smallest day that is reached is told, and none twice by counting down', () => {
  assert.is(dayToTell(15, [14, 7, 1]), null);
  assert.is(dayToTell(14, [14, 7, 1]), 14);
  assert.is(dayToTell(10, [14, 7, 1]), 14, 'late after a downtime');
  assert.is(dayToTell(7, [1, 14, 7]), 7);
  assert.is(dayToTell(0, [14, 7, 1]), 1);
  assert.is(dayToTell(-1, [14, 7, 1]), null);
  assert.is(dayToTell(3, []), null);
});

test.run();
