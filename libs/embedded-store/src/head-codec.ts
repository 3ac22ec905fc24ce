import type { Head } from '@stepfold/message-store';

/** As it is stored: decimal texts, because an order does not fit a double. */
export function encodeHead(head: Head): Buffer {
  return Buffer.from(`${head.rev} ${head.foldVersion} ${head.order}`, 'latin1');
}

export function decodeHead(bytes: Uint8Array): Head {
  const [rev, foldVersion, order] = Buffer.from(bytes).toString('latin1').split(' ');
  return { rev: Number(rev), foldVersion: Number(foldVersion), order: BigInt(order!) };
}
