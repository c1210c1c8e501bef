// SPDX-License-Identifier: GPL-2.0-or-later
// Field numbers: Perfetto's protos/perfetto/trace, trace_packet.proto, clock_snapshot.proto,
// interned_data/ and track_event/.
//
// Each track is a packet sequence of its own. Its first packet says what holds for all: the track,
// and that its times count from the one before. Names are told once on a sequence, in front of the
// first packet that uses them, and are numbers from then on.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <protozero/pbf_builder.hpp>

#include "tools/views/packet_bytes.h"
#include "tools/views/trace_writer.h"

namespace uprobesim {
namespace {

enum class Trace : protozero::pbf_tag_type { Packet = 1 };
enum class Packet : protozero::pbf_tag_type {
    ClockSnapshot = 6,
    Timestamp = 8,
    SequenceId = 10,
    Event = 11,
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
namespace event {
constexpr std::uint32_t kCategoryIds = 3, kArguments = 4, kType = 9, kNameId = 10, kCounter = 30,
                        kFlows = 47, kFlowEnds = 48;
}
namespace argument {
constexpr std::uint32_t kNameId = 1, kUint = 3, kDouble = 5, kStringId = 17;
}
constexpr std::uint32_t kPacket = 1, kTimestamp = 8, kSequenceId = 10, kEvent = 11,
                        kSequenceFlags = 13;
constexpr std::uint32_t kSliceBegin = 1, kSliceEnd = 2, kInstant = 3, kCounterEvent = 4;
constexpr std::int32_t kUnitCount = 2;
constexpr std::uint32_t kBootTime = 6, kIncrementalClock = 64;
constexpr std::uint32_t kStateCleared = 1, kNeedsState = 2;

std::uint64_t uuid_of(const TraceTrack& track) {
    return (static_cast<std::uint64_t>(track.kind) + 1) << 32 | track.id;
}

class PerfettoWriter final : public TraceWriter {
public:
    explicit PerfettoWriter(OutputFile file) : TraceWriter(std::move(file)) {}

    TrackId add(const TraceTrack& track, std::string_view name) override {
        const auto id = static_cast<TrackId>(sequences_.size());
        sequences_.push_back({.track = track});
        begin_sequence(id);
        describe(id, name);
        return id;
    }
    void rename(TrackId track, std::string_view name) override { describe(track, name); }

    LabelId label(TraceLabel label) override {
        const auto id = static_cast<LabelId>(labels_.size());
        Label& made = labels_.emplace_back();
        const auto use = [&](Interned kind, const std::string& text) {
            made.texts.push_back(intern(kind, text));
            return texts_[made.texts.back()].id;
        };
        PacketBytes bytes;
        bytes.varint(event::kCategoryIds, use(Interned::Categories, label.category));
        bytes.varint(event::kNameId, use(Interned::Names, label.name));
        for (const auto& [name, value] : label.arguments) {
            const std::size_t note = bytes.open(event::kArguments);
            bytes.varint(argument::kNameId, use(Interned::ArgumentNames, name));
            bytes.varint(argument::kStringId, use(Interned::Strings, value));
            bytes.close(note);
        }
        made.bytes = bytes.text();
        return id;
    }

    void begin(TrackId track, std::uint64_t ns, LabelId label, TraceArguments arguments,
               const TraceFlow& flow) override {
        tell_label(track, label);
        write(track, ns, kSliceBegin, labels_[label].bytes, arguments, flow);
    }
    void end(TrackId track, std::uint64_t ns, TraceArguments more) override {
        write(track, ns, kSliceEnd, {}, more, {});
    }
    // A kernel path mostly takes as long as it did the last time, or a nanosecond more or less.
    void leaf(TrackId track, std::uint64_t begin_ns, std::uint64_t end_ns, LabelId label,
              TraceArguments arguments) override {
        Sequence& sequence = sequences_[track];
        const std::uint64_t wait = begin_ns - sequence.last_ns, length = end_ns - begin_ns;
        Written& last = labels_[label].written[length % 2];
        const bool same = last.track == track && last.wait == wait && last.length == length &&
                          std::ranges::equal(last.arguments, arguments);
        if (!same) {
            tell_label(track, label);
            last = {track, wait, length, {arguments.begin(), arguments.end()}, {}};
            last.bytes =
                packet_of(track, begin_ns, kSliceBegin, labels_[label].bytes, arguments, {}).text();
            last.bytes += packet_of(track, end_ns, kSliceEnd, {}, {}, {}).text();
        }
        sequence.last_ns = end_ns;
        put(last.bytes);
    }
    void instant(TrackId track, std::uint64_t ns, LabelId label, const TraceFlow& flow) override {
        tell_label(track, label);
        write(track, ns, kInstant, labels_[label].bytes, {}, flow);
    }
    void count(TrackId track, std::uint64_t ns, std::uint64_t value) override {
        PacketBytes bytes;
        bytes.varint(event::kCounter, value);
        write(track, ns, kCounterEvent, bytes.text(), {}, {});
    }

    void finish() override { file_.commit(); }

private:
    struct Sequence {
        TraceTrack track;
        std::uint64_t last_ns = 0;
        std::vector<bool> texts{};   // that it knows, by place in texts_
        std::vector<bool> labels{};  // all of whose texts it knows
    };
    struct Text {
        Interned kind;
        std::uint32_t id = 0;
        std::string text;
    };
    // A leaf as it was written last.
    struct Written {
        TrackId track = 0;
        std::uint64_t wait = ~std::uint64_t{0}, length = 0;
        std::vector<TraceArgument> arguments{};
        std::string bytes{};
    };
    struct Label {
        std::vector<std::size_t> texts;
        std::string bytes;
        std::array<Written, 2> written{};
    };

    template <class Fill>
    void packet(TrackId track, std::uint32_t flags, Fill fill) {
        buffer_.clear();
        {
            protozero::pbf_builder<Trace> trace(buffer_);
            protozero::pbf_builder<Packet> packet(trace, Trace::Packet);
            packet.add_uint32(Packet::SequenceId, track + 1);
            if (flags != 0) packet.add_uint32(Packet::SequenceFlags, flags);
            fill(packet);
        }
        put(buffer_);
    }

    void begin_sequence(TrackId id) {
        packet(id, kStateCleared, [&](protozero::pbf_builder<Packet>& packet) {
            {
                protozero::pbf_builder<Snapshot> snapshot(packet, Packet::ClockSnapshot);
                for (const std::uint32_t clock : {kBootTime, kIncrementalClock}) {
                    protozero::pbf_builder<ClockField> field(snapshot, Snapshot::Clocks);
                    field.add_uint32(ClockField::Id, clock);
                    field.add_uint64(ClockField::Timestamp, 0);
                    if (clock == kIncrementalClock) field.add_bool(ClockField::Incremental, true);
                }
            }
            protozero::pbf_builder<DefaultsField> defaults(packet, Packet::Defaults);
            {
                protozero::pbf_builder<EventDefaults> event(defaults, DefaultsField::Event);
                event.add_uint64(EventDefaults::Track, uuid_of(sequences_[id].track));
            }
            defaults.add_uint32(DefaultsField::ClockId, kIncrementalClock);
        });
    }

    void describe(TrackId id, std::string_view name) {
        const TraceTrack& track = sequences_[id].track;
        packet(id, 0, [&](protozero::pbf_builder<Packet>& packet) {
            protozero::pbf_builder<Descriptor> descriptor(packet, Packet::Descriptor);
            descriptor.add_uint64(Descriptor::Uuid, uuid_of(track));
            if (track.kind == TraceTrack::Kind::Task) {
                protozero::pbf_builder<ThreadField> thread(descriptor, Descriptor::Thread);
                thread.add_int32(ThreadField::Pid, static_cast<std::int32_t>(track.process));
                thread.add_int32(ThreadField::Tid, static_cast<std::int32_t>(track.id));
                thread.add_string(ThreadField::Name, name.data(), name.size());
                return;
            }
            descriptor.add_string(Descriptor::Name, name.data(), name.size());
            if (track.kind == TraceTrack::Kind::Counter) {
                protozero::pbf_builder<CounterField> counter(descriptor, Descriptor::Counter);
                counter.add_enum(CounterField::Unit, kUnitCount);
            }
        });
        // A thread's process is named by a track of its own.
        if (track.kind != TraceTrack::Kind::Task || track.id != track.process) return;
        packet(id, 0, [&](protozero::pbf_builder<Packet>& packet) {
            protozero::pbf_builder<Descriptor> descriptor(packet, Packet::Descriptor);
            constexpr std::uint64_t kProcess = std::uint64_t{9} << 32;
            descriptor.add_uint64(Descriptor::Uuid, kProcess | track.process);
            protozero::pbf_builder<ProcessField> process(descriptor, Descriptor::Process);
            process.add_int32(ProcessField::Pid, static_cast<std::int32_t>(track.process));
            process.add_string(ProcessField::Name, name.data(), name.size());
        });
    }

    // Its place in texts_. Numbers count from 1 for each kind.
    std::size_t intern(Interned kind, const std::string& text) {
        const auto [found, added] = places_.try_emplace({kind, text}, texts_.size());
        if (added) texts_.push_back({kind, ++last_id_[kind], text});
        return found->second;
    }
    // A literal is known by its address.
    std::size_t intern_literal(const char* name) {
        const auto known = std::find_if(literals_.begin(), literals_.end(),
                                        [name](const auto& each) { return each.first == name; });
        if (known != literals_.end()) return known->second;
        return literals_.emplace_back(name, intern(Interned::ArgumentNames, name)).second;
    }

    void tell_text(TrackId track, std::size_t place) {
        std::vector<bool>& known = sequences_[track].texts;
        if (known.size() <= place) known.resize(place + 1);
        if (known[place]) return;
        known[place] = true;
        const Text& text = texts_[place];
        packet(track, kNeedsState, [&](protozero::pbf_builder<Packet>& packet) {
            protozero::pbf_builder<Interned> interned(packet, Packet::Interned);
            protozero::pbf_builder<InternedText> entry(interned, text.kind);
            entry.add_uint64(InternedText::Id, text.id);
            entry.add_string(InternedText::Text, text.text);
        });
    }
    void tell_label(TrackId track, LabelId label) {
        std::vector<bool>& known = sequences_[track].labels;
        if (label < known.size() && known[label]) return;
        if (known.size() <= label) known.resize(label + 1);
        known[label] = true;
        for (const std::size_t place : labels_[label].texts) tell_text(track, place);
    }

    void write(TrackId track, std::uint64_t ns, std::uint32_t type, std::string_view encoded,
               TraceArguments arguments, const TraceFlow& flow) {
        put(packet_of(track, ns, type, encoded, arguments, flow).text());
    }

    PacketBytes packet_of(TrackId track, std::uint64_t ns, std::uint32_t type,
                          std::string_view encoded, TraceArguments arguments,
                          const TraceFlow& flow) {
        PacketBytes bytes;
        std::array<std::uint32_t, 4> names{};
        for (std::size_t i = 0; i < arguments.size(); ++i) {
            const std::size_t place = intern_literal(arguments[i].name);
            tell_text(track, place);
            names[i] = texts_[place].id;
        }
        Sequence& sequence = sequences_[track];
        const std::size_t packet = bytes.open(kPacket);
        bytes.varint(kTimestamp, ns - sequence.last_ns);
        sequence.last_ns = ns;
        bytes.varint(kSequenceId, track + 1);
        bytes.varint(kSequenceFlags, kNeedsState);
        const std::size_t event = bytes.open(kEvent);
        bytes.varint(event::kType, type);
        bytes.append(encoded);
        for (std::size_t i = 0; i < arguments.size(); ++i) {
            const std::size_t note = bytes.open(event::kArguments);
            bytes.varint(argument::kNameId, names[i]);
            if (arguments[i].is_real) {
                bytes.fixed64(argument::kDouble, arguments[i].bits);
            } else {
                bytes.varint(argument::kUint, arguments[i].bits);
            }
            bytes.close(note);
        }
        if (flow.id != 0) bytes.fixed64(flow.ends ? event::kFlowEnds : event::kFlows, flow.id);
        bytes.close(event);
        bytes.close(packet);
        return bytes;
    }

    std::vector<Sequence> sequences_;  // by TrackId
    std::vector<Text> texts_;
    std::map<std::pair<Interned, std::string>, std::size_t> places_;
    std::map<Interned, std::uint32_t> last_id_;
    std::vector<std::pair<const char*, std::size_t>> literals_;
    std::vector<Label> labels_;  // by LabelId
    std::string buffer_;
};

}  // namespace

std::unique_ptr<TraceWriter> make_perfetto_writer(OutputFile file) {
    return std::make_unique<PerfettoWriter>(std::move(file));
}

}  // namespace uprobesim
