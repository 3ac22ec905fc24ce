/** The heading of the commands that keep an installation running, and of those that help with it. */
export const OPERATE = 'Operate:';

/** Commands by what one wants. The order of the help is that of the table of commands. */
export const commandGroups: readonly { readonly heading: string; readonly names: readonly string[] }[] = [
  { heading: 'Try it:', names: ['demo'] },
  { heading: 'Recordings:', names: ['fold', 'convert', 'publish', 'import'] },
  { heading: 'Services:', names: ['dev', 'projector', 'writer', 'gateway'] },
  { heading: 'Look:', names: ['chats', 'messages', 'events', 'tail'] },
  { heading: 'Audit:', names: ['replay', 'explain', 'verify', 'export'] },
  { heading: OPERATE, names: ['lag', 'dead-letters', 'rebuild', 'completion'] },
];

/** The heading under which a command is listed. */
export function headingOf(name: string): string {
  return commandGroups.find(({ names }) => names.includes(name))?.heading ?? OPERATE;
}
