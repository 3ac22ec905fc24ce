import { StepfoldError, TransientError, UsageError } from '@stepfold/runtime';
import { CorruptBatch } from './record-batch.js';

/**
 * What went wrong at Kafka, in the product's terms and in words for a person. kafkajs wraps errors several
 * times over, and not always keeps the fields of the inner one, so the whole chain of causes is looked at.
 *
 * Everything that somebody can mend while a service waits is a `TransientError`, refused credentials and
 * missing rights included. Never holds what was sent, nor a password.
 *
 * @param doing what was being done, as in `appending to stepfold.events, partition 3`
 */
export function kafkaError(error: unknown, doing: string): StepfoldError {
  const chain = causesOf(error);
  const known = chain.find((each): each is StepfoldError => each instanceof StepfoldError);
  if (known !== undefined) return known;
  const options = { cause: error };
  const type = typeOf(error);
  if (type !== undefined) {
    if (tooLarge.has(type)) {
      return new UsageError(
        'event-oversize',
        `a record is larger than Kafka takes: ${doing} (${type})`,
        options,
      );
    }
    const right = /^(TOPIC|GROUP|CLUSTER)_AUTHORIZATION_FAILED$/.exec(type)?.[1];
    if (right !== undefined) {
      const what = right.toLowerCase();
      return new TransientError(
        'log-access-denied',
        `Kafka does not let this user use the ${what}: ${doing}; grant the rights that docs/kafka.md lists`,
        options,
      );
    }
    const setting = settingsRefused[type];
    if (setting !== undefined) {
      return new UsageError('bad-configuration', `${setting}: ${doing} (${type})`, options);
    }
    if (type === 'UNSUPPORTED_VERSION') {
      return new UsageError(
        'log-unsupported',
        `this Kafka is too old: ${doing}; 2.4 or newer is needed`,
        options,
      );
    }
  }
  if (type === 'SASL_AUTHENTICATION_FAILED' || chain.some(isAuthenticationError)) {
    return new TransientError(
      'log-access-denied',
      `Kafka refused the credentials: ${doing}; check mechanism, user name and password`,
      options,
    );
  }
  const corrupt = chain.find((each) => each instanceof CorruptBatch);
  if (corrupt !== undefined) {
    return new TransientError(
      'log-unavailable',
      `Kafka answered damaged records: ${doing}: ${corrupt.message}`,
      options,
    );
  }
  return new TransientError('log-unavailable', `${reasonOf(chain, type)}: ${doing}`, options);
}

/** The name of the error of Kafka's protocol that is somewhere in the chain, such as `NOT_LEADER_FOR_PARTITION`. */
export function typeOf(error: unknown): string | undefined {
  for (const each of causesOf(error)) {
    const { type } = each as { readonly type?: unknown };
    if (typeof type === 'string') return type;
  }
  return undefined;
}

/** Whether the connection broke, timed out, or never came to be: then nothing is known of the request. */
export function isConnectionTrouble(error: unknown): boolean {
  return typeOf(error) === undefined;
}

/** A broker is named that the metadata does not know: it has just come back, and nothing was asked of it. */
export function isUnknownBroker(error: unknown): boolean {
  return causesOf(error).some(({ name }) => name === 'KafkaJSBrokerNotFound');
}

const tooLarge: ReadonlySet<string> = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);

/** What no waiting mends, and which setting it is. */
const settingsRefused: Readonly<Record<string, string>> = {
  INVALID_SESSION_TIMEOUT:
    'sessionTimeoutMs lies outside of what the brokers allow by group.min.session.timeout.ms and ' +
    'group.max.session.timeout.ms',
  INCONSISTENT_GROUP_PROTOCOL:
    'the group has members that are not of this product; choose another topicPrefix',
  INVALID_GROUP_ID: 'Kafka does not take the name of the group',
  OFFSET_METADATA_TOO_LARGE:
    'offset.metadata.max.bytes of the brokers is less than the 1,000 that are needed',
};

function isAuthenticationError(error: Error): boolean {
  return (
    error.name === 'KafkaJSSASLAuthenticationError' || /SASL .* authentication failed/i.test(error.message)
  );
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was reset; does this port speak TLS, and is it wanted?',
  ENOTFOUND: 'unknown host',
  EAI_AGAIN: 'the host name cannot be looked up now',
  EHOSTUNREACH: 'the host cannot be reached',
  ETIMEDOUT: 'no answer',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate has signed itself; name it with ca if it is to be trusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not signed by an authority that is known; name that with ca',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'its certificate is not signed by an authority that is known; name that with ca',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
  CERT_HAS_EXPIRED: 'its certificate has expired',
};

function reasonOf(chain: readonly Error[], type: string | undefined): string {
  if (type === 'ILLEGAL_SASL_STATE') return 'this port of Kafka takes no log-in, and one is configured';
  if (type !== undefined) return `Kafka answered ${type}`;
  for (const each of chain) {
    const { code, broker } = each as { readonly code?: unknown; readonly broker?: unknown };
    const place = typeof broker === 'string' ? ` at ${broker}` : '';
    if (typeof code === 'string') return `Kafka cannot be reached${place} (${reasons[code] ?? code})`;
    if (each.name === 'NoAnswer') return 'Kafka did not answer in time';
    if (each.name === 'KafkaJSRequestTimeoutError') return `Kafka did not answer in time${place}`;
    if (each.name === 'KafkaJSConnectionClosedError') return `Kafka closed the connection${place}`;
    if (each.name === 'KafkaJSConnectionError') return `Kafka cannot be reached${place} (${each.message})`;
  }
  return `Kafka is away (${chain.at(-1)?.message ?? 'no reason given'})`;
}

const CHAIN_MAX = 10;

/** The error and its causes, outermost first. */
function causesOf(error: unknown): readonly Error[] {
  const chain: Error[] = [];
  for (let each = error; each instanceof Error && chain.length < CHAIN_MAX; each = each.cause)
    chain.push(each);
  return chain;
}
