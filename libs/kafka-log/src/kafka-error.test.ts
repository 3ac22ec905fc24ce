import { describe, expect, it } from '@jest/globals';
import { TransientError, UsageError } from '@stepfold/runtime';
import errors from 'kafkajs/src/protocol/error.js';
import { kafkaError } from './kafka-error.js';

/** Numbers of Kafka's protocol. */
const codes = {
  OFFSET_METADATA_TOO_LARGE: 12,
  INCONSISTENT_GROUP_PROTOCOL: 23,
  INVALID_GROUP_ID: 24,
  INVALID_SESSION_TIMEOUT: 26,
  NOT_ENOUGH_REPLICAS: 19,
  TOPIC_AUTHORIZATION_FAILED: 29,
  GROUP_MAX_SIZE_REACHED: 81,
};

function told(name: keyof typeof codes): Error {
  return kafkaError(errors.createErrorFromCode(codes[name]), 'joining group g');
}

describe('what Kafka refuses', () => {
  it.each([
    'OFFSET_METADATA_TOO_LARGE',
    'INCONSISTENT_GROUP_PROTOCOL',
    'INVALID_GROUP_ID',
    'INVALID_SESSION_TIMEOUT',
  ] as const)('ends a service where no waiting mends it: %s', (name) => {
    const error = told(name);
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ code: 'bad-configuration' });
    expect(error.message).toContain('joining group g');
  });

  it.each(['NOT_ENOUGH_REPLICAS', 'TOPIC_AUTHORIZATION_FAILED', 'GROUP_MAX_SIZE_REACHED'] as const)(
    'is waited for where somebody else can mend it: %s',
    (name) => expect(told(name)).toBeInstanceOf(TransientError),
  );
});

it('an error is looked for in CHAIN_MAX causes, also where they go in a circle', () => {
  const chainMax = 10;
  const refused = (depth: number): Error => {
    let error: Error = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    for (let level = 1; level < depth; level++) error = new Error(`level ${level}`, { cause: error });
    return kafkaError(error, 'asking');
  };
  expect(refused(chainMax).message).toContain('connection refused');
  expect(refused(chainMax + 1).message).not.toContain('connection refused');
  const circle = new Error('circle');
  circle.cause = circle;
  expect(kafkaError(circle, 'asking')).toBeInstanceOf(TransientError);
});
