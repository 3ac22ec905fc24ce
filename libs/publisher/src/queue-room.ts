/**
 * The room in the queue: how many events and bytes it may hold, together and for one partition. Who finds no
 * room waits; nothing is dropped.
 *
 * 1. Within a partition, events are admitted in the order in which they asked.
 * 2. Nobody who fits is overtaken for good: while the earliest waiter that its partition has room for does not
 *    fit the whole, nobody else is admitted, however small.
 * 3. A partition that has used up its share does not hold up the others.
 */
export interface QueueRoom {
  /** Calls `onRoom` when there is room, which is then taken: at once if there is, else from within `release`. */
  take(partition: number, bytes: number, onRoom: () => void): void;
  /**
   * Takes room only if there is some, and answers whether; asks for no turn, so use it or `take`, not both. What is
   * `ordinary` leaves a part of the room to what is `important`; what is `vital` has the excess besides.
   */
  tryTake(partition: number, bytes: number, rank: EventRank): boolean;
  release(partition: number, events: number, bytes: number): void;
  /** How many wait. */
  readonly waiting: number;
  /** Forgets who waits. */
  clear(): void;
}

export type EventRank = 'ordinary' | 'important' | 'vital';

/** What ordinary events may fill: the rest is kept for those that open, structure and end a step. */
const ORDINARY_SHARE = 7 / 8;

export interface QueueRoomLimits {
  readonly eventsMax: number;
  readonly bytesMax: number;
  readonly partitionEventsMax: number;
  readonly partitionBytesMax: number;
}

interface Account {
  events: number;
  bytes: number;
}

interface Waiter {
  readonly arrival: number;
  readonly bytes: number;
  readonly onRoom: () => void;
}

interface PartitionAccount extends Account {
  waiters: Waiter[];
  /** Index of the first waiter; those before it have been admitted. */
  head: number;
}

/** Admitted waiters are cut off the list when they are this many, and half of it. */
const COMPACT_WAITERS_MIN = 256;

/** @param excess what vital events may take above the limits */
export function createQueueRoom(limits: QueueRoomLimits, excess?: QueueRoomLimits): QueueRoom {
  const limitsOf: Readonly<Record<EventRank, QueueRoomLimits>> = {
    ordinary: combined(limits, (limit) => limit * ORDINARY_SHARE),
    important: limits,
    vital: combined(limits, (limit, name) => limit + (excess?.[name] ?? 0)),
  };
  const whole: Account = { events: 0, bytes: 0 };
  const partitions = new Map<number, PartitionAccount>();
  const withWaiters = new Set<PartitionAccount>();
  let waiting = 0;
  let arrivals = 0;
  let isAdmitting = false;

  function accountOf(partition: number): PartitionAccount {
    let account = partitions.get(partition);
    if (account === undefined) {
      account = { events: 0, bytes: 0, waiters: [], head: 0 };
      partitions.set(partition, account);
    }
    return account;
  }

  function fitsWhole(bytes: number, { eventsMax, bytesMax } = limits): boolean {
    return fits(whole, bytes, eventsMax, bytesMax);
  }

  function fitsShare(account: PartitionAccount, bytes: number, ofRank = limits): boolean {
    return fits(account, bytes, ofRank.partitionEventsMax, ofRank.partitionBytesMax);
  }

  function fits(account: Account, bytes: number, eventsMax: number, bytesMax: number): boolean {
    return account.events < eventsMax && account.bytes + bytes <= bytesMax;
  }

  function add(account: PartitionAccount, events: number, bytes: number): void {
    whole.events += events;
    whole.bytes += bytes;
    account.events += events;
    account.bytes += bytes;
  }

  /** The partition whose first waiter came earliest, of those that have room for it. */
  function nextAccount(): PartitionAccount | undefined {
    let next: PartitionAccount | undefined;
    for (const account of withWaiters) {
      const first = account.waiters[account.head]!;
      if (!fitsShare(account, first.bytes)) continue;
      if (next === undefined || first.arrival < next.waiters[next.head]!.arrival) next = account;
    }
    return next;
  }

  function admit(): void {
    // An admitted event may release room at once, when it was merged; the loop below sees that.
    if (isAdmitting) return;
    isAdmitting = true;
    try {
      for (;;) {
        const account = nextAccount();
        if (account === undefined) return;
        const waiter = account.waiters[account.head]!;
        if (!fitsWhole(waiter.bytes)) return;
        dropFirst(account);
        add(account, 1, waiter.bytes);
        waiter.onRoom();
      }
    } finally {
      isAdmitting = false;
    }
  }

  function dropFirst(account: PartitionAccount): void {
    account.head++;
    waiting--;
    if (account.head === account.waiters.length) {
      account.waiters = [];
      account.head = 0;
      withWaiters.delete(account);
    } else if (account.head >= COMPACT_WAITERS_MIN && account.head * 2 >= account.waiters.length) {
      account.waiters = account.waiters.slice(account.head);
      account.head = 0;
    }
  }

  return {
    take(partition, bytes, onRoom) {
      const account = accountOf(partition);
      if (waiting === 0 && fitsWhole(bytes) && fitsShare(account, bytes)) {
        add(account, 1, bytes);
        onRoom();
        return;
      }
      account.waiters.push({ arrival: arrivals++, bytes, onRoom });
      withWaiters.add(account);
      waiting++;
      admit();
    },
    tryTake(partition, bytes, rank) {
      const account = accountOf(partition);
      // The largest event may be larger than what ordinary ones may fill. It would never find room.
      const ofRank = whole.events === 0 && rank === 'ordinary' ? limits : limitsOf[rank];
      if (!fitsWhole(bytes, ofRank) || !fitsShare(account, bytes, ofRank)) return false;
      add(account, 1, bytes);
      return true;
    },
    release(partition, events, bytes) {
      add(accountOf(partition), -events, -bytes);
      if (waiting > 0) admit();
    },
    get waiting() {
      return waiting;
    },
    clear() {
      for (const account of withWaiters) {
        account.waiters = [];
        account.head = 0;
      }
      withWaiters.clear();
      waiting = 0;
    },
  };
}

function combined(
  limits: QueueRoomLimits,
  change: (limit: number, name: keyof QueueRoomLimits) => number,
): QueueRoomLimits {
  return {
    eventsMax: change(limits.eventsMax, 'eventsMax'),
    bytesMax: change(limits.bytesMax, 'bytesMax'),
    partitionEventsMax: change(limits.partitionEventsMax, 'partitionEventsMax'),
    partitionBytesMax: change(limits.partitionBytesMax, 'partitionBytesMax'),
  };
}
