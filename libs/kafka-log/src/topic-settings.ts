import kafkajs, { type Admin } from 'kafkajs';
import type { Topic } from '@stepfold/event-log';
import { typeOf } from './kafka-error.js';

export interface ComparedSettings {
  /** Settings that are not what the log was designed for. Nothing was changed: that is for the operator. */
  readonly differences: readonly TopicDifference[];
  /** Present if the settings could not be compared, for want of the right to read them. */
  readonly settingsUnread?: string;
}

export interface TopicDifference {
  readonly topic: string;
  readonly setting: string;
  readonly expected: string;
  /** `undefined` if the brokers do not know the setting. */
  readonly actual: string | undefined;
}

/**
 * The settings of a topic: they are the contract of the log.
 * @param replicaCount unknown where the brokers' default is left to decide
 */
export function settingsOf(
  topic: Topic,
  retentionMs: Readonly<Record<Topic, number>>,
  replicaCount: number | undefined,
): ReadonlyMap<string, string> {
  return new Map([
    ['cleanup.policy', 'delete'],
    ['retention.ms', String(retentionMs[topic])],
    // Idle times, ages and the end of a step are told by when the brokers took an event.
    ['message.timestamp.type', 'LogAppendTime'],
    ['max.message.bytes', '16777216'],
    // With three replicas an acknowledged record then survives the loss of any one of them.
    ...(replicaCount !== undefined && replicaCount >= 3 ? [['min.insync.replicas', '2'] as const] : []),
  ]);
}

/** Brokers may compress anew what they are given, with a kind that cannot be read here. */
const COMPRESSION_SETTING = 'compression.type';
const UNREADABLE_COMPRESSION = 'zstd';

/**
 * Compares the settings of topics, by name, with what they should be.
 * @throws errors of kafkajs as they are, for the caller to translate
 */
export async function compareSettings(
  admin: Pick<Admin, 'describeConfigs'>,
  expected: ReadonlyMap<string, ReadonlyMap<string, string>>,
): Promise<ComparedSettings> {
  const resources = [...expected].map(([name, settings]) => ({
    type: kafkajs.ConfigResourceTypes.TOPIC,
    name,
    configNames: [...settings.keys(), COMPRESSION_SETTING],
  }));
  try {
    const described = await admin.describeConfigs({ resources, includeSynonyms: false });
    const differences = described.resources.flatMap(({ resourceName, configEntries }) =>
      differencesOf(
        resourceName,
        expected.get(resourceName) ?? new Map<string, string>(),
        new Map(configEntries.map(({ configName, configValue }) => [configName, configValue])),
      ),
    );
    return { differences };
  } catch (error) {
    // Whoever may use the topics need not be allowed to look at their settings.
    if (typeOf(error)?.endsWith('_AUTHORIZATION_FAILED') !== true) throw error;
    return {
      differences: [],
      settingsUnread: 'the user of the log lacks the right DescribeConfigs on the topics',
    };
  }
}

/** More replicas in step than are needed are no difference. */
function isAsExpected(setting: string, expected: string, actual: string | undefined): boolean {
  if (setting === 'min.insync.replicas') return Number(actual) >= Number(expected);
  return actual === expected;
}

function differencesOf(
  topic: string,
  expected: ReadonlyMap<string, string>,
  actual: ReadonlyMap<string, string>,
): readonly TopicDifference[] {
  const differences: TopicDifference[] = [...expected]
    .filter(([setting, value]) => !isAsExpected(setting, value, actual.get(setting)))
    .map(([setting, value]) => ({ topic, setting, expected: value, actual: actual.get(setting) }));
  if (actual.get(COMPRESSION_SETTING) === UNREADABLE_COMPRESSION) {
    const setting = COMPRESSION_SETTING;
    differences.push({ topic, setting, expected: 'producer', actual: UNREADABLE_COMPRESSION });
  }
  return differences;
}
