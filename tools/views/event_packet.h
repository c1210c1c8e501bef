// SPDX-License-Identifier: GPL-2.0-or-later
// One TracePacket with a TrackEvent, as Perfetto reads it.
#pragma once

#include <cstdint>

#include "tools/views/packet_bytes.h"
#include "tools/views/perfetto_fields.h"
#include "tools/views/trace_writer.h"

namespace uprobesim {

class EventPacket {
public:
    // What all events of a sequence have between their time and their own fields.
    static EncodedFields of_sequence(std::uint32_t id) {
        EncodedFields fields;
        PacketBytes bytes(fields.bytes.data());
        bytes.varint(perfetto::kSequenceId, id);
        bytes.varint(perfetto::kSequenceFlags, perfetto::kNeedsState);
        bytes.tag_of_message(perfetto::kEvent);
        fields.size = bytes.size();
        return fields;
    }

    // At `to`, where there is room for PacketBytes::kMost. `since`: the sequence's event before.
    EventPacket(char* to, std::uint64_t since, const EncodedFields& sequence, std::uint32_t type)
        : bytes_(to), packet_(bytes_.open(perfetto::kPacket)) {
        bytes_.varint(perfetto::kTimestamp, since);
        bytes_.append(sequence);
        event_ = bytes_.open();
        bytes_.varint(perfetto::event::kType, type);
    }
    void label(const EncodedFields& label) { bytes_.append(label); }
    void argument(std::uint32_t name, const TraceArgument& argument) {
        char* const note = bytes_.open(perfetto::event::kArguments);
        bytes_.varint(perfetto::argument::kNameId, name);
        if (argument.is_real) {
            bytes_.fixed64(perfetto::argument::kDouble, argument.bits);
        } else {
            bytes_.varint(perfetto::argument::kUint, argument.bits);
        }
        bytes_.close(note);
    }
    void counter(std::uint64_t value) { bytes_.varint(perfetto::event::kCounter, value); }
    void flow(const TraceFlow& flow) {
        if (flow.id == 0) return;
        bytes_.fixed64(flow.ends ? perfetto::event::kFlowEnds : perfetto::event::kFlows, flow.id);
    }
    // The packet's size.
    std::size_t close() {
        bytes_.close(event_);
        bytes_.close(packet_);
        return bytes_.size();
    }

private:
    PacketBytes bytes_;
    char* packet_;
    char* event_ = nullptr;
};

}  // namespace uprobesim
