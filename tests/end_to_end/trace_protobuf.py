#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads a Perfetto trace with Google's protobuf and compares it with trace_reader's decoding: trace_protobuf.py FILE.

The messages are described by trace_reader's table. Exit status 77: python3-protobuf is not installed.
"""
import sys

sys.dont_write_bytecode = True

import trace_reader

try:
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
except ImportError:
    sys.exit(77)

FIELD = descriptor_pb2.FieldDescriptorProto
TYPES = {"varint": FIELD.TYPE_UINT64, "fixed64": FIELD.TYPE_FIXED64, "double": FIELD.TYPE_DOUBLE, "string": FIELD.TYPE_STRING}


def messages():
    """Every field is repeated, so that none that is there twice is lost."""
    file = descriptor_pb2.FileDescriptorProto(name="trace.proto", package="trace", syntax="proto2")
    for name, fields in trace_reader.MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, (_, kind) in fields.items():
            field = message.field.add(name=f"f{number}", number=number, label=FIELD.LABEL_REPEATED)
            if kind in TYPES:
                field.type = TYPES[kind]
            else:
                field.type, field.type_name = FIELD.TYPE_MESSAGE, f".trace.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    trace = pool.FindMessageTypeByName("trace.Trace")
    get = getattr(message_factory, "GetMessageClass", None) or message_factory.MessageFactory(pool).GetPrototype
    return get(trace)


def as_fields(message, kind):
    fields = {}
    for descriptor, values in message.ListFields():
        name, inner = trace_reader.MESSAGES[kind][descriptor.number]
        # A name of the table may stand for fields of several types.
        fields.setdefault(name, []).extend(list(values) if inner in TYPES else [as_fields(value, inner) for value in values])
    return fields


def main():
    with open(sys.argv[1], "rb") as file:
        data = file.read()
    trace = messages()()
    trace.ParseFromString(data)
    ours, theirs = trace_reader.decode(data, "Trace"), as_fields(trace, "Trace")
    if ours != theirs:
        sys.exit("protobuf reads something else")
    # What a reader of protocol buffers writes again is what it has read, so that nothing was unknown to it.
    if trace.ByteSize() != len(data):
        sys.exit("protobuf writes another length")
    print(len(theirs["packet"]))


if __name__ == "__main__":
    main()
