import { describe, expect, it } from '@jest/globals';
import { checkProjectorConfig, projectorDefaults } from './config.js';

describe('the limits of a projector', () => {
  it('agree with each other by default', () => {
    expect(() => checkProjectorConfig(projectorDefaults)).not.toThrow();
  });

  it.each([
    [{ stepBytesMax: 1 }, 'stepBytesMax'],
    [{ stepBytesMax: 2 ** 28 + 1, openBytesMax: 2 ** 30 }, 'stepBytesMax must not be above'],
    [{ openBytesMax: 1 }, 'openBytesMax'],
    [{ stepAgeMaxMs: 1 }, 'stepAgeMaxMs'],
    [{ reaperLookGapMaxMs: 1 }, 'reaperLookGapMaxMs'],
    [{ drainTimeoutMs: -1 }, 'drainTimeoutMs'],
  ])('are refused with the name of the one that is wrong: %j', (wrong, name) => {
    expect(() => checkProjectorConfig({ ...projectorDefaults, ...wrong })).toThrow(name);
  });
});
