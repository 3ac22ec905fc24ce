/**
 * Runs the services for as long as one likes while they are killed: `npm run soak -- --help` shows the options. The
 * program is `test/soak/main.ts`.
 */
import { runTestProgram } from './run-test-program.mjs';

runTestProgram('soak', 'soak/main.js');
