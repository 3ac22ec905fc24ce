import { z } from 'zod';

/**
 * `ExportTraceServiceRequest` in the JSON encoding of OTLP, written from opentelemetry.proto (trace/v1, common/v1,
 * resource/v1) and from the rules of the protocol where it departs from the ProtoJSON mapping: ids are hex, enumerations
 * numbers, integers of 64 bits decimal text, names in lowerCamelCase. A receiver must pass over fields that it does not
 * know; here they are refused, because ours would be spelling mistakes.
 */
const int64 = z.string().regex(/^-?\d{1,19}$/);
const nanos = z.string().regex(/^[1-9]\d{17,18}$/);
const count = z.number().int().min(0).max(0xffffffff);
const hexId = (digits: number) =>
  z
    .string()
    .regex(new RegExp(`^[0-9a-f]{${digits}}$`))
    .refine((id) => !/^0*$/.test(id), 'an id of zeros is none');

const anyValue: z.ZodType = z.lazy(() =>
  z.union([
    z.strictObject({ stringValue: z.string() }),
    z.strictObject({ boolValue: z.boolean() }),
    z.strictObject({ intValue: int64 }),
    z.strictObject({ doubleValue: z.number() }),
    z.strictObject({ arrayValue: z.strictObject({ values: z.array(anyValue) }) }),
    z.strictObject({ kvlistValue: z.strictObject({ values: attributes }) }),
    z.strictObject({ bytesValue: z.base64() }),
  ]),
);
const keyValue = z.strictObject({ key: z.string().min(1), value: anyValue });
const attributes = z
  .array(keyValue)
  .refine((all) => new Set(all.map(({ key }) => key)).size === all.length, 'keys must be unique');

const span = z
  .strictObject({
    traceId: hexId(32),
    spanId: hexId(16),
    traceState: z.string().optional(),
    parentSpanId: hexId(16).optional(),
    flags: count.optional(),
    name: z.string().min(1),
    kind: z.number().int().min(0).max(5),
    startTimeUnixNano: nanos,
    endTimeUnixNano: nanos,
    attributes: attributes.optional(),
    droppedAttributesCount: count.optional(),
    events: z
      .array(
        z.strictObject({
          timeUnixNano: nanos,
          name: z.string().min(1),
          attributes: attributes.optional(),
          droppedAttributesCount: count.optional(),
        }),
      )
      .optional(),
    droppedEventsCount: count.optional(),
    links: z
      .array(
        z.strictObject({
          traceId: hexId(32),
          spanId: hexId(16),
          traceState: z.string().optional(),
          attributes: attributes.optional(),
          droppedAttributesCount: count.optional(),
          flags: count.optional(),
        }),
      )
      .optional(),
    droppedLinksCount: count.optional(),
    status: z
      .strictObject({ message: z.string().optional(), code: z.number().int().min(0).max(2).optional() })
      .optional(),
  })
  .refine(
    ({ startTimeUnixNano, endTimeUnixNano }) => BigInt(endTimeUnixNano) >= BigInt(startTimeUnixNano),
    'the end must not be before the start',
  );

export const otlpTracesSchema = z.strictObject({
  resourceSpans: z.array(
    z.strictObject({
      resource: z
        .strictObject({ attributes: attributes.optional(), droppedAttributesCount: count.optional() })
        .optional(),
      scopeSpans: z.array(
        z.strictObject({
          scope: z
            .strictObject({
              name: z.string().optional(),
              version: z.string().optional(),
              attributes: attributes.optional(),
              droppedAttributesCount: count.optional(),
            })
            .optional(),
          spans: z.array(span),
          schemaUrl: z.string().optional(),
        }),
      ),
      schemaUrl: z.string().optional(),
    }),
  ),
});
