// SPDX-License-Identifier: GPL-2.0-or-later
// Each track is a packet sequence of its own. Its first packet says what holds for all: the track,
// and that its times count from the one before. Names are told once on a sequence, in front of the
// first packet that uses them, and are numbers from then on.
#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <protozero/pbf_builder.hpp>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/error.h"
#include "tools/views/event_packet.h"
#include "tools/views/perfetto_fields.h"
#include "tools/views/trace_writer.h"

namespace uprobesim {
namespace {

using namespace perfetto;

std::uint64_t uuid_of(const TraceTrack& track) {
    return (static_cast<std::uint64_t>(track.kind) + 1) << 32 | track.id;
}

class PerfettoWriter final : public TraceWriter {
public:
    explicit PerfettoWriter(OutputFile file) : TraceWriter(std::move(file)) {}

    TrackId add(const TraceTrack& track, std::string_view name) override {
        const auto id = static_cast<TrackId>(sequences_.size());
        sequences_.push_back({.track = track, .fields = EventPacket::of_sequence(id + 1)});
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
        PacketBytes bytes(made.fields.bytes.data());
        bytes.varint(event::kCategoryIds, use(Interned::Categories, label.category));
        bytes.varint(event::kNameId, use(Interned::Names, label.name));
        for (const auto& [name, value] : label.arguments) {
            char* const note = bytes.open(event::kArguments);
            bytes.varint(argument::kNameId, use(Interned::ArgumentNames, name));
            bytes.varint(argument::kStringId, use(Interned::Strings, value));
            bytes.close(note);
        }
        made.fields.size = bytes.size();
        check_invariant(made.fields.size <= made.fields.bytes.size(), "a label is short");
        return id;
    }

    void begin(TrackId track, std::uint64_t ns, LabelId label, TraceArguments arguments,
               const TraceFlow& flow) override {
        tell_label(track, label);
        const Names names = tell_names(track, arguments);
        EventPacket packet = open(track, ns, kSliceBegin);
        packet.label(labels_[label].fields);
        add(packet, names, arguments);
        packet.flow(flow);
        filled(packet.close());
    }
    void end(TrackId track, std::uint64_t ns, TraceArguments more) override {
        const Names names = tell_names(track, more);
        EventPacket packet = open(track, ns, kSliceEnd);
        add(packet, names, more);
        filled(packet.close());
    }
    // A kernel path mostly takes as long as it did the last time, or a nanosecond more or less; so
    // does what is before it.
    void leaf(TrackId track, std::uint64_t begin_ns, std::uint64_t end_ns, LabelId label,
              TraceArguments arguments) override {
        Sequence& sequence = sequences_[track];
        const std::uint64_t wait = begin_ns - sequence.last_ns, length = end_ns - begin_ns;
        std::unique_ptr<Written>& last = labels_[label].written[length % 2 + wait % 2 * 2];
        if (last == nullptr || last->track != track || last->wait != wait ||
            last->length != length || !last->says(arguments)) {
            if (last == nullptr) last = std::make_unique<Written>();
            rewrite(*last, track, wait, length, label, arguments);
        }
        sequence.last_ns = end_ns;
        char* const to = room();
        std::memcpy(to, last->bytes.data(), kOftenEnough);
        if (last->size > kOftenEnough)
            std::memcpy(to + kOftenEnough, last->bytes.data() + kOftenEnough,
                        last->size - kOftenEnough);
        filled(last->size);
    }
    void instant(TrackId track, std::uint64_t ns, LabelId label, const TraceFlow& flow) override {
        tell_label(track, label);
        EventPacket packet = open(track, ns, kInstant);
        packet.label(labels_[label].fields);
        packet.flow(flow);
        filled(packet.close());
    }
    void count(TrackId track, std::uint64_t ns, std::uint64_t value) override {
        EventPacket packet = open(track, ns, kCounterEvent);
        packet.counter(value);
        filled(packet.close());
    }

    void finish() override { commit(); }

private:
    // Of a slice that begins and ends: copied as a whole, this much without a call.
    static constexpr std::size_t kOftenEnough = 64;
    static constexpr std::size_t kMostArguments = 2;

    struct Sequence {
        TraceTrack track;
        EncodedFields fields{};
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
        std::uint64_t wait = 0, length = 0;
        std::size_t count = 0;
        std::array<TraceArgument, kMostArguments> arguments{};
        std::size_t size = 0;
        std::array<char, 2 * PacketBytes::kMost> bytes{};
        static_assert(sizeof bytes <= kRoom);

        bool says(TraceArguments others) const {
            if (others.size() != count) return false;
            for (std::size_t i = 0; i < count; ++i) {
                if (others[i] != arguments[i]) return false;
            }
            return true;
        }
    };
    struct Label {
        std::vector<std::size_t> texts;
        EncodedFields fields{};
        std::array<std::unique_ptr<Written>, 4> written{};
    };
    using Names = std::array<std::uint32_t, kMostArguments>;

    template <class Fill>
    void packet(TrackId track, std::uint32_t flags, Fill fill) {
        buffer_.clear();
        {
            protozero::pbf_builder<TraceField> trace(buffer_);
            protozero::pbf_builder<Packet> packet(trace, TraceField::Packet);
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

    Names tell_names(TrackId track, TraceArguments arguments) {
        if (arguments.empty()) return {};
        check_invariant(arguments.size() <= kMostArguments, "an event says little");
        Names names{};
        for (std::size_t i = 0; i < arguments.size(); ++i) {
            const std::size_t place = intern_literal(arguments[i].name);
            tell_text(track, place);
            names[i] = texts_[place].id;
        }
        return names;
    }

    // Where the file goes on: what it needs must have been told.
    EventPacket open(TrackId track, std::uint64_t ns, std::uint32_t type) {
        Sequence& sequence = sequences_[track];
        const std::uint64_t since = ns - std::exchange(sequence.last_ns, ns);
        return {room(), since, sequence.fields, type};
    }
    static void add(EventPacket& packet, const Names& names, TraceArguments arguments) {
        for (std::size_t i = 0; i < arguments.size(); ++i) packet.argument(names[i], arguments[i]);
    }

    [[gnu::noinline]] void rewrite(Written& written, TrackId track, std::uint64_t wait,
                                   std::uint64_t length, LabelId label, TraceArguments arguments) {
        tell_label(track, label);
        const Names names = tell_names(track, arguments);
        written.track = track;
        written.wait = wait;
        written.length = length;
        written.count = arguments.size();
        std::ranges::copy(arguments, written.arguments.begin());
        const EncodedFields& sequence = sequences_[track].fields;
        EventPacket begin(written.bytes.data(), wait, sequence, kSliceBegin);
        begin.label(labels_[label].fields);
        add(begin, names, arguments);
        written.size = begin.close();
        written.size +=
            EventPacket(written.bytes.data() + written.size, length, sequence, kSliceEnd).close();
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
