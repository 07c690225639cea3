import protobuf from 'protobufjs';

const attributes = (id: number): protobuf.IField => ({ id, rule: 'repeated', type: 'KeyValue' });

/** The messages of OTLP's traces with what the SDKs send of them, for protobufjs. Enums are numbers, as in OTLP's JSON. */
export const otlpMessages: protobuf.Root = protobuf.Root.fromJSON({
  nested: {
    ExportTraceServiceRequest: { fields: { resourceSpans: { id: 1, rule: 'repeated', type: 'ResourceSpans' } } },
    ExportTraceServiceResponse: { fields: { partialSuccess: { id: 1, type: 'ExportTracePartialSuccess' } } },
    ExportTracePartialSuccess: {
      fields: { rejectedSpans: { id: 1, type: 'int64' }, errorMessage: { id: 2, type: 'string' } },
    },
    ResourceSpans: {
      fields: { resource: { id: 1, type: 'Resource' }, scopeSpans: { id: 2, rule: 'repeated', type: 'ScopeSpans' } },
    },
    Resource: { fields: { attributes: attributes(1), droppedAttributesCount: { id: 2, type: 'uint32' } } },
    ScopeSpans: {
      fields: { scope: { id: 1, type: 'InstrumentationScope' }, spans: { id: 2, rule: 'repeated', type: 'Span' } },
    },
    InstrumentationScope: { fields: { name: { id: 1, type: 'string' }, version: { id: 2, type: 'string' } } },
    Span: {
      fields: {
        traceId: { id: 1, type: 'bytes' },
        spanId: { id: 2, type: 'bytes' },
        traceState: { id: 3, type: 'string' },
        parentSpanId: { id: 4, type: 'bytes' },
        name: { id: 5, type: 'string' },
        kind: { id: 6, type: 'int32' },
        startTimeUnixNano: { id: 7, type: 'fixed64' },
        endTimeUnixNano: { id: 8, type: 'fixed64' },
        attributes: attributes(9),
        droppedAttributesCount: { id: 10, type: 'uint32' },
        events: { id: 11, rule: 'repeated', type: 'Event' },
        droppedEventsCount: { id: 12, type: 'uint32' },
        links: { id: 13, rule: 'repeated', type: 'Link' },
        droppedLinksCount: { id: 14, type: 'uint32' },
        status: { id: 15, type: 'Status' },
        flags: { id: 16, type: 'fixed32' },
      },
    },
    Event: {
      fields: {
        timeUnixNano: { id: 1, type: 'fixed64' },
        name: { id: 2, type: 'string' },
        attributes: attributes(3),
        droppedAttributesCount: { id: 4, type: 'uint32' },
      },
    },
    Link: {
      fields: {
        traceId: { id: 1, type: 'bytes' },
        spanId: { id: 2, type: 'bytes' },
        attributes: attributes(4),
        droppedAttributesCount: { id: 5, type: 'uint32' },
        flags: { id: 6, type: 'fixed32' },
      },
    },
    Status: { fields: { message: { id: 2, type: 'string' }, code: { id: 3, type: 'int32' } } },
    KeyValue: { fields: { key: { id: 1, type: 'string' }, value: { id: 2, type: 'AnyValue' } } },
    AnyValue: {
      fields: {
        stringValue: { id: 1, type: 'string' },
        boolValue: { id: 2, type: 'bool' },
        intValue: { id: 3, type: 'int64' },
        doubleValue: { id: 4, type: 'double' },
        arrayValue: { id: 5, type: 'ArrayValue' },
        kvlistValue: { id: 6, type: 'KeyValueList' },
        bytesValue: { id: 7, type: 'bytes' },
      },
    },
    ArrayValue: { fields: { values: { id: 1, rule: 'repeated', type: 'AnyValue' } } },
    KeyValueList: { fields: { values: attributes(1) } },
  },
});
