import type { Writable } from 'node:stream';

/**
 * The standard output of a command. Text is gathered and written in pieces of some size, and each piece
 * is waited for, so a slow reader costs no memory.
 */
export interface Output {
  /** @throws OutputClosed if the reader has gone away; OutputFailed if writing failed otherwise */
  write(text: string): Promise<void>;
  /** Resolves when everything written has been handed to the system. */
  flush(): Promise<void>;
}

/** The reader of the output has gone away (`| head`): there is nothing left to do, and nothing to report. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed';
}

/** The output cannot be written, say because a disk is full. */
export class OutputFailed extends Error {
  override readonly name = 'OutputFailed';
}

const PIECE_LENGTH = 64 * 1024;

export function createOutput(stream: Writable): Output {
  let waiting = '';
  // An error that comes between two pieces would end the process without this; the next piece meets it again.
  stream.on('error', () => undefined);

  async function flush(): Promise<void> {
    const piece = waiting;
    waiting = '';
    if (piece === '') return;
    await new Promise<void>((resolve, reject) => {
      stream.write(piece, (error) => {
        if (error === null || error === undefined) resolve();
        else reject(failureOf(error));
      });
    });
  }

  return {
    async write(text) {
      waiting += text;
      if (waiting.length >= PIECE_LENGTH) await flush();
    },
    flush,
  };
}

function failureOf(error: NodeJS.ErrnoException): Error {
  const { code = error.message } = error;
  if (code === 'EPIPE' || code === 'ECONNRESET' || code === 'ERR_STREAM_DESTROYED') {
    return new OutputClosed('the reader has gone away', { cause: error });
  }
  return new OutputFailed(`standard output cannot be written: ${code}`, { cause: error });
}
