import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { forgetFolder, rememberFolder } from './orphans.js';

/** A new folder that is removed at the latest when this process ends. */
export function makeTemporaryFolder(prefix: string): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), prefix));
  rememberFolder(folder);
  return folder;
}

export function removeTemporaryFolder(folder: string): void {
  fs.rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  forgetFolder(folder);
}
