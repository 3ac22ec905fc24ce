export const usage = `npm run soak -- [--minutes M] [--on embedded|servers] [--flood EVENTS]

  --minutes M      how long on each log and store (5 unless given)
  --on PLACE       only the embedded log and store, or only Kafka + MongoDB
  --flood EVENTS   instead of killing: so many events through one projector, as fast as they go

Publishes without end while projectors and writers are killed, compares every message with a fold of its
events, and samples the memory of those that are not killed. Kafka and MongoDB are those that
STEPFOLD_TEST_KAFKA and STEPFOLD_TEST_MONGODB name, or local ones that are started for it.`;

export interface SoakArguments {
  readonly minutes: number;
  readonly places: readonly ('embedded' | 'servers')[];
  readonly floodEvents: number | undefined;
  readonly isHelp: boolean;
}

/** Reads the arguments, or answers in a sentence what is wrong with them. */
export function parseArguments(given: readonly string[]): SoakArguments | string {
  let minutes = 5;
  let places: SoakArguments['places'] = ['embedded', 'servers'];
  let floodEvents: number | undefined;
  let isHelp = false;
  for (let i = 0; i < given.length; i++) {
    const name = given[i] as string;
    if (name === '--help') isHelp = true;
    else if (name === '--minutes' || name === '--flood') {
      const value = Number(given[++i]);
      if (!(value > 0) || !Number.isFinite(value)) return `${name} takes a number above 0`;
      if (name === '--minutes') minutes = value;
      else floodEvents = Math.ceil(value);
    } else if (name === '--on') {
      const place = given[++i];
      if (place !== 'embedded' && place !== 'servers') return '--on takes embedded or servers';
      places = [place];
    } else return `${JSON.stringify(name)} is no option`;
  }
  return { minutes, places, floodEvents, isHelp };
}
