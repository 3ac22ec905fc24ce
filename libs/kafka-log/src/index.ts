export {
  compressions,
  saslMechanisms,
  type Compression,
  type KafkaLogOptions,
  type SaslMechanism,
  type SaslOptions,
  type TlsOptions,
} from './kafka-log-options.js';
export { openKafkaLog } from './open-kafka-log.js';
