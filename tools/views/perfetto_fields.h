// SPDX-License-Identifier: GPL-2.0-or-later
// Field numbers: Perfetto's protos/perfetto/trace, trace_packet.proto, clock_snapshot.proto,
// interned_data/ and track_event/.
#pragma once

#include <cstdint>
#include <protozero/types.hpp>

namespace uprobesim::perfetto {

enum class TraceField : protozero::pbf_tag_type { Packet = 1 };
enum class Packet : protozero::pbf_tag_type {
    ClockSnapshot = 6,
    SequenceId = 10,
    Interned = 12,
    SequenceFlags = 13,
    Defaults = 59,
    Descriptor = 60
};
enum class Snapshot : protozero::pbf_tag_type { Clocks = 1 };
enum class ClockField : protozero::pbf_tag_type { Id = 1, Timestamp = 2, Incremental = 3 };
enum class DefaultsField : protozero::pbf_tag_type { Event = 11, ClockId = 58 };
enum class EventDefaults : protozero::pbf_tag_type { Track = 11 };
enum class Interned : protozero::pbf_tag_type {
    Categories = 1,
    Names = 2,
    ArgumentNames = 3,
    Strings = 29
};
enum class InternedText : protozero::pbf_tag_type { Id = 1, Text = 2 };
enum class Descriptor : protozero::pbf_tag_type {
    Uuid = 1,
    Name = 2,
    Process = 3,
    Thread = 4,
    Counter = 8
};
enum class ProcessField : protozero::pbf_tag_type { Pid = 1, Name = 6 };
enum class ThreadField : protozero::pbf_tag_type { Pid = 1, Tid = 2, Name = 5 };
enum class CounterField : protozero::pbf_tag_type { Unit = 3 };

// Of the messages that PacketBytes writes.
inline constexpr std::uint32_t kPacket = 1, kTimestamp = 8, kSequenceId = 10, kEvent = 11,
                               kSequenceFlags = 13;
namespace event {
inline constexpr std::uint32_t kCategoryIds = 3, kArguments = 4, kType = 9, kNameId = 10,
                               kCounter = 30, kFlows = 47, kFlowEnds = 48;
}
namespace argument {
inline constexpr std::uint32_t kNameId = 1, kUint = 3, kDouble = 5, kStringId = 17;
}

inline constexpr std::uint32_t kSliceBegin = 1, kSliceEnd = 2, kInstant = 3, kCounterEvent = 4;
inline constexpr std::int32_t kUnitCount = 2;
inline constexpr std::uint32_t kBootTime = 6, kIncrementalClock = 64;
inline constexpr std::uint32_t kStateCleared = 1, kNeedsState = 2;

}  // namespace uprobesim::perfetto
