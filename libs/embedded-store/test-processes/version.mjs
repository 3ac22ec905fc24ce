/** A version of a message whose content follows from its ids and its number of events. */
export function version(chatId, stepId, events, firstOffset, fields = {}) {
  return {
    chat_id: chatId,
    step_id: stepId,
    attempt: 0,
    role: 'assistant',
    status: 'open',
    rev: events,
    events,
    parts: [
      {
        type: 'text',
        id: 'text-1',
        text: textOf(stepId, events),
        created_at: 1_770_000_000_000_000,
        first_event: 1,
        last_event: events,
      },
    ],
    started_at: 1_770_000_000_000_000,
    last_event_at: 1_770_000_000_000_000 + events,
    log: {
      generation: 0,
      topic: 'stepfold.events',
      partition: 0,
      first_offset: firstOffset,
      last_offset: firstOffset + events,
    },
    fold_version: 1,
    ...fields,
  };
}

/** Long and short ones take turns, so that values move between pages of the tree and pages of their own. */
export function textOf(stepId, events) {
  return `${stepId} ${events} `.repeat(events % 3 === 0 ? 600 : 20);
}
