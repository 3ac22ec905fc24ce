import { afterEach, describe, jest } from '@jest/globals';
import { pipelineTests } from './testing/pipeline-tests.js';
import { killSpawned } from './testing/spawn-stepfold.js';
import { serverAdapters } from './testing/test-adapters.js';

jest.setTimeout(180_000);
afterEach(killSpawned);

describe('on Kafka and MongoDB', () => {
  pipelineTests(serverAdapters);
});
