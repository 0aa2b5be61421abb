/** A password from the console: typed unseen on a terminal, or the first line of standard input; never an argument. */

import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

export async function readSecret(question: string): Promise<string> {
  const { stdin, stderr } = process;
  const isTerminal = stdin.isTTY === true;
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: isTerminal ? unseen : undefined, terminal: isTerminal } as Parameters<
    typeof createInterface
  >[0]);
  try {
    if (!isTerminal) {
      for await (const line of lines) return line;
      return '';
    }
    stderr.write(question);
    const typed = await lines.question('');
    stderr.write('\n');
    return typed;
  } finally {
    lines.close();
  }
}
