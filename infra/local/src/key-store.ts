import fs from 'node:fs';
import path from 'node:path';
import { LocalServersError } from './errors.js';
import { runCommand } from './run-command.js';

/** A key with its certificate for `localhost` and 127.0.0.1, which vouches for itself. */
export interface KeyStore {
  /** Key and certificate as PEM, in the order that Kafka reads. */
  readonly keyStoreFile: string;
  /** As PEM. */
  readonly certificate: string;
}

const VALID_DAYS = 30;

/** Makes a key and its certificate in the folder, or finds those of an earlier start there. */
export async function makeKeyStore(folder: string): Promise<KeyStore> {
  const [keyFile, certificateFile, keyStoreFile] = ['key.pem', 'certificate.pem', 'key-store.pem'].map(
    (name) => path.join(folder, name),
  ) as [string, string, string];
  if (!fs.existsSync(keyStoreFile)) {
    const { exitCode, stderr } = await runCommand('openssl', [
      ...[
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-days',
        String(VALID_DAYS),
        '-subj',
        '/CN=localhost',
      ],
      ...[
        '-addext',
        'subjectAltName=DNS:localhost,IP:127.0.0.1',
        '-keyout',
        keyFile,
        '-out',
        certificateFile,
      ],
    ]).catch((error: unknown) => {
      const sentence = 'a listener with TLS needs a key made by openssl: install openssl';
      throw new LocalServersError('tool-missing', sentence, { cause: error });
    });
    if (exitCode !== 0)
      throw new LocalServersError('start-failed', `openssl made no key: ${stderr.slice(-500)}`);
    const store = `${fs.readFileSync(keyFile, 'utf8')}${fs.readFileSync(certificateFile, 'utf8')}`;
    fs.writeFileSync(keyStoreFile, store, { mode: 0o600 });
  }
  return { keyStoreFile, certificate: fs.readFileSync(certificateFile, 'utf8') };
}
