/**
 * `npm start`: sets up what is missing and runs `stepfold demo` with the arguments given. In this process, so
 * that a Ctrl-C reaches the demo itself and its exit code is the one that npm sees.
 */
import process from 'node:process';
import { prepare } from './prepare.mjs';

prepare();
const demoArguments = ['demo', ...process.argv.slice(2)];
console.log(`\n▸ start: npx stepfold ${demoArguments.join(' ')}\n`);
const { main } = await import('../services/cli/dist/main.js');
await main(demoArguments);
