export { KAFKA_VERSION } from './fetch-kafka.js';
export { LocalServersError, type LocalServersErrorCode } from './errors.js';
export { startKafka, type KafkaCluster, type KafkaOptions } from './kafka-cluster.js';
export type { KafkaNode } from './kafka-node.js';
export type { KafkaUser } from './kafka-properties.js';
export { missingForKafka, missingForMongodb } from './required-tools.js';
export { startMongodb, type MongodbOptions, type MongodbPart, type MongodbServer } from './mongodb-server.js';
export { killOrphans } from './orphans.js';
