import type { Event } from '@stepfold/events';
import { closedBlocks, cutOff, stepEnded } from './naive-ending.js';
import {
  approvalFields,
  callFlags,
  fieldsOfParts,
  given,
  merged,
  usageFields,
  type Fields,
} from './naive-fields.js';
import { isMade, type Draft, type Snapshot } from './naive-snapshot.js';

const PARTS_MAX = 10_000;

/** What one more accepted event makes of a snapshot: the tables of the contract, row by row. */
export function applied(before: Snapshot, event: Event): Snapshot {
  const was = { ...before, events: before.events + 1 };
  const number = was.events;
  const { at } = event;

  const withMessage = (fields: Fields): Snapshot => ({ ...was, message: { ...was.message, ...fields } });
  const withAnomaly = (snapshot: Snapshot, code: string): Snapshot => ({
    ...snapshot,
    anomalies: [...snapshot.anomalies, { code, event: number }],
  });
  const touched = (index: number, fields: Fields, rest: Partial<Draft> = {}): Snapshot => ({
    ...was,
    drafts: was.drafts.map((draft, i) =>
      i === index ? { ...draft, ...rest, fields: { ...draft.fields, ...fields, last_event: number } } : draft,
    ),
  });
  /** The snapshot with one more part, or if there is no room with one more omitted event and nothing else. */
  const appended = (fields: Fields, rest: Partial<Draft>, to: Snapshot = was): Snapshot =>
    was.drafts.length >= PARTS_MAX
      ? { ...was, omitted: was.omitted + 1 }
      : {
          ...to,
          drafts: [
            ...to.drafts,
            {
              isOpen: false,
              ...rest,
              fields: { ...fields, first_event: number, last_event: number },
            },
          ],
        };
  const find = (type: string, same: (fields: Fields) => boolean): number =>
    was.drafts.findIndex((draft) => draft.fields['type'] === type && same(draft.fields));

  if (event.enc !== undefined) return applyUnreadable(was, event, withAnomaly);

  switch (event.type) {
    case 'step-start':
      return withMessage({
        role: 'assistant',
        started_at: at,
        ...given(event, ['role', 'provider', 'model', 'step_index', 'run_id']),
        metadata: merged(undefined, event.metadata),
      });

    case 'message':
      return {
        ...withMessage({ role: event.role, started_at: at, ended_at: at, status: 'complete' }),
        drafts: event.parts.map((part) => ({
          isOpen: false,
          fields: {
            ...(part.type === 'tool-call' && part.partial === true ? {} : { created_at: at }),
            ...given(part, fieldsOfParts[part.type]),
            ...(part.type === 'tool-call' && part.approval !== undefined
              ? { approval: given(part.approval, approvalFields) }
              : {}),
            metadata: merged(undefined, part.metadata),
            first_event: number,
            last_event: number,
          },
        })),
      };

    case 'text-start':
    case 'reasoning-start': {
      const type = event.type === 'text-start' ? 'text' : 'reasoning';
      const block = {
        type,
        id: event.id,
        text: '',
        created_at: at,
        metadata: merged(undefined, event.metadata),
        ...(event.type === 'reasoning-start' && event.redacted === true ? { redacted: true } : {}),
      };
      const open = openBlock(was, type, event.id);
      const closed =
        open === -1 ? was : touched(open, { completed_at: at, end_reason: 'implied' }, { isOpen: false });
      return appended(block, { isOpen: true }, closed);
    }

    case 'text-delta':
    case 'reasoning-delta': {
      const type = event.type === 'text-delta' ? 'text' : 'reasoning';
      const open = openBlock(was, type, event.id);
      const last_delta_at = event.until ?? at;
      if (open === -1) {
        const block = {
          type,
          id: event.id,
          text: event.text,
          created_at: at,
          last_delta_at,
          metadata: merged(undefined, event.metadata),
        };
        return appended(block, { isOpen: true }, withAnomaly(was, 'implied-start'));
      }
      const { fields } = was.drafts[open]!;
      return touched(open, {
        text: String(fields['text']) + event.text,
        last_delta_at,
        metadata: merged(fields['metadata'], event.metadata),
      });
    }

    case 'text-end':
    case 'reasoning-end': {
      const open = openBlock(was, event.type === 'text-end' ? 'text' : 'reasoning', event.id);
      if (open === -1) return withAnomaly(was, 'unknown-end');
      return touched(
        open,
        {
          completed_at: at,
          metadata: merged(was.drafts[open]!.fields['metadata'], event.metadata),
          ...(event.type === 'reasoning-end' && event.redacted === true ? { redacted: true } : {}),
        },
        { isOpen: false },
      );
    }

    case 'tool-input-start': {
      const call = find('tool-call', sameCall(event));
      const fields = given(event, ['tool_name', ...callFlags]);
      if (call === -1) {
        return appended(
          {
            type: 'tool-call',
            tool_call_id: event.tool_call_id,
            input_started_at: at,
            ...fields,
            metadata: merged(undefined, event.metadata),
          },
          { isOpen: true, raw: '' },
        );
      }
      if (isMade(was.drafts[call]!)) return withAnomaly(was, 'repeated-start');
      return withAnomaly(
        touched(
          call,
          { ...fields, metadata: merged(was.drafts[call]!.fields['metadata'], event.metadata) },
          { isOpen: true, raw: '' },
        ),
        'repeated-start',
      );
    }

    case 'tool-input-delta': {
      const call = find('tool-call', sameCall(event));
      if (call === -1) {
        return appended(
          { type: 'tool-call', tool_call_id: event.tool_call_id, input_started_at: at },
          { isOpen: true, raw: event.text },
          withAnomaly(was, 'implied-start'),
        );
      }
      if (isMade(was.drafts[call]!)) return withAnomaly(was, 'late-delta');
      return touched(call, {}, { raw: (was.drafts[call]!.raw ?? '') + event.text });
    }

    case 'tool-input-end': {
      const call = find('tool-call', sameCall(event));
      const draft = was.drafts[call];
      if (draft === undefined || !draft.isOpen) return withAnomaly(was, 'unknown-end');
      return touched(call, { metadata: merged(draft.fields['metadata'], event.metadata) }, { isOpen: false });
    }

    case 'tool-call': {
      const call = find('tool-call', sameCall(event));
      const fields = {
        args: event.args,
        args_text: event.args_text,
        invalid: event.invalid,
        error: event.error,
        created_at: at,
        ...given(event, ['tool_name', ...callFlags]),
      };
      if (call === -1) {
        return appended(
          {
            type: 'tool-call',
            tool_call_id: event.tool_call_id,
            ...fields,
            metadata: merged(undefined, event.metadata),
          },
          {},
        );
      }
      const draft = was.drafts[call]!;
      const after = touched(
        call,
        { ...fields, metadata: merged(draft.fields['metadata'], event.metadata) },
        { isOpen: false, raw: '' },
      );
      return isMade(draft) ? withAnomaly(after, 'repeated-call') : after;
    }

    case 'tool-execution-start': {
      const call = find('tool-call', sameCall(event));
      return call === -1 ? withAnomaly(was, 'unknown-call') : touched(call, { execution_started_at: at });
    }

    case 'tool-approval': {
      const call = find('tool-call', sameCall(event));
      const answer = given(event, ['approval_id', 'state', 'automatic', 'reason']);
      if (call === -1) {
        return appended(
          { type: 'tool-approval', tool_call_id: event.tool_call_id, ...answer, created_at: at },
          {},
        );
      }
      const former = was.drafts[call]!.fields['approval'] as Fields | undefined;
      const kept = former?.['approval_id'] === event.approval_id ? former : {};
      const moment = event.state === 'requested' ? { requested_at: at } : { responded_at: at };
      return touched(call, { approval: { ...kept, ...answer, ...moment } });
    }

    case 'tool-result': {
      const call = find('tool-call', sameCall(event));
      const part = find('tool-result', sameCall(event));
      const fields = {
        tool_name: event.tool_name ?? was.drafts[call]?.fields['tool_name'],
        result: event.result,
        is_error: event.is_error,
        is_media: event.is_media,
        preliminary: event.preliminary,
        provider_executed: event.provider_executed,
        ...given(event, ['execution_started_at']),
        created_at: at,
      };
      if (part === -1) {
        return appended(
          {
            type: 'tool-result',
            tool_call_id: event.tool_call_id,
            ...fields,
            metadata: merged(undefined, event.metadata),
          },
          {},
        );
      }
      const former = was.drafts[part]!.fields;
      const wasFinal = former['preliminary'] !== true;
      if (wasFinal && event.preliminary === true) return withAnomaly(was, 'late-preliminary');
      const after = touched(part, { ...fields, metadata: merged(former['metadata'], event.metadata) });
      return wasFinal ? withAnomaly(after, 'repeated-result') : after;
    }

    case 'source':
    case 'file': {
      return appended(
        {
          ...given(event, fieldsOfParts[event.type]),
          created_at: at,
          metadata: merged(undefined, event.metadata),
        },
        {},
      );
    }

    case 'data': {
      if (event.transient === true) return was;
      const same =
        event.data_id === undefined
          ? -1
          : find('data', (fields) => fields['name'] === event.name && fields['data_id'] === event.data_id);
      return same === -1
        ? appended({ ...given(event, ['type', 'name', 'data_id', 'data']), created_at: at }, {})
        : touched(same, { data: event.data, updated_at: at });
    }

    case 'heartbeat':
      return was;

    case 'finish':
      return {
        ...was,
        drafts: closedBlocks(was, at, 'implied'),
        message: {
          ...was.message,
          ...given(event, ['finish_reason', 'raw_finish_reason', 'response_id', 'model']),
          usage: {
            ...(was.message['usage'] as Fields | undefined),
            ...given(event.usage ?? {}, usageFields),
          },
          finished_at: at,
          metadata: merged(was.message['metadata'], event.metadata),
        },
      };

    case 'error': {
      const error = { ...given(event, ['message', 'code', 'retryable']), at };
      const noted = { ...was, errors: [...was.errors, error] };
      return event.fatal ? cutOff(noted, { status: 'failed' }, at, 'error') : noted;
    }

    case 'interrupt':
      return cutOff(
        was,
        { status: 'interrupted', interrupt: { ...given(event, ['reason', 'message', 'detected_at']), at } },
        at,
        'interrupt',
      );

    case 'step-end':
      return stepEnded(was, at);
  }
}

/** An event whose own fields nobody here can read: what follows from its type and its clear fields. */
function applyUnreadable(
  was: Snapshot,
  event: Event,
  withAnomaly: (snapshot: Snapshot, code: string) => Snapshot,
): Snapshot {
  const { at } = event;
  const noted = withAnomaly(was, 'unreadable');
  switch (event.type) {
    case 'step-start':
      return { ...noted, message: { role: 'assistant', started_at: at } };
    case 'message':
      return { ...noted, message: { role: 'assistant', started_at: at, ended_at: at, status: 'complete' } };
    case 'step-end':
      return stepEnded(noted, at);
    case 'interrupt':
      return cutOff(
        noted,
        { status: 'interrupted', interrupt: { reason: event.reason, at } },
        at,
        'interrupt',
      );
    case 'error':
      return event.fatal ? cutOff(noted, { status: 'failed' }, at, 'error') : noted;
    default:
      return noted;
  }
}

const openBlock = (snapshot: Snapshot, type: string, id: string): number =>
  snapshot.drafts.findIndex(
    (draft) => draft.isOpen && draft.fields['type'] === type && draft.fields['id'] === id,
  );

const sameCall =
  (event: { readonly tool_call_id: string }) =>
  (fields: Fields): boolean =>
    fields['tool_call_id'] === event.tool_call_id;
