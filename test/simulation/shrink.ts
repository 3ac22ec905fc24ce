import { simulate } from './simulation.js';
import { calmStore, calmWeather, type SimulationOptions } from './simulation-options.js';
import type { Canary } from './canaries.js';

/** Options that are given instead of those that follow from the seed; those of a group one by one. */
export type OptionChanges = { readonly [K in keyof SimulationOptions]?: unknown };

/** Worlds that are tried, at most. */
const TRIES_MAX = 150;

export function changedOptions(options: SimulationOptions, changes: OptionChanges): SimulationOptions {
  const changed: Record<string, unknown> = { ...options };
  for (const [name, value] of Object.entries(changes)) {
    const former = changed[name];
    const isGroup = typeof former === 'object' && former !== null && !Array.isArray(former);
    changed[name] = isGroup ? { ...former, ...(value as object) } : value;
  }
  return changed as unknown as SimulationOptions;
}

/**
 * A smaller world in which the seed still breaks the same invariant: fewer processes, steps and faults, and less that is special.
 * Answers what has to be changed. Greedy: what a change spoils is not tried again in another order.
 */
export async function shrink(
  options: SimulationOptions,
  invariant: number,
  canary?: Canary,
): Promise<OptionChanges> {
  let smallest = options;
  let changes: OptionChanges = {};
  let tries = 0;
  const fails = async (candidate: SimulationOptions): Promise<boolean> => {
    tries++;
    const planted = canary === undefined ? {} : { canary };
    const { violations } = await simulate(candidate.seed, { ...planted, options: candidate });
    return violations.some((violation) => violation.invariant === invariant);
  };
  for (let hasShrunk = true; hasShrunk && tries < TRIES_MAX;) {
    hasShrunk = false;
    for (const change of smallerOptions(smallest)) {
      if (tries >= TRIES_MAX) break;
      const candidate = changedOptions(smallest, change);
      if (!(await fails(candidate))) continue;
      smallest = candidate;
      changes = merged(changes, change);
      hasShrunk = true;
      break;
    }
  }
  return changes;
}

/** The larger steps first. */
function smallerOptions(options: SimulationOptions): OptionChanges[] {
  const { faults, steps, stepEvents, log, client } = options;
  const changes: OptionChanges[] = [];
  const propose = (isLarger: boolean, change: OptionChanges): void => {
    if (isLarger) changes.push(change);
  };
  propose(faults.length > 0, { faults: [] });
  for (const fault of faults) changes.push({ faults: faults.filter((other) => other !== fault) });
  propose(steps > 1, { steps: Math.ceil(steps / 2) });
  propose(steps > 1, { steps: steps - 1 });
  propose(stepEvents > 1, { stepEvents: Math.ceil(stepEvents / 2) });
  for (const name of ['projectors', 'writers', 'publishers', 'clients', 'chats'] as const) {
    propose(options[name] > 1, { [name]: 1 });
  }
  for (const name of [
    'repeatProbability',
    'poisonProbability',
    'clientShare',
    'clockSkewMs',
    'clockJumps',
    'timerLatenessMs',
  ] as const) {
    propose(options[name] > 0, { [name]: 0 });
  }
  propose(log.partitionCount > 1, { log: { partitionCount: 1 } });
  propose(log.holeProbability > 0 || log.partialProbability > 0, {
    log: { holeProbability: 0, partialProbability: 0 },
  });
  for (const name of ['logWeather', 'storeWeather'] as const) {
    propose(!isEqual(options[name], calmWeather), { [name]: calmWeather });
  }
  propose(!isEqual(options.store, calmStore), { store: calmStore });
  propose(client.hasOutbox, { client: { hasOutbox: false } });
  propose((client.coalesceMs ?? 0) > 0, { client: { coalesceMs: 0 } });
  propose(client.whenFull === 'drop', { client: { whenFull: 'wait' } });
  return changes;
}

function merged(former: OptionChanges, change: OptionChanges): OptionChanges {
  const all: Record<string, unknown> = { ...former };
  for (const [name, value] of Object.entries(change)) {
    const known = all[name];
    const isGroup = typeof value === 'object' && value !== null && !Array.isArray(value);
    all[name] = isGroup ? { ...(known as object | undefined), ...value } : value;
  }
  return all as OptionChanges;
}

function isEqual(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
