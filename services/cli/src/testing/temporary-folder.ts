import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** A folder of a test's own. */
export interface TemporaryFolder extends Disposable {
  readonly path: string;
  /** Writes a file and answers its path. */
  write(name: string, content: string | Uint8Array): string;
  /** The path of a file that need not be there. */
  file(name: string): string;
}

export function temporaryFolder(): TemporaryFolder {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-test-'));
  const file = (name: string): string => path.join(folder, name);
  return {
    path: folder,
    file,
    write(name, content) {
      fs.writeFileSync(file(name), content);
      return file(name);
    },
    [Symbol.dispose]: () => fs.rmSync(folder, { recursive: true, force: true }),
  };
}
