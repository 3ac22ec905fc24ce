/** Format, lint with types (direction of imports and forbidden globals included), vectors and the page of events in step. */
import { run } from './prepare.mjs';

run('format', 'npx', ['prettier', '--check', '--log-level', 'warn', '.']);
run('lint', 'npx', ['oxlint', '--type-aware', '--deny-warnings']);
run('events page', 'node', ['scripts/write-events-page.mjs', '--check']);
run('vectors', 'node', ['scripts/sync-vectors.mjs', '--check']);
