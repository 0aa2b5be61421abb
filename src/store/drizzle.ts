/**
 * Drizzle by its CommonJS build, the same code as the other one. Node parses the nearest package.json once for every ES module that it loads,
 * and Drizzle's has 180 kB: over its 113 files that took a second of the start and 130 MiB that never came back.
 */

import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);
const operators = load('drizzle-orm') as typeof import('drizzle-orm');
const columns = load('drizzle-orm/sqlite-core') as typeof import('drizzle-orm/sqlite-core');
const driver = load('drizzle-orm/better-sqlite3') as typeof import('drizzle-orm/better-sqlite3');
const migrations = load('drizzle-orm/better-sqlite3/migrator') as typeof import('drizzle-orm/better-sqlite3/migrator');

export const { and, asc, count, desc, eq, gt, gte, inArray, isNotNull, isNull, like, lt, lte, max, ne, or, sql } = operators;
export const { index, integer, primaryKey, sqliteTable, text, uniqueIndex } = columns;
export const { drizzle } = driver;
export const { migrate } = migrations;
export type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
