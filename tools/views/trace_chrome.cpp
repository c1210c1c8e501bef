// SPDX-License-Identifier: GPL-2.0-or-later
// "Trace Event Format": an array of objects, times in microseconds.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tools/views/trace_writer.h"

namespace uprobesim {
namespace {

using Json = nlohmann::ordered_json;

void add_arguments(Json& json, TraceArguments arguments) {
    for (const TraceArgument& a : arguments) {
        if (a.is_real) {
            json[a.name] = a.real();
        } else {
            json[a.name] = a.bits;
        }
    }
}

class ChromeWriter final : public TraceWriter {
public:
    explicit ChromeWriter(OutputFile file) : TraceWriter(std::move(file)) {
        put(R"({"displayTimeUnit":"ns","traceEvents":[)");
    }

    TrackId add(const TraceTrack& track, std::string_view name) override {
        const auto id = static_cast<TrackId>(tracks_.size());
        tracks_.push_back({track, std::string(name)});
        rename(id, name);
        return id;
    }

    void rename(TrackId id, std::string_view name) override {
        const TraceTrack& track = tracks_[id].track;
        tracks_[id].name = name;
        if (track.kind == TraceTrack::Kind::Counter) return;
        const auto tell = [&](const char* what, std::string_view text) {
            Json json = event("M", id);
            json["name"] = what;
            json["args"] = {{"name", text}};
            put_event(json);
        };
        tell("thread_name", name);
        if (track.kind == TraceTrack::Kind::Cpu) {
            tell("process_name", "CPUs");
        } else if (track.id == track.process) {
            tell("process_name", name);
        }
    }

    LabelId label(TraceLabel label) override {
        labels_.push_back(std::move(label));
        return static_cast<LabelId>(labels_.size() - 1);
    }

    void begin(TrackId track, std::uint64_t ns, LabelId label, TraceArguments arguments,
               const TraceFlow& flow) override {
        Json json = labelled("B", track, ns, label);
        add_arguments(json["args"], arguments);
        put_event(json);
        put_flow(track, ns, flow);
    }

    void end(TrackId track, std::uint64_t ns, TraceArguments more) override {
        Json json = event("E", track, ns);
        json["args"] = Json::object();
        add_arguments(json["args"], more);
        put_event(json);
    }

    void instant(TrackId track, std::uint64_t ns, LabelId label, const TraceFlow& flow) override {
        Json json = labelled("i", track, ns, label);
        json["s"] = "t";
        put_event(json);
        put_flow(track, ns, flow);
    }

    void count(TrackId track, std::uint64_t ns, std::uint64_t value) override {
        Json json = event("C", track, ns);
        json["name"] = tracks_[track].name;
        json["args"] = {{"value", value}};
        put_event(json);
    }

    void finish() override {
        put("\n]}\n");
        commit();
    }

private:
    struct Named {
        TraceTrack track;
        std::string name;
    };
    Json event(const char* phase, TrackId id) const {
        const TraceTrack& track = tracks_[id].track;
        return {{"ph", phase}, {"pid", track.process}, {"tid", track.id}};
    }
    Json event(const char* phase, TrackId id, std::uint64_t ns) const {
        Json json = event(phase, id);
        json["ts"] = static_cast<double>(ns) / 1000;
        return json;
    }
    Json labelled(const char* phase, TrackId id, std::uint64_t ns, LabelId label) const {
        Json json = event(phase, id, ns);
        json["cat"] = labels_[label].category;
        json["name"] = labels_[label].name;
        json["args"] = Json::object();
        for (const auto& [name, value] : labels_[label].arguments) json["args"][name] = value;
        return json;
    }
    void put_flow(TrackId track, std::uint64_t ns, const TraceFlow& flow) {
        if (flow.id == 0) return;
        Json json = event(flow.ends ? "f" : "s", track, ns);
        json["cat"] = "flow";
        json["name"] = flow.name;
        json["id"] = flow.id;
        if (flow.ends) json["bp"] = "e";
        put_event(json);
    }
    void put_event(const Json& json) {
        put(first_ ? "\n" : ",\n");
        first_ = false;
        put(json.dump(-1, ' ', false, Json::error_handler_t::replace));
    }

    std::vector<Named> tracks_;
    std::vector<TraceLabel> labels_;
    bool first_ = true;
};

}  // namespace

std::unique_ptr<TraceWriter> make_chrome_writer(OutputFile file) {
    return std::make_unique<ChromeWriter>(std::move(file));
}

}  // namespace uprobesim
