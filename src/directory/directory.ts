/** Opens a configured directory as the narrow waist wants it. */

import type { Clock, Directory } from '../world.ts';
import type { DirectoryConfig } from './config.ts';

export type { AttributeNames, DirectoryConfig, DirectoryKind } from './config.ts';

/** Structured lines for the administrator's log; never holds a password. */
export interface DirectoryLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export declare function openDirectory(config: DirectoryConfig, needs: { clock: Clock; log: DirectoryLog }): Directory;
