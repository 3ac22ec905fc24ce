import type { EventLog, Position } from '@stepfold/event-log';
import type { Runtime } from '@stepfold/runtime';
import { formatDuration } from '../render/format-duration.js';

/** What a death of the projector came to. */
export interface Accident {
  readonly killedPid: number | undefined;
  /** The process that has taken its place; undefined as long as none has a partition. */
  readonly successorPid?: number | undefined;
  /** From the death until the successor had a partition. */
  readonly awayMs?: number;
  /** Events that the log took in that time. */
  readonly appended?: number | undefined;
}

/** Notes the deaths of the projector, as its keeper sees them, and tells of them. */
export interface AccidentReport {
  readonly onStarted: (pid: number | undefined) => void;
  readonly onAtWork: (pid: number | undefined) => void;
  readonly onDied: (pid: number | undefined) => void;
  /** What has happened so far, in order. Resolves when everything that was begun to be counted is counted. */
  accidents(): Promise<readonly Accident[]>;
}

export function createAccidentReport(options: {
  readonly log: EventLog;
  readonly runtime: Runtime;
  readonly tell: (what: string) => void;
}): AccidentReport {
  const { log, runtime, tell } = options;
  const closed: Promise<Accident>[] = [];
  let open:
    | {
        readonly killedPid: number | undefined;
        readonly diedAtMs: number;
        readonly eventsBefore: Promise<number | undefined>;
      }
    | undefined;

  return {
    onDied(pid) {
      // One that dies before it has a partition only makes the absence longer.
      open ??= { killedPid: pid, diedAtMs: runtime.monotonicMs(), eventsBefore: countEvents(log) };
      tell(`Projector ${pid} was killed (SIGKILL). The agent does not notice.`);
    },
    onStarted(pid) {
      if (open !== undefined) tell(`Another projector was started: ${pid}.`);
    },
    onAtWork(pid) {
      if (open === undefined) return;
      const { killedPid, diedAtMs, eventsBefore } = open;
      open = undefined;
      const awayMs = runtime.monotonicMs() - diedAtMs;
      closed.push(
        Promise.all([eventsBefore, countEvents(log)]).then(([before, after]) => {
          const appended = before === undefined || after === undefined ? undefined : after - before;
          const accident = { killedPid, successorPid: pid, awayMs, appended };
          tell(`Projector ${pid} took over; ${renderAbsence(accident)}`);
          return accident;
        }),
      );
    },
    async accidents() {
      return [...(await Promise.all(closed)), ...(open === undefined ? [] : [{ killedPid: open.killedPid }])];
    },
  };
}

/** How long the projector was away, and what was appended meanwhile. */
export function renderAbsence({ awayMs, appended }: Accident): string {
  if (awayMs === undefined) return 'another one of its group does its work.';
  const events = appended === 1 ? '1 event was' : `${appended ?? 'some'} events were`;
  return `${events} appended in the ${formatDuration(Math.round(awayMs * 1_000))} between.`;
}

/** The last position of every partition that has one. @throws TransientError */
export async function lastPositions(log: EventLog): Promise<readonly Position[]> {
  const partitions = Array.from({ length: log.partitionCount }, (_, partition) => partition);
  const bounds = await Promise.all(partitions.map((partition) => log.bounds('events', partition)));
  return bounds.flatMap(({ end }, partition) => (end === 0 ? [] : [{ partition, offset: end - 1 }]));
}

/** How many events were ever appended; undefined if the log cannot say just now. */
async function countEvents(log: EventLog): Promise<number | undefined> {
  try {
    return (await lastPositions(log)).reduce((sum, { offset }) => sum + offset + 1, 0);
  } catch {
    return undefined;
  }
}
