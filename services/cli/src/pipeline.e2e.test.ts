import { afterEach, describe, jest } from '@jest/globals';
import { availableBackends } from '../../../test/support/test-data.js';
import { pipelineTests } from './testing/pipeline-tests.js';
import { replayTests } from './testing/replay-tests.js';
import { repairTests } from './testing/repair-tests.js';
import { killSpawned } from './testing/spawn-stepfold.js';
import { adaptersOf } from './testing/test-adapters.js';

jest.setTimeout(180_000);
afterEach(killSpawned);

describe.each(availableBackends())('on %s', (backend) => {
  pipelineTests(() => adaptersOf(backend));
  replayTests(() => adaptersOf(backend));
  repairTests(() => adaptersOf(backend));
});
