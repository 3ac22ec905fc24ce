/**
 * Commands of pages that the test of pages does not run, and what holds them instead. An entry that no page
 * has any more makes the test fail.
 */
export const notRun: readonly { readonly starts: string; readonly why: string }[] = [
  { starts: 'npm start', why: 'sets up the working copy; services/cli/src/demo.e2e.test.ts' },
  { starts: 'npm test', why: 'is what runs this test' },
  { starts: 'npx jest', why: 'runs tests within a test' },
  { starts: 'STEPFOLD_TEST_FAULTS=1 npx jest', why: 'runs tests within a test' },
  { starts: 'npm run build', why: 'this test needs a build before it begins' },
  { starts: 'npm run lint', why: 'npm test runs it' },
  { starts: 'npm run format', why: 'changes the working copy; npm run lint checks the outcome' },
  { starts: 'npm run vectors', why: 'changes the working copy; npm run lint checks the outcome' },
  { starts: 'npm run pack', why: 'packs everything; test/packages/packages.e2e.test.ts' },
  { starts: 'npm run servers', why: 'starts servers; infra/local/src/servers-command.test.ts' },
  { starts: 'npm run simulate', why: 'takes minutes; npm test runs it, test/simulation/simulation.test.ts' },
  { starts: 'npm run soak', why: 'takes minutes; test/soak/soak.e2e.test.ts' },
  { starts: 'npm run bench', why: 'takes minutes; test/bench/bench.int.test.ts' },
  { starts: 'kafka-consumer-groups.sh', why: 'needs a cluster; test/faults/records.fault.test.ts' },
  { starts: 'export STEPFOLD_KAFKA=', why: 'names a cluster; services/cli/src/servers.int.test.ts' },
  { starts: 'mongosh ', why: 'needs a cluster; libs/mongodb-store/src/querying.int.test.ts' },
  { starts: 'npx stepfold projector', why: 'of a cluster; services/cli/src/pipeline.e2e.test.ts' },
  { starts: 'npx stepfold writer', why: 'of a cluster; services/cli/src/pipeline.e2e.test.ts' },
];

/** Pages whose commands another test runs or checks as a whole. */
export const coveredElsewhere: Readonly<Record<string, string>> = {
  'docs/kafka.md': 'services/cli/src/kafka-page.test.ts',
  'docs/querying.md': 'libs/mongodb-store/src/querying.int.test.ts',
};
