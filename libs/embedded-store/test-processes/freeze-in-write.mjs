/** Freezes itself inside a write transaction of the store of a directory. Argument: directory. */
import { openDatabase } from '../dist/database.js';
import { createSystemRuntime } from '@stepfold/runtime';

const database = await openDatabase(process.argv[2], createSystemRuntime());
database.write((writes) => {
  writes.put(Buffer.from('s\0frozen'), Buffer.from('never committed'));
  process.kill(process.pid, 'SIGSTOP');
  // A frozen process goes on only when it is thawed, but the signal may arrive a moment late.
  for (;;);
});
