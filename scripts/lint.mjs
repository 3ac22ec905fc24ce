/** Format, lint with types (direction of imports and forbidden globals included), vectors in step. */
import { run } from './prepare.mjs';

run('format', 'npx', ['prettier', '--check', '--log-level', 'warn', '.']);
run('lint', 'npx', ['oxlint', '--type-aware', '--deny-warnings']);
run('vectors', 'node', ['scripts/sync-vectors.mjs', '--check']);
