export { errorCatalogue, type CatalogueEntry, type ErrorCode } from './error-catalogue.js';
export {
  CorruptStateError,
  InvariantViolation,
  isAbortError,
  StepfoldError,
  TransientError,
  UsageError,
} from './errors.js';
export { silentLogger, type LogFields, type Logger } from './logger.js';
export { InMemoryMetrics, type MetricLabels, type Metrics } from './metrics.js';
export { retryTransient, type RetryOptions } from './retry.js';
export { abortReason, randomSuffix, sleep, type CancelTimer, type Runtime } from './runtime.js';
export { createSystemRuntime } from './system-runtime.js';
