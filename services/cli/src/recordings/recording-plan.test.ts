import { describe, expect, it } from '@jest/globals';
import { planRecordings } from './recording-plan.js';

describe('the plan of the files of a command', () => {
  it('takes run and chat from the name of the file, and the times of the contract', () => {
    expect(planRecordings(['/logs/My run #1.full.jsonl'], { format: 'ai-sdk' })).toEqual([
      {
        fileName: '/logs/My run #1.full.jsonl',
        format: 'ai-sdk',
        chatId: 'My-run--1.full',
        runId: 'My-run--1.full',
        startMicros: Date.parse('2026-01-01T00:00:00Z') * 1_000,
        tickMicros: 1_000,
      },
    ]);
  });

  it('takes the chat from the run, unless it is given', () => {
    const options = { format: 'ai-sdk', run: 'r' } as const;
    expect(planRecordings(['f'], options)).toMatchObject([{ chatId: 'r', runId: 'r' }]);
    expect(planRecordings(['f'], { ...options, chat: 'c' })).toMatchObject([{ chatId: 'c', runId: 'r' }]);
    expect(planRecordings(['-'], { format: 'ai-sdk' })).toMatchObject([{ chatId: 'stdin', runId: 'stdin' }]);
  });

  it('refuses two files of one chat and run, but not two runs of one chat', () => {
    const files = ['a/one.jsonl', 'b/one.json'];
    expect(() => planRecordings(files, { format: 'ai-sdk' })).toThrow(
      /a\/one\.jsonl and b\/one\.json would both be run one of chat one/,
    );
    expect(() => planRecordings(['a', 'b'], { format: 'ai-sdk', run: 'r' })).toThrow(/run r/);
    expect(planRecordings(['a', 'b'], { format: 'ai-sdk', chat: 'c' })).toHaveLength(2);
    expect(planRecordings(files, { format: 'stepfold' })).toHaveLength(2);
  });
});
