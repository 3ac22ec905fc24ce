import { describe, expect, it } from '@jest/globals';
import { mirrorOf, parsePackages, selectPackages } from './debian-packages.js';

const index = `Package: server
Version: 18.1-2
Pre-Depends: libc6 (>= 2.38)
Depends: libssl3t64:any (>= 3) | libssl3, tool, virtual-lib
Size: 1000
SHA256: aa

Package: libssl3t64
Version: 3.5
Depends: libc6
Size: 20
SHA256: bb

Package: libc6
Version: 2.41
Size: 300
SHA256: cc

Package: libreal
Version: 1
Provides: virtual-lib (= 1), other
Size: 4
SHA256: dd

Package: tool
Version: 1
Depends: server
Size: 5
SHA256: ee
`;

describe('the index of Debian', () => {
  it('is read with the first alternative of each relation', () => {
    expect(parsePackages(index)[0]).toEqual({
      name: 'server',
      version: '18.1-2',
      depends: ['libc6', 'libssl3t64', 'tool', 'virtual-lib'],
      provides: [],
      sizeBytes: 1000,
      sha256: 'aa',
    });
  });

  it('gives what is wanted and needed, through what a package provides, as far as it is followed', () => {
    const select = (isFollowed: (name: string) => boolean) =>
      selectPackages(parsePackages(index), ['server'], isFollowed).map(({ name }) => name);
    expect(select((name) => /lib/.test(name))).toEqual(['libc6', 'libreal', 'libssl3t64', 'server']);
    expect(select(() => true)).toEqual(['libc6', 'libreal', 'libssl3t64', 'server', 'tool']);
    expect(select(() => false)).toEqual(['server']);
  });
});

describe('the mirror of a machine', () => {
  it.each([
    ['deb http://mirror/debian bookworm main', 'http://mirror/debian'],
    ['deb [arch=amd64 signed-by=/k] https://mirror/debian bookworm main', 'https://mirror/debian'],
    ['Types: deb\nURIs: http://mirror/debian\nSuites: bookworm', 'http://mirror/debian'],
    ['URIs: http://mirror/debian-security\n\nURIs: http://mirror/debian', 'http://mirror/debian'],
    ['# deb http://mirror/debian bookworm main', undefined],
    ['', undefined],
  ])('in %j is %s', (sources, mirror) => {
    expect(mirrorOf(sources)).toBe(mirror);
  });
});
