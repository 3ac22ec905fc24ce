const { STEPFOLD_TEST_KAFKA, STEPFOLD_TEST_MONGODB, STEPFOLD_TEST_FAULTS } = process.env;
const hasServers = Boolean(STEPFOLD_TEST_KAFKA) && Boolean(STEPFOLD_TEST_MONGODB);

/** One configuration for every package: sources are compiled by swc, packages resolve to their sources. */
export default {
  rootDir: import.meta.dirname,
  roots: ['<rootDir>/libs', '<rootDir>/services', '<rootDir>/infra', '<rootDir>/test'],
  // Fault tests start servers of their own and kill them: they run alone, and only if asked for. Tests against
  // real servers run if the servers are given. `npm test` sees to both.
  testMatch: [STEPFOLD_TEST_FAULTS ? '**/*.fault.test.ts' : '**/!(*.fault).test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/', ...(hasServers ? [] : ['\\.int\\.test\\.ts$'])],
  modulePathIgnorePatterns: ['/dist/'],
  testEnvironment: 'node',
  // Ends a test that hangs, and judges no speed: a busy machine is slow.
  testTimeout: 60_000,
  // Many suites wait for processes; by default two processors would get one worker.
  maxWorkers: '100%',
  injectGlobals: false,
  // Packages that exist as ES modules only, which jest cannot load as they are.
  transformIgnorePatterns: [
    '/node_modules/(?!(?:get-east-asian-width|@noble/hashes|ai-7|@ai-sdk|@workflow|eventsource-parser|zod)/)',
  ],
  transform: {
    '^.+\\.[jt]s$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022', keepClassNames: true },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  moduleNameMapper: {
    '^@stepfold/(projector|writer)$': '<rootDir>/services/$1/src/index.ts',
    '^@stepfold/local-servers$': '<rootDir>/infra/local/src/index.ts',
    '^@stepfold/(event-log|message-store)/conformance$': '<rootDir>/libs/$1/src/conformance/index.ts',
    '^@stepfold/([a-z-]+)$': '<rootDir>/libs/$1/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
};
