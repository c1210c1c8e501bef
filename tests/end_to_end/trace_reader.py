# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads traces of `run --trace`: Perfetto's by a table of the fields that are used (numbers and types are those of Perfetto's
trace_packet.proto and track_event.proto; any other field is an error), Chrome's as JSON. Both become the same events."""
import json
import struct

# Message: {number: (name, type)}.
MESSAGES = {
    "Trace": {1: ("packet", "TracePacket")},
    "TracePacket": {8: ("timestamp", "varint"), 10: ("sequence", "varint"), 11: ("event", "TrackEvent"), 60: ("descriptor", "TrackDescriptor")},
    "TrackEvent": {4: ("annotations", "DebugAnnotation"), 9: ("type", "varint"), 11: ("track", "varint"), 22: ("categories", "string"),
                   23: ("name", "string"), 30: ("counter", "varint"), 47: ("flows", "fixed64"), 48: ("flow_ends", "fixed64")},
    "DebugAnnotation": {3: ("value", "varint"), 5: ("value", "double"), 6: ("value", "string"), 10: ("name", "string")},
    "TrackDescriptor": {1: ("uuid", "varint"), 2: ("name", "string"), 3: ("process", "ProcessDescriptor"), 4: ("thread", "ThreadDescriptor"),
                        8: ("counter", "CounterDescriptor")},
    "ProcessDescriptor": {1: ("pid", "varint"), 6: ("name", "string")},
    "ThreadDescriptor": {1: ("pid", "varint"), 2: ("tid", "varint"), 5: ("name", "string")},
    "CounterDescriptor": {3: ("unit", "varint")},
}
WIRE = {"varint": 0, "fixed64": 1, "double": 1}  # all others: 2, a length and bytes


def _varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def decode(data, message):
    """{field: its values in order}."""
    fields, at = {}, 0
    while at < len(data):
        key, at = _varint(data, at)
        name, kind = MESSAGES[message][key >> 3]
        if key & 7 != WIRE.get(kind, 2):
            raise ValueError(f"{message}.{name} has wire type {key & 7}")
        if kind == "varint":
            value, at = _varint(data, at)
        elif kind in WIRE:
            value, at = struct.unpack_from("<d" if kind == "double" else "<Q", data, at)[0], at + 8
        else:
            size, at = _varint(data, at)
            part, at = data[at : at + size], at + size
            if len(part) != size:
                raise ValueError(f"{message}.{name} is cut")
            value = part.decode() if kind == "string" else decode(part, kind)
        fields.setdefault(name, []).append(value)
    return fields


class Event:
    def __init__(self, kind, track, ns, name="", category="", arguments=None, value=0):
        self.kind, self.track, self.ns, self.name, self.category = kind, track, ns, name, category
        self.arguments, self.value = arguments or {}, value
        self.flows, self.flow_ends = [], []


def read_perfetto(path):
    """(tracks by id, events in the file's order). A track is ("cpu" or "task" or "counter", name)."""
    tracks, events = {}, []
    for packet in decode(open(path, "rb").read(), "Trace")["packet"]:
        if packet["sequence"] != [1]:
            raise ValueError("a packet of no sequence")
        for track in packet.get("descriptor", []):
            kind = "task" if "thread" in track else "counter" if "counter" in track else "cpu"
            if "process" not in track:
                tracks[track["uuid"][0]] = (kind, (track["thread"][0] if kind == "task" else track)["name"][0])
        for event in packet.get("event", []):
            read = Event({1: "B", 2: "E", 4: "C"}[event["type"][0]], event["track"][0], packet["timestamp"][0], *event.get("name", [""]),
                         *event.get("categories", [""]), {note["name"][0]: note["value"][0] for note in event.get("annotations", [])},
                         *event.get("counter", [0]))
            read.flows, read.flow_ends = event.get("flows", []), event.get("flow_ends", [])
            events.append(read)
    return tracks, events


def read_chrome(path):
    tracks, events = {}, []
    for row in json.load(open(path))["traceEvents"]:
        track = (row["pid"], row["tid"])
        if row["ph"] == "M":
            if row["name"] == "thread_name":
                tracks[track] = ("task" if row["pid"] else "cpu", row["args"]["name"])
        elif row["ph"] in "sf":
            (events[-1].flows if row["ph"] == "s" else events[-1].flow_ends).append(row["id"])
        else:
            counts = row["ph"] == "C"
            track = "counter" if counts else track
            if counts:
                tracks[track] = ("counter", row["name"])
            events.append(Event(row["ph"], track, round(row["ts"] * 1000), row.get("name", ""), row.get("cat", ""), row.get("args"),
                                row["args"].get("hits", 0)))
    return tracks, events


class Slice:
    def __init__(self, event, parent):
        self.name, self.category, self.begin, self.end = event.name, event.category, event.ns, None
        self.track, self.parent, self.arguments = event.track, parent, dict(event.arguments)
        self.flows, self.flow_ends = event.flows, event.flow_ends


def slices_of(tracks, events):
    """All slices; an error if one is not closed, or times of a track go back."""
    opened, last, found = {}, {}, []
    for event in events:
        if event.track not in tracks:
            raise ValueError(f"track {event.track} has no name")
        if event.ns < last.get(event.track, 0):
            raise ValueError(f"time goes back at {event.ns}")
        last[event.track] = event.ns
        stack = opened.setdefault(event.track, [])
        if event.kind == "B":
            stack.append(Slice(event, stack[-1] if stack else None))
            found.append(stack[-1])
        elif event.kind == "E":
            if not stack:
                raise ValueError(f"a slice ends at {event.ns} that has not begun")
            ended = stack.pop()
            ended.end = event.ns
            ended.arguments.update(event.arguments)
    if any(opened.values()):
        raise ValueError("a slice does not end")
    return found
