import type { JsonValue } from '@stepfold/events';

/**
 * Spans as OTLP/JSON: an `ExportTraceServiceRequest` of opentelemetry.proto, as the protocol's JSON encoding has it
 * (ids in hex, integers of 64 bits as decimal text, enumerations as numbers). A collector takes it by
 * `POST /v1/traces` with `content-type: application/json`.
 */
export interface OtlpTraces {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly OtlpAttribute[] };
    readonly scopeSpans: readonly {
      readonly scope: { readonly name: string };
      readonly spans: readonly OtlpSpan[];
    }[];
  }[];
}

export interface OtlpSpan {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: SpanKind;
  /** Nanoseconds since the epoch. What is stored has microseconds, so the last three digits are zeros. */
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly OtlpAttribute[];
  readonly events?: readonly OtlpEvent[];
  readonly droppedEventsCount?: number;
  readonly status?: { readonly code: StatusCode; readonly message?: string };
}

export interface OtlpEvent {
  readonly timeUnixNano: string;
  readonly name: string;
  readonly attributes: readonly OtlpAttribute[];
}

export interface OtlpAttribute {
  readonly key: string;
  readonly value: OtlpValue;
}

export type OtlpValue =
  | { readonly stringValue: string }
  | { readonly boolValue: boolean }
  | { readonly intValue: string }
  | { readonly doubleValue: number }
  | { readonly arrayValue: { readonly values: readonly OtlpValue[] } };

/** Numbers of `Span.SpanKind`. */
export const spanKinds = { internal: 1, client: 3 } as const;
export type SpanKind = (typeof spanKinds)[keyof typeof spanKinds];

/** `STATUS_CODE_ERROR`. A span without it has no status: nobody has said that it went well. */
export const STATUS_ERROR = 2;
export type StatusCode = typeof STATUS_ERROR;

type AttributeValue = string | boolean | bigint | number | readonly string[];

/**
 * Attributes under their names, in their order; what is undefined is left out. An integer is a `bigint` here, because
 * a collector tells it from a number with a fraction.
 */
export function attributesOf(
  values: Readonly<Record<string, AttributeValue | undefined>>,
): readonly OtlpAttribute[] {
  return Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: valueOf(value) }],
  );
}

function valueOf(value: AttributeValue): OtlpValue {
  switch (typeof value) {
    case 'string':
      return { stringValue: value };
    case 'boolean':
      return { boolValue: value };
    case 'bigint':
      return { intValue: String(value) };
    case 'number':
      return { doubleValue: value };
    default:
      return { arrayValue: { values: value.map((item) => ({ stringValue: item })) } };
  }
}

/** A count as an attribute: undefined if there is none, or what a document of another version has there is no count. */
export function integer(count: number | undefined): bigint | undefined {
  return Number.isSafeInteger(count) ? BigInt(count as number) : undefined;
}

/** A structured value as text, because many back ends take no other in an attribute. */
export function jsonText(value: JsonValue | undefined): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value);
}

/** When something began and ended; undefined unless both are known and the end is not before the start. */
export function intervalOf(
  startMicros: number | undefined,
  endMicros: number | undefined,
): Pick<OtlpSpan, 'startTimeUnixNano' | 'endTimeUnixNano'> | undefined {
  if (startMicros === undefined || endMicros === undefined || endMicros < startMicros) return undefined;
  return { startTimeUnixNano: nanosOf(startMicros), endTimeUnixNano: nanosOf(endMicros) };
}

/** An event at its time; none if that is not known. */
export function eventAt(
  micros: number | undefined,
  name: string,
  attributes: Readonly<Record<string, AttributeValue | undefined>> = {},
): readonly OtlpEvent[] {
  if (micros === undefined) return [];
  return [{ timeUnixNano: nanosOf(micros), name, attributes: attributesOf(attributes) }];
}

function nanosOf(micros: number): string {
  return `${micros}000`;
}
