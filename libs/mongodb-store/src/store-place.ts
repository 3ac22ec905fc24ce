import type { MongoClient } from 'mongodb';

/** Where a store is, in the words of its errors: hosts and database, never a user or a password. */
export interface StorePlace {
  /** `host:port`, with commas between several. */
  readonly hosts: string;
  readonly database: string;
  /** Whether the URL has a user. */
  readonly hasUser: boolean;
}

export function placeOf(client: MongoClient, database: string): StorePlace {
  const { hosts, srvHost, credentials } = client.options;
  return {
    hosts: srvHost ?? hosts.map(String).join(','),
    database,
    hasUser: credentials !== undefined && credentials.username !== '',
  };
}
