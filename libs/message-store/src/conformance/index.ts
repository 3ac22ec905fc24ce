export {
  messageStoreConformance,
  type ConformanceOptions,
  type FreshStore,
  type OpenFreshStore,
} from './message-store-conformance.js';
