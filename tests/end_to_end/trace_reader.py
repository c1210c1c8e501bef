# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads traces of `run --trace`: Perfetto's by a table of the fields that are used (numbers and types are those of Perfetto's
trace_packet.proto and track_event.proto; any other field is an error), Chrome's as JSON. Both become the same events."""
import json
import struct

# Message: {number: (name, type)}.
MESSAGES = {
    "Trace": {1: ("packet", "TracePacket")},
    "TracePacket": {6: ("clocks", "ClockSnapshot"), 8: ("timestamp", "varint"), 10: ("sequence", "varint"), 11: ("event", "TrackEvent"),
                    12: ("interned", "InternedData"), 13: ("flags", "varint"), 59: ("defaults", "TracePacketDefaults"),
                    60: ("descriptor", "TrackDescriptor")},
    "ClockSnapshot": {1: ("clock", "Clock")},
    "Clock": {1: ("id", "varint"), 2: ("timestamp", "varint"), 3: ("incremental", "varint")},
    "TracePacketDefaults": {11: ("event", "TrackEventDefaults"), 58: ("clock", "varint")},
    "TrackEventDefaults": {11: ("track", "varint")},
    "InternedData": {1: ("categories", "InternedString"), 2: ("names", "InternedString"), 3: ("argument names", "InternedString"),
                     29: ("strings", "InternedString")},
    "InternedString": {1: ("id", "varint"), 2: ("text", "string")},
    "TrackEvent": {3: ("categories", "varint"), 4: ("annotations", "DebugAnnotation"), 9: ("type", "varint"), 10: ("name", "varint"),
                   30: ("counter", "varint"), 47: ("flows", "fixed64"), 48: ("flow_ends", "fixed64")},
    "DebugAnnotation": {1: ("name", "varint"), 3: ("value", "varint"), 5: ("value", "double"), 17: ("string", "varint")},
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


class Sequence:
    """What a packet sequence has told: names by kind and number, its clock, its track."""

    def __init__(self, packet):
        # SEQ_INCREMENTAL_STATE_CLEARED, a clock of its own that counts from packet to packet, and a track for all events.
        clocks = {clock["id"][0]: clock for clock in packet["clocks"][0]["clock"]}
        if packet["flags"] != [1] or clocks[64]["incremental"] != [1] or packet["defaults"][0]["clock"] != [64]:
            raise ValueError("a sequence begins otherwise than it must")
        self.ns, self.track, self.texts = clocks[64]["timestamp"][0], packet["defaults"][0]["event"][0]["track"][0], {}

    def learn(self, packet):
        if packet.get("flags") != [2]:
            raise ValueError("a packet does not say that it needs what was told")
        for interned in packet.get("interned", []):
            for kind, entries in interned.items():
                for entry in entries:
                    if self.texts.setdefault((kind, entry["id"][0]), entry["text"][0]) != entry["text"][0]:
                        raise ValueError(f"{kind} {entry['id'][0]} is told twice")

    def argument(self, note):
        value = self.texts["strings", note["string"][0]] if "string" in note else note["value"][0]
        return self.texts["argument names", note["name"][0]], value

    def event(self, packet):
        self.ns += packet["timestamp"][0]
        told = packet["event"][0]
        read = Event({1: "B", 2: "E", 3: "I", 4: "C"}[told["type"][0]], self.track, self.ns, *(self.texts["names", n] for n in told.get("name", [])),
                     arguments=dict(self.argument(note) for note in told.get("annotations", [])), value=told.get("counter", [0])[0])
        read.category = "".join(self.texts["categories", n] for n in told.get("categories", []))
        read.flows, read.flow_ends = told.get("flows", []), told.get("flow_ends", [])
        return read


def read_perfetto(path):
    """(tracks by id, events in the file's order). A track is ("cpu" or "task" or "counter", name)."""
    tracks, events, sequences = {}, [], {}
    for packet in decode(open(path, "rb").read(), "Trace")["packet"]:
        (number,) = packet["sequence"]
        if "defaults" in packet:
            if number in sequences:
                raise ValueError("a sequence begins twice")
            sequences[number] = Sequence(packet)
            continue
        for track in packet.get("descriptor", []):
            kind = "task" if "thread" in track else "counter" if "counter" in track else "cpu"
            if "process" not in track:
                if track["uuid"] != [sequences[number].track]:
                    raise ValueError("a sequence names another track")
                tracks[track["uuid"][0]] = (kind, (track["thread"][0] if kind == "task" else track)["name"][0])
        if "descriptor" not in packet:
            sequences[number].learn(packet)
        if "event" in packet:
            events.append(sequences[number].event(packet))
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
            track = ("counter", row["name"]) if counts else track
            if counts:
                tracks[track] = track
            events.append(Event("I" if row["ph"] == "i" else row["ph"], track, round(row["ts"] * 1000), row.get("name", ""), row.get("cat", ""), row.get("args"),
                                row["args"].get("value", 0)))
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
        if event.kind == "I" and not stack:
            raise ValueError(f"{event.name} at {event.ns} is in no slice")
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
