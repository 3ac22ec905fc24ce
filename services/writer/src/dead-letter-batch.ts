import type { LogRecord } from '@stepfold/event-log';
import { deadLetterCodes, isId, isStamp, type DeadLetterCode } from '@stepfold/events';
import type { DeadLetter } from '@stepfold/message-store';

/** Reads a record of the topic of dead letters; undefined if its headers are not those of one. */
export function readDeadLetter(record: LogRecord): DeadLetter | undefined {
  const { headers } = record;
  const reason = headers['stepfold-reason'];
  const stage = headers['stepfold-stage'];
  const at = Number(headers['stepfold-at']);
  const [topic, partition, offset] = [
    headers['stepfold-topic'],
    headers['stepfold-partition'],
    headers['stepfold-offset'],
  ];
  if (!isCode(reason) || (stage !== 'projector' && stage !== 'writer')) return undefined;
  if (topic === undefined || partition === undefined || offset === undefined || !isStamp(at))
    return undefined;
  const chatId = headers['stepfold-chat-id'];
  const stepId = headers['stepfold-step-id'];
  return {
    id: `${topic}:${partition}:${offset}`,
    stage,
    reason,
    detail: headers['stepfold-detail'] ?? '',
    ...(isId(chatId) ? { chat_id: chatId } : {}),
    ...(isId(stepId) ? { step_id: stepId } : {}),
    key: record.key,
    value: record.value,
    at,
  };
}

function isCode(code: string | undefined): code is DeadLetterCode {
  return (deadLetterCodes as readonly (string | undefined)[]).includes(code);
}
