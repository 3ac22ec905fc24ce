/** One configuration for every package: sources are compiled by swc, packages resolve to their sources. */
export default {
  rootDir: import.meta.dirname,
  roots: ['<rootDir>/libs', '<rootDir>/services', '<rootDir>/infra', '<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['/dist/'],
  testEnvironment: 'node',
  // Many suites wait for processes; by default two processors would get one worker.
  maxWorkers: '100%',
  injectGlobals: false,
  transform: {
    '^.+\\.ts$': [
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
