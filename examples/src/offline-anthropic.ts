/** Answers as the Messages API does, without a network: two calls first, then what became of them. */
export function offlineFetch(): typeof globalThis.fetch {
  const start = (id: string) => ({
    type: 'message_start',
    message: {
      id,
      type: 'message',
      role: 'assistant',
      model: 'claude',
      content: [],
      usage: { input_tokens: 20 },
    },
  });
  const end = (stop_reason: string) => [
    { type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 10 } },
    { type: 'message_stop' },
  ];
  const block = (index: number, content_block: object, ...deltas: object[]) => [
    { type: 'content_block_start', index, content_block },
    ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ];
  const call = (index: number, id: string, name: string, path: string) =>
    block(
      index,
      { type: 'tool_use', id, name, input: {} },
      { type: 'input_json_delta', partial_json: `{"path":"${path}"}` },
    );
  const answers = [
    [
      start('m1'),
      ...call(0, 'call-1', 'read_file', 'a.txt'),
      ...call(1, 'call-2', 'delete_file', 'b.txt'),
      ...end('tool_use'),
    ],
    [
      start('m2'),
      ...block(0, { type: 'text', text: '' }, { type: 'text_delta', text: 'Done.\n' }),
      ...end('end_turn'),
    ],
  ];
  return async () => {
    const events = answers.shift() ?? [];
    const text = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');
    return new Response(text, { headers: { 'content-type': 'text/event-stream' } });
  };
}
