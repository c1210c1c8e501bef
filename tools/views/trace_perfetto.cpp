// SPDX-License-Identifier: GPL-2.0-or-later
// Field numbers: Perfetto's protos/perfetto/trace, trace_packet.proto and track_event/.
#include <fmt/format.h>

#include <protozero/pbf_builder.hpp>

#include "tools/views/trace_writer.h"

namespace uprobesim {
namespace {

enum class Trace : protozero::pbf_tag_type { Packet = 1 };
enum class Packet : protozero::pbf_tag_type {
    Timestamp = 8,
    SequenceId = 10,
    Event = 11,
    Descriptor = 60
};
enum class Event : protozero::pbf_tag_type {
    Annotations = 4,
    Type = 9,
    Track = 11,
    Categories = 22,
    Name = 23,
    CounterValue = 30,
    FlowIds = 47,
    TerminatingFlowIds = 48
};
enum class Annotation : protozero::pbf_tag_type { Uint = 3, Double = 5, String = 6, Name = 10 };
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
constexpr std::int32_t kSliceBegin = 1, kSliceEnd = 2, kCounter = 4, kUnitCount = 2;

std::uint64_t uuid_of(const TraceTrack& track) {
    return (static_cast<std::uint64_t>(track.kind) + 1) << 32 | track.id;
}

void add(protozero::pbf_builder<Event>& event, const TraceArguments& arguments) {
    for (const TraceArgument& a : arguments) {
        protozero::pbf_builder<Annotation> note(event, Event::Annotations);
        note.add_string(Annotation::Name, a.name.data(), a.name.size());
        if (const auto* n = std::get_if<std::uint64_t>(&a.value)) {
            note.add_uint64(Annotation::Uint, *n);
        } else if (const auto* d = std::get_if<double>(&a.value)) {
            note.add_double(Annotation::Double, *d);
        } else {
            note.add_string(Annotation::String, std::get<std::string>(a.value));
        }
    }
}

class PerfettoWriter final : public TraceWriter {
public:
    explicit PerfettoWriter(OutputFile file) : TraceWriter(std::move(file)) {}

    void describe(const TraceTrack& track, std::string_view name) override {
        packet([&](protozero::pbf_builder<Packet>& packet) {
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
        packet([&](protozero::pbf_builder<Packet>& packet) {
            protozero::pbf_builder<Descriptor> descriptor(packet, Packet::Descriptor);
            constexpr std::uint64_t kProcess = std::uint64_t{9} << 32;
            descriptor.add_uint64(Descriptor::Uuid, kProcess | track.process);
            protozero::pbf_builder<ProcessField> process(descriptor, Descriptor::Process);
            process.add_int32(ProcessField::Pid, static_cast<std::int32_t>(track.process));
            process.add_string(ProcessField::Name, name.data(), name.size());
        });
    }

    void begin(const TraceTrack& track, std::uint64_t ns, const TraceSlice& slice) override {
        event(track, ns, kSliceBegin, [&](protozero::pbf_builder<Event>& event) {
            event.add_string(Event::Categories, slice.category.data(), slice.category.size());
            event.add_string(Event::Name, slice.name.data(), slice.name.size());
            add(event, slice.arguments);
            if (slice.flow != 0)
                event.add_fixed64(slice.ends_flow ? Event::TerminatingFlowIds : Event::FlowIds,
                                  slice.flow);
        });
    }

    void end(const TraceTrack& track, std::uint64_t ns, const TraceArguments& more) override {
        event(track, ns, kSliceEnd,
              [&](protozero::pbf_builder<Event>& event) { add(event, more); });
    }

    void count(const TraceTrack& track, std::uint64_t ns, std::uint64_t value) override {
        event(track, ns, kCounter, [&](protozero::pbf_builder<Event>& event) {
            event.add_int64(Event::CounterValue, static_cast<std::int64_t>(value));
        });
    }

    void finish() override { file_.commit(); }

private:
    template <class Fill>
    void packet(Fill fill) {
        buffer_.clear();
        {
            protozero::pbf_builder<Trace> trace(buffer_);
            protozero::pbf_builder<Packet> packet(trace, Trace::Packet);
            packet.add_uint32(Packet::SequenceId, 1);
            fill(packet);
        }
        put(buffer_);
    }
    template <class Fill>
    void event(const TraceTrack& track, std::uint64_t ns, std::int32_t type, Fill fill) {
        packet([&](protozero::pbf_builder<Packet>& packet) {
            packet.add_uint64(Packet::Timestamp, ns);
            protozero::pbf_builder<Event> event(packet, Packet::Event);
            event.add_enum(Event::Type, type);
            event.add_uint64(Event::Track, uuid_of(track));
            fill(event);
        });
    }

    std::string buffer_;
};

}  // namespace

std::unique_ptr<TraceWriter> make_perfetto_writer(OutputFile file) {
    return std::make_unique<PerfettoWriter>(std::move(file));
}

}  // namespace uprobesim
