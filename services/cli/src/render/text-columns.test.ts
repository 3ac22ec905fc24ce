import { describe, expect, it } from '@jest/globals';
import { cutText, padText, padTextStart, wrapText } from './plain-text.js';
import { columnsOf } from './text-columns.js';

describe('the columns of a text', () => {
  it.each([
    ['plain', 5],
    ['', 0],
    ['你好', 4],
    ['ｆｕｌｌ', 8],
    ['한국', 4],
    ['\u1112\u1161\u11ab', 2],
    ['é e\u0301', 3],
    ['👍', 2],
    ['👍🏽', 2],
    ['👩‍👩‍👧', 2],
    ['🇩🇪', 2],
    ['❤️', 2],
    ['z\u200b\u0335', 1],
    ['█░│…·', 5],
  ])('of %j are %d', (text, columns) => {
    expect(columnsOf(text)).toBe(columns);
  });
});

describe('text in columns', () => {
  it('is cut before a character that would stand across the border', () => {
    expect(cutText('你好世界', 5)).toBe('你好…');
    expect(cutText('你好世界', 6)).toBe('你好…');
    expect(cutText('你好世界', 8)).toBe('你好世界');
    expect(cutText('anything', 0)).toBe('');
  });

  it('is filled up to the width', () => {
    expect(padText('你', 4)).toBe('你  ');
    expect(padTextStart('你', 4)).toBe('  你');
    expect(padText('你好世', 4)).toBe('你… ');
  });

  it('is broken between wide characters', () => {
    expect(wrapText('你好世界', 5, 9)).toEqual(['你好', '世界']);
  });
});
