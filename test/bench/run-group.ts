import { partitionOf } from '@stepfold/event-log';
import { encodeEvent } from '@stepfold/events';
import type { ArmJob, ArmName } from './arm.js';
import { startArm, type ArmProcess } from './arm-process.js';
import { load, openBenchLog, topicPrefixOf, type Servers } from './bench-places.js';
import { needsServers, type Group } from './groups.js';
import type { Measured } from './statistics.js';
import { versionRecords } from './versions.js';
import { makeWorkload } from './workload.js';

export interface GroupOptions {
  readonly servers: Servers;
  readonly seed: number;
  readonly rounds: number;
  readonly amountOf: (arm: ArmName) => number;
  readonly spoilt: ArmName | undefined;
  readonly profileFolder: string | undefined;
  readonly progress: (line: string) => void;
}

export interface GroupOutcome {
  readonly measured: ReadonlyMap<ArmName, readonly Measured[]>;
  /** Sentences about results that were wrong. */
  readonly problems: readonly string[];
}

/** Runs the arms of a group in turn: a round that warms up and does not count, then those that do. */
export async function runGroup(group: Group, options: GroupOptions): Promise<GroupOutcome> {
  const { rounds, progress } = options;
  progress(`${group.name}: preparing`);
  await loadTopics(group, options);
  const processes: ArmProcess[] = [];
  const measured = new Map<ArmName, Measured[]>();
  const problems: string[] = [];
  try {
    for (const { arm } of group.arms) processes.push(await startArm(jobOf(arm, options)));
    for (let round = 0; round <= rounds; round++) {
      for (const process of processes) {
        const name = round === 0 ? 'warm-up' : `round-${round}`;
        const outcome = await process.round(name, round === rounds);
        if (outcome.problem !== undefined) problems.push(`${process.arm}, ${name}: ${outcome.problem}`);
        if (round === 0) continue;
        const former = measured.get(process.arm) ?? [];
        measured.set(process.arm, [...former, outcome.measured]);
      }
      progress(`${group.name}: ${round === 0 ? 'warmed up' : `round ${round} of ${rounds}`}`);
    }
    for (const process of processes) await process.close();
  } finally {
    for (const process of processes) process.kill();
  }
  return { measured, problems };
}

function jobOf(arm: ArmName, options: GroupOptions): ArmJob {
  const { servers, seed, amountOf, spoilt, profileFolder } = options;
  return {
    ...servers,
    arm,
    seed,
    events: amountOf(arm),
    isSpoilt: spoilt === arm,
    ...(profileFolder === undefined ? {} : { profileFolder }),
  };
}

/** Fills the topics that the arms of a group read, and makes those that they write to. */
async function loadTopics(group: Group, { servers, seed, amountOf }: GroupOptions): Promise<void> {
  // What they read is made where it is read.
  if (!needsServers(group.name)) return;
  const log = await openBenchLog(servers, group.name);
  try {
    if (group.name !== 'consume' && group.name !== 'write') return;
    const events = makeWorkload({ seed, events: amountOf(group.arms[0]!.arm), chatPrefix: 'chat-' });
    if (group.name === 'write') {
      const topic = `${topicPrefixOf(servers, 'write')}events`;
      await load(log, 'steps', versionRecords(events, topic, servers.partitionCount).byPartition);
      return;
    }
    const byPartition = new Map<number, { key: Uint8Array; value: Uint8Array }[]>();
    const encoder = new TextEncoder();
    for (const event of events) {
      const key = encoder.encode(event.chat_id);
      const partition = partitionOf(key, servers.partitionCount);
      const records = byPartition.get(partition);
      const record = { key, value: encodeEvent(event) };
      if (records === undefined) byPartition.set(partition, [record]);
      else records.push(record);
    }
    await load(log, 'events', byPartition);
  } finally {
    await log.close();
  }
}
