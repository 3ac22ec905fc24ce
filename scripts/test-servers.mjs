/**
 * The real servers of a test run: those that the environment gives, or else local ones, started here.
 * To be called after the build.
 */

/** Nobody kills this broker, and the tests keep every processor busy: it must not be taken for dead. */
const PATIENT = { 'broker.session.timeout.ms': 18_000, 'broker.heartbeat.interval.ms': 2_000 };

/**
 * Starts the servers that are needed and not given. Answers the variables for jest (`undefined` if there are
 * no servers), what keeps the tests from running (none if nothing does), and how to stop what was started.
 *
 * @param {{ needsServers: boolean, needsFaults: boolean }} needs
 */
export async function openTestServers({ needsServers, needsFaults }) {
  const local = await import('../infra/local/dist/index.js');
  const { STEPFOLD_TEST_KAFKA: kafka, STEPFOLD_TEST_MONGODB: mongodb } = process.env;
  const startsKafka = needsServers && !kafka;
  const startsMongodb = needsServers && !mongodb;

  const ofServers = [
    ...(startsKafka ? await local.missingForKafka() : []),
    ...(startsMongodb ? await local.missingForMongodb() : []),
  ];
  // Fault tests kill servers, and so start their own whatever is given.
  const ofFaults = needsFaults
    ? [...(await local.missingForKafka()), ...(await local.missingForMongodb())]
    : [];

  const started = [];
  const stop = async () => {
    for (const server of started.splice(0)) await server.stop();
    // What test processes that were killed have left.
    local.killOrphans();
  };
  const answer = (environment, obstacles) => ({
    environment,
    obstacles,
    canRunFaults: ofFaults.length === 0,
    stop,
  });
  if (ofServers.length > 0) return answer(undefined, [...new Set([...ofServers, ...ofFaults])]);
  if (!startsKafka && !startsMongodb) return answer({}, ofFaults);

  console.log('\n▸ servers: starting Kafka and MongoDB (infra/README.md)');
  const progress = (line) => console.log(line);
  const starts = await Promise.allSettled([
    startsKafka ? local.startKafka({ progress, properties: PATIENT }) : undefined,
    startsMongodb ? local.startMongodb({ progress }) : undefined,
  ]);
  started.push(...starts.flatMap(({ value }) => value ?? []));
  const failed = starts.flatMap(({ reason }) =>
    reason === undefined ? [] : [String(reason.message ?? reason)],
  );
  if (failed.length > 0) {
    await stop();
    return answer(undefined, [...failed, ...ofFaults]);
  }
  const [{ value: startedKafka }, { value: startedMongodb }] = starts;
  return answer(
    {
      STEPFOLD_TEST_KAFKA: startedKafka?.brokers.join(',') ?? kafka,
      STEPFOLD_TEST_MONGODB: startedMongodb?.url ?? mongodb,
    },
    ofFaults,
  );
}
