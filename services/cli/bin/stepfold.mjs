#!/usr/bin/env node
// Only old syntax before the check: a Node that is far too old has to be able to say so.
import fs from 'node:fs';
import process from 'node:process';

const wanted = [20, 19];
const present = process.versions.node.split('.').map(Number);
const entry = new URL('../dist/main.js', import.meta.url);

function refuse(sentence) {
  process.stderr.write('stepfold: ' + sentence + '\n');
  process.exitCode = 2;
}

if (present[0] < wanted[0] || (present[0] === wanted[0] && present[1] < wanted[1])) {
  refuse('Node ' + process.versions.node + ' is too old: ' + wanted.join('.') + ' or newer is needed');
} else if (!fs.existsSync(entry)) {
  refuse('the program is not built yet: run `npm run build` in its repository');
} else {
  import(entry.href).then(
    (program) => program.main(process.argv.slice(2)),
    (error) => {
      // A package of the workspace without its build; anything else is a fault of the program.
      if (error.code !== 'ERR_MODULE_NOT_FOUND' && !process.env.STEPFOLD_DEBUG) {
        refuse('the program could not be loaded: ' + String(error.message).split('\n')[0]);
      } else if (process.env.STEPFOLD_DEBUG) {
        throw error;
      } else {
        refuse(
          'a part of the program is not installed or built: run `npm ci && npm run build` in its repository',
        );
      }
    },
  );
}
