/**
 * The parts of kafkajs 2.2.4 below its consumer and producer that this adapter works on: connections,
 * authentication, metadata, and the requests of the protocol. They have no types of their own, and their
 * shape holds for this exact version, which is why the dependency is pinned (`kafkajs-version.test.ts`).
 */
declare module 'kafkajs/src/cluster/index.js' {
  import type Connection from 'kafkajs/src/network/connection.js';
  import type Encoder from 'kafkajs/src/protocol/encoder.js';

  export interface ProtocolRequest {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly apiName: string;
    readonly encode: () => Encoder;
  }

  export interface ProtocolResponse<T> {
    readonly decode: (payload: Buffer) => Promise<T> | T;
    readonly parse: (decoded: T) => Promise<T> | T;
  }

  export interface ConnectionPool {
    readonly host: string;
    readonly port: number;
    readonly pool: readonly Connection[];
    send<T>(message: {
      readonly request: ProtocolRequest;
      readonly response: ProtocolResponse<T>;
      readonly requestTimeout?: number;
      readonly logResponseError?: boolean;
    }): Promise<T>;
  }

  interface OfTopics<P> {
    readonly topics: readonly { readonly topic: string; readonly partitions: readonly P[] }[];
  }

  interface ByTopic<P> {
    readonly responses: readonly { readonly topic: string; readonly partitions: readonly P[] }[];
  }

  export interface Broker {
    readonly nodeId: number;
    readonly connectionPool: ConnectionPool;
    disconnect(): Promise<void>;
    joinGroup(request: {
      readonly groupId: string;
      readonly sessionTimeout: number;
      readonly rebalanceTimeout: number;
      readonly memberId: string;
      readonly protocolType: string;
      readonly groupProtocols: readonly { readonly name: string; readonly metadata: Buffer }[];
    }): Promise<{
      readonly generationId: number;
      readonly leaderId: string;
      readonly memberId: string;
      readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[];
    }>;
    syncGroup(request: {
      readonly groupId: string;
      readonly generationId: number;
      readonly memberId: string;
      readonly groupAssignment: readonly { readonly memberId: string; readonly memberAssignment: Buffer }[];
    }): Promise<{ readonly memberAssignment: Buffer }>;
    heartbeat(request: {
      readonly groupId: string;
      readonly groupGenerationId: number;
      readonly memberId: string;
    }): Promise<unknown>;
    leaveGroup(request: { readonly groupId: string; readonly memberId: string }): Promise<unknown>;
    findGroupCoordinator(request: {
      readonly groupId: string;
      readonly coordinatorType: number;
    }): Promise<{ readonly coordinator: { readonly nodeId: number } }>;
    listOffsets(
      request: { readonly replicaId: number; readonly isolationLevel: number } & OfTopics<{
        readonly partition: number;
        readonly timestamp: number;
      }>,
    ): Promise<ByTopic<{ readonly partition: number; readonly offset: string }>>;
    offsetCommit(
      request: {
        readonly groupId: string;
        readonly groupGenerationId: number;
        readonly memberId: string;
      } & OfTopics<{ readonly partition: number; readonly offset: string; readonly metadata: string }>,
    ): Promise<unknown>;
    offsetFetch(
      request: { readonly groupId: string } & OfTopics<{ readonly partition: number }>,
    ): Promise<
      ByTopic<{ readonly partition: number; readonly offset: string; readonly metadata: string | null }>
    >;
  }

  export interface PartitionMetadata {
    readonly partitionId: number;
    readonly leader: number;
  }

  export default class Cluster {
    constructor(options: Readonly<Record<string, unknown>>);
    readonly brokerPool: {
      readonly brokers: Readonly<Record<string, Broker>>;
      readonly seedBroker?: Broker;
    };
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
    refreshMetadata(): Promise<void>;
    getNodeIds(): readonly string[];
    findTopicPartitionMetadata(topic: string): readonly PartitionMetadata[];
    findBroker(options: { readonly nodeId: number }): Promise<Broker>;
  }
}

declare module 'kafkajs/src/network/connection.js' {
  import type { Socket } from 'node:net';

  export default class Connection {
    readonly socket?: Pick<Socket, 'destroy' | 'on' | 'removeAllListeners'>;
    /** Of an answer that is coming in. */
    chunks: Buffer[];
    bytesBuffered: number;
    bytesNeeded: number;
    /** Whoever waits for the answer to a step of the log-in. */
    readonly authHandlers: { onError(): void } | null;
    connect(): Promise<unknown>;
    isConnected(): boolean;
    rejectRequests(error: Error): void;
  }
}

declare module 'kafkajs/src/network/requestQueue/index.js' {
  export default class RequestQueue {
    readonly pending: readonly unknown[];
    scheduleCheckPendingRequests(): void;
  }
}

declare module 'kafkajs/src/loggers/index.js' {
  import type { logCreator } from 'kafkajs';
  interface Loggers {
    createLogger(options: { readonly level: number; readonly logCreator: logCreator }): unknown;
  }
  const loggers: Loggers;
  export default loggers;
}

declare module 'kafkajs/src/protocol/encoder.js' {
  export default class Encoder {
    constructor(initialBytes?: number);
    readonly buffer: Buffer;
    writeInt8(value: number): this;
    writeInt16(value: number): this;
    writeInt32(value: number): this;
    writeInt64(value: number): this;
    writeString(value: string | null): this;
    writeBuffer(value: Buffer): this;
  }
}

declare module 'kafkajs/src/protocol/message/compression/index.js' {
  interface Codec {
    compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
    decompress(buffer: Buffer): Promise<Buffer>;
  }
  interface Compression {
    lookupCodec(type: number): Codec | null;
  }
  const compression: Compression;
  export default compression;
}

declare module 'kafkajs/src/protocol/error.js' {
  interface ProtocolErrors {
    createErrorFromCode(code: number): Error;
  }
  const errors: ProtocolErrors;
  export default errors;
}
