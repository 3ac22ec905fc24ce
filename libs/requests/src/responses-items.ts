/** Input items of the Responses API, as far as stored chats have what they can say. */
export type ResponsesInputItem =
  | ResponsesMessage
  | ResponsesOutputMessage
  | ResponsesReasoning
  | ResponsesCall
  | ResponsesCallOutput
  | ResponsesClientCall
  | ResponsesClientOutput
  | { type: 'item_reference'; id: string }
  | { type: 'compaction'; encrypted_content: string; id?: string };

/** What a user or the application says; what a model said, where the item that it said it in is not named. */
export type ResponsesMessage =
  | { role: 'user'; content: ResponsesUserContent[] }
  | { role: 'system'; content: string }
  | { role: 'assistant'; content: string; phase?: ResponsesPhase };

export type ResponsesUserContent =
  | { type: 'input_text'; text: string }
  | { type: 'input_image'; detail: 'auto'; image_url: string }
  | { type: 'input_image'; detail: 'auto'; file_id: string }
  | { type: 'input_file'; file_data: string; filename: string }
  | { type: 'input_file'; file_url: string }
  | { type: 'input_file'; file_id: string };

export type ResponsesPhase = 'commentary' | 'final_answer';

/** A message item of a former response, under its id. */
export interface ResponsesOutputMessage {
  type: 'message';
  id: string;
  role: 'assistant';
  status: 'completed';
  content: ({ type: 'output_text'; text: string; annotations: [] } | { type: 'refusal'; refusal: string })[];
  phase?: ResponsesPhase;
}

export interface ResponsesReasoning {
  type: 'reasoning';
  id: string;
  summary: { type: 'summary_text'; text: string }[];
  encrypted_content?: string;
}

interface CallFields {
  call_id: string;
  name: string;
  /** That of its item; the API then wants the reasoning before it as well. */
  id?: string;
  namespace?: string;
  caller?: ResponsesCaller;
}

export type ResponsesCaller = { type: 'direct' } | { type: 'program'; caller_id: string };

export type ResponsesCall =
  | ({ type: 'function_call'; arguments: string } & CallFields)
  /** Its input is free text. */
  | ({ type: 'custom_tool_call'; input: string } & CallFields);

export interface ResponsesCallOutput {
  type: 'function_call_output' | 'custom_tool_call_output';
  call_id: string;
  output: string;
  caller?: ResponsesCaller;
}

/** A call of a tool that the API knows and the client runs. */
export type ResponsesClientCall = { call_id: string; status: 'completed'; id?: string } & (
  | {
      type: 'shell_call';
      action: { commands: string[]; timeout_ms?: number; max_output_length?: number };
    }
  | {
      type: 'apply_patch_call';
      operation:
        | { type: 'create_file' | 'update_file'; path: string; diff: string }
        | { type: 'delete_file'; path: string };
    }
);

export type ResponsesClientOutput =
  | {
      type: 'shell_call_output';
      call_id: string;
      output: {
        stdout: string;
        stderr: string;
        outcome: { type: 'timeout' } | { type: 'exit'; exit_code: number };
      }[];
    }
  | { type: 'apply_patch_call_output'; call_id: string; status: 'completed' | 'failed'; output: string };
