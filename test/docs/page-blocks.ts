/** A fenced block of a page. */
export interface PageBlock {
  /** `sh`, `js`, `text`, …; empty for a drawing. */
  readonly language: string;
  readonly text: string;
  /** Of its first line, from 1. */
  readonly line: number;
}

/** The fenced blocks of a Markdown page, top to bottom. Blocks in lists lose their indentation. */
export function blocksOf(markdown: string): readonly PageBlock[] {
  const blocks: PageBlock[] = [];
  const lines = markdown.split('\n');
  for (let index = 0; index < lines.length; index++) {
    const fence = /^( *)```(\w*)\s*$/.exec(lines[index]!);
    if (fence === null) continue;
    const [, indent, language] = fence;
    const end = lines.findIndex((line, later) => later > index && line.trim() === '```');
    if (end === -1) throw new Error(`the block at line ${index + 1} has no end`);
    const body = lines.slice(index + 1, end).map((line) => line.slice(indent!.length));
    blocks.push({ language: language!, text: body.join('\n'), line: index + 2 });
    index = end;
  }
  return blocks;
}

/** A command of a shell block with all of its lines: continued ones, and those of a here-document. */
export interface PageCommand {
  readonly text: string;
  readonly line: number;
}

export function commandsOf(block: PageBlock): readonly PageCommand[] {
  const commands: PageCommand[] = [];
  const lines = block.text.split('\n');
  for (let index = 0; index < lines.length; index++) {
    if (/^\s*(#|$)/.test(lines[index]!)) continue;
    const first = index;
    const mark = /<<-?\s*'?(\w+)'?/.exec(lines[index]!)?.[1];
    if (mark !== undefined) while (lines[index] !== mark && index < lines.length - 1) index++;
    else while (lines[index]!.endsWith('\\') && index < lines.length - 1) index++;
    commands.push({ text: lines.slice(first, index + 1).join('\n'), line: block.line + first });
  }
  return commands;
}
