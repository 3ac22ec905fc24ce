import { describe, expect, it } from '@jest/globals';
import fs from 'node:fs';
import path from 'node:path';
import { KAFKA_VERSION } from '@stepfold/local-servers';
import { parse } from 'yaml';

interface ComposeService {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly command?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly restart?: string;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const folder = path.resolve(__dirname, '../../infra');
// Anchors are resolved, as Compose does it.
const compose = parse(fs.readFileSync(path.join(folder, 'compose.yaml'), 'utf8')) as Compose;
const services = Object.entries(compose.services);
const serversOf = (name: string): ComposeService => compose.services[name] as ComposeService;

describe('the compose file', () => {
  it('has the servers and one of each service', () => {
    expect(Object.keys(compose.services).sort()).toEqual(['kafka', 'mongodb', 'projector', 'writer']);
    for (const name of ['projector', 'writer']) expect(serversOf(name).command).toEqual([name]);
  });

  it.each(services)(
    'opens %s to this machine only, and starts it again',
    (_name, { ports = [], restart }) => {
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
      expect(restart).toBe('unless-stopped');
    },
  );

  it.each(['kafka', 'mongodb'])('keeps the data of %s in a volume, and looks after its health', (name) => {
    const { volumes = [], healthcheck } = serversOf(name);
    expect(volumes.length).toBeGreaterThan(0);
    for (const volume of volumes) expect(Object.keys(compose.volumes)).toContain(volume.split(':')[0]);
    expect(healthcheck?.test[0]).toBe('CMD');
  });

  it.each(['projector', 'writer'])(
    'starts %s when the servers answer, and tells it where they are',
    (name) => {
      const { depends_on, environment, build } = serversOf(name);
      expect(depends_on).toEqual({
        kafka: { condition: 'service_healthy' },
        mongodb: { condition: 'service_healthy' },
      });
      const internal = serversOf('kafka').environment?.['KAFKA_ADVERTISED_LISTENERS'];
      expect(internal).toContain(`SERVICES://${environment?.['STEPFOLD_KAFKA']},`);
      expect(environment?.['STEPFOLD_MONGODB']).toMatch(
        /^mongodb:\/\/mongodb:27017\/stepfold\?replicaSet=rs0$/,
      );
      expect(fs.existsSync(path.join(folder, build!.context, build!.dockerfile))).toBe(true);
    },
  );

  it('has the Kafka that the tests run on', () => {
    expect(serversOf('kafka').image).toBe(`apache/kafka:${KAFKA_VERSION}`);
  });

  it('makes MongoDB a replica set of the name that clients ask for', () => {
    const { command, healthcheck } = serversOf('mongodb');
    expect(command).toEqual(['--replSet', 'rs0', '--bind_ip_all']);
    expect(healthcheck?.test.at(-1)).toMatch(/_id: 'rs0', members: \[\{ _id: 0, host: 'mongodb:27017' \}\]/);
  });
});
