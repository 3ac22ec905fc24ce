/** How a process ended. */
export interface ProcessEnd {
  /** Null if a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it told the person when it failed. */
  readonly sentence: string | undefined;
}

/** A process that the command needs ended by itself: its sentence and its exit code are those of the command. */
export class ProjectorFailed extends Error {
  override readonly name = 'ProjectorFailed';
  constructor(readonly end: ProcessEnd) {
    super(end.sentence ?? `the projector ended with ${end.signal ?? `exit code ${end.exitCode}`}`);
  }
}
