export { openMongodbStore, type MongodbStoreOptions } from './open-mongodb-store.js';
