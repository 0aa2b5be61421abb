/** The thread that estimates: zxcvbn takes tenths of a second for some passwords, during which nobody else would be served. */

import { parentPort } from 'node:worker_threads';
import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common';

const zxcvbn = new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs });

parentPort?.on('message', ({ password, about }: { password: string; about: readonly string[] }) => {
  parentPort?.postMessage(zxcvbn.check(password, [...about]).score);
});
