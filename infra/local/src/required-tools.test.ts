import { describe, expect, it } from '@jest/globals';
import {
  demandToolsForKafka,
  demandToolsForMongodb,
  javaCommand,
  missingForKafka,
  missingForMongodb,
  parseGoMinor,
  parseJavaMajor,
} from './required-tools.js';

/** A machine that has these tools, saying this. */
const machine = (tools: Readonly<Record<string, string>>) => (command: string) =>
  Promise.resolve(tools[command.split('/').pop() as string]);

const java17 = 'openjdk version "17.0.15" 2025-04-15';

describe('versions', () => {
  it.each([
    [java17, 17],
    ['java version "1.8.0_392"', 8],
    ['Picked up JAVA_TOOL_OPTIONS: -Da=b\nopenjdk version "21" 2023-09-19', 21],
    ['bash: java', undefined],
  ])('of %j is %s', (output, major) => {
    expect(parseJavaMajor(output)).toBe(major);
  });

  it.each([
    ['go version go1.26.8 linux/amd64', 26],
    ['go version go1.19 linux/amd64', 19],
    ['gccgo', undefined],
  ])('of %j is %s', (output, minor) => {
    expect(parseGoMinor(output)).toBe(minor);
  });
});

describe('what Kafka needs', () => {
  it('is nothing more where Java and Maven are', async () => {
    await expect(missingForKafka(machine({ java: java17, mvn: 'Apache Maven 3.8.7' }))).resolves.toEqual([]);
  });

  it('is named if it is not there or too old, with what to do', async () => {
    await expect(missingForKafka(machine({}))).resolves.toEqual([
      expect.stringMatching(/^no java: install Java 17 .*JAVA_HOME$/),
      'no mvn: install maven',
    ]);
    await expect(missingForKafka(machine({ java: 'version "11.0.2"', mvn: '3' }))).resolves.toEqual([
      expect.stringMatching(/^java is only version 11: install/),
    ]);
    await expect(demandToolsForKafka(machine({ java: java17 }))).rejects.toMatchObject({
      code: 'tool-missing',
      message: expect.stringMatching(/no mvn: install maven.*STEPFOLD_TEST_KAFKA=host:port/),
    });
  });

  it('takes the Java of JAVA_HOME first', () => {
    expect(javaCommand({ JAVA_HOME: '/opt/jdk' })).toBe('/opt/jdk/bin/java');
    expect(javaCommand({ JAVA_HOME: '' })).toBe('java');
  });
});

describe('what the MongoDB-wire server needs', () => {
  it('is named if it is not there or too old, with what to do', async () => {
    const missing = await missingForMongodb(
      machine({ go: 'go version go1.19 linux/amd64', 'dpkg-deb': '1' }),
    );
    if (process.platform !== 'linux' || process.arch !== 'x64') {
      expect(missing).toEqual([expect.stringContaining('Linux on x64')]);
      return;
    }
    expect(missing).toContain('go is only version 1.19: install Go 1.21 or newer');
    expect(missing).toContain('no apt-get: install apt');
    expect(missing.join()).not.toContain('dpkg');
    await expect(demandToolsForMongodb(machine({}))).rejects.toMatchObject({
      code: 'tool-missing',
      message: expect.stringMatching(
        /no go: install .*no dpkg-deb: install dpkg.*STEPFOLD_TEST_MONGODB=mongodb:/,
      ),
    });
  });
});
