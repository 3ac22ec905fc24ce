/**
 * Runs the benchmark: the production parts beside what one would write by hand, on real servers.
 * `npm run bench -- --help` shows the options. The program is `test/bench/main.ts`.
 */
import { runTestProgram } from './run-test-program.mjs';

runTestProgram('bench', 'bench/main.js');
