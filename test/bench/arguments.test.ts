import { describe, expect, it } from '@jest/globals';
import { parseArguments, usage } from './arguments.js';

describe('the arguments of the benchmark', () => {
  it('are the amounts of the full run unless they say otherwise', () => {
    expect(parseArguments([])).toEqual({ isQuick: false, isHelp: false, scale: 1 });
    expect(parseArguments(['--quick', '--json', 'a.json', '--only=consume', '--spoil', 'writer'])).toEqual({
      isQuick: true,
      isHelp: false,
      scale: 1,
      jsonFile: 'a.json',
      only: 'consume',
      spoilt: 'writer',
    });
  });

  it.each([
    [['--fast'], '"--fast" is no option'],
    [['--json'], '--json takes a path'],
    [['--scale', '0'], '--scale takes a factor up to 100, not "0"'],
    [['--rounds', 'x'], '--rounds takes 1 to 99, not "x"'],
    [
      ['--only', 'nothing'],
      '--only takes consume, publish, write, flow, formats, recorder, recovery, not "nothing"',
    ],
    [['--spoil', 'nobody'], '--spoil takes drain,'],
  ])('%j are refused in a sentence', (given, sentence) => {
    expect(parseArguments(given)).toContain(sentence);
  });

  it('are all in the usage', () => {
    for (const name of ['quick', 'json', 'only', 'profile', 'rounds', 'scale', 'spoil']) {
      expect(usage).toContain(`--${name} `);
    }
  });
});
