import path from 'node:path';
import { fetchedFolder, type Progress } from './fetched-folder.js';
import { runFetchCommand } from './run-command.js';

const VERSION = '2.7.0';
const PACKAGE = 'github.com/FerretDB/FerretDB/v2/cmd/ferretdb';

/** Builds FerretDB from the Go module proxy, or finds it in the cache. Answers the program. */
export async function fetchFerretdb(progress: Progress): Promise<string> {
  const folder = await fetchedFolder(
    {
      name: `ferretdb-${VERSION}`,
      what: `FerretDB ${VERSION}`,
      fill: async (draft) => {
        await runFetchCommand('FerretDB', 'go', ['install', '-ldflags=-s -w', `${PACKAGE}@v${VERSION}`], {
          cwd: draft,
          environment: { GOBIN: draft, CGO_ENABLED: '0', GOFLAGS: '', GO111MODULE: 'on' },
        });
        await runFetchCommand('FerretDB', path.join(draft, 'ferretdb'), ['--version']);
        return { versions: { ferretdb: VERSION }, files: ['ferretdb'] };
      },
    },
    progress,
  );
  return path.join(folder, 'ferretdb');
}
