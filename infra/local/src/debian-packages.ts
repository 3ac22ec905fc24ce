/** One package of Debian's index. */
export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  /** What it needs, the first alternative of each. */
  readonly depends: readonly string[];
  readonly provides: readonly string[];
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** Reads what `apt-cache dumpavail` writes. */
export function parsePackages(index: string): DebianPackage[] {
  return index.split(/\n\n+/).flatMap((stanza) => {
    const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(stanza)?.[1] ?? '';
    const name = field('Package');
    if (name === '') return [];
    return {
      name,
      version: field('Version'),
      depends: [...namesOf(field('Pre-Depends')), ...namesOf(field('Depends'))],
      provides: namesOf(field('Provides')),
      sizeBytes: Number(field('Size')),
      sha256: field('SHA256'),
    };
  });
}

/**
 * The packages that are wanted and those they need, as far as `isFollowed` says yes to the name of a needed
 * one. A name may be that of a package or something that a package provides.
 */
export function selectPackages(
  packages: readonly DebianPackage[],
  wanted: readonly string[],
  isFollowed: (name: string) => boolean,
): DebianPackage[] {
  const byName = new Map(packages.map((entry) => [entry.name, entry]));
  const byProvided = new Map<string, DebianPackage>();
  for (const entry of packages) {
    for (const name of entry.provides) if (!byProvided.has(name)) byProvided.set(name, entry);
  }
  const selected = new Set<DebianPackage>();
  const open = [...wanted];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const entry = byName.get(name) ?? byProvided.get(name);
    if (entry === undefined || selected.has(entry)) continue;
    selected.add(entry);
    open.push(...entry.depends.filter(isFollowed));
  }
  return [...selected].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** `libc6 (>= 2.38), libssl3t64:any | libssl3` → `libc6`, `libssl3t64`. */
function namesOf(relation: string): string[] {
  return relation.split(',').flatMap((entry) => /^[^\s:(|]+/.exec(entry.trim())?.[0] ?? []);
}

/**
 * The archive that a machine's apt sources name first, security updates apart, in either form of such files.
 * Undefined if they name none.
 */
export function mirrorOf(aptSources: string): string | undefined {
  const urls = [
    ...aptSources.matchAll(/^URIs:\s*(\S+)/gm),
    ...aptSources.matchAll(/^deb\s+(?:\[[^\]]*\]\s+)?(\S+)/gm),
  ].map(([, url]) => url as string);
  return urls.find((url) => !url.includes('security'));
}
