/**
 * Runs the simulation: the production projector and writer against a simulated log and store, one seed
 * after the other. `npm run simulate -- --help` shows the options. The program is `test/simulation/main.ts`.
 */
import { runTestProgram } from './run-test-program.mjs';

runTestProgram('simulate', 'simulation/main.js');
