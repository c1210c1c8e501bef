// SPDX-License-Identifier: GPL-2.0-or-later
// "Trace Event Format": an array of objects, times in microseconds.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tools/views/trace_writer.h"

namespace uprobesim {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const TraceArguments& arguments) {
    Json json = Json::object();
    for (const TraceArgument& a : arguments)
        std::visit([&](const auto& value) { json[std::string(a.name)] = value; }, a.value);
    return json;
}

class ChromeWriter final : public TraceWriter {
public:
    explicit ChromeWriter(OutputFile file) : TraceWriter(std::move(file)) {
        put(R"({"displayTimeUnit":"ns","traceEvents":[)");
    }

    void describe(const TraceTrack& track, std::string_view name) override {
        if (track.kind == TraceTrack::Kind::Counter) return;
        const auto tell = [&](const char* what, std::string_view text) {
            Json json = event("M", track);
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

    void begin(const TraceTrack& track, std::uint64_t ns, const TraceSlice& slice) override {
        Json json = event("B", track, ns);
        json["cat"] = slice.category;
        json["name"] = slice.name;
        json["args"] = json_of(slice.arguments);
        put_event(json);
        if (slice.flow == 0) return;
        Json flow = event(slice.ends_flow ? "f" : "s", track, ns);
        flow["cat"] = slice.category;
        flow["name"] = "step";
        flow["id"] = slice.flow;
        if (slice.ends_flow) flow["bp"] = "e";
        put_event(flow);
    }

    void end(const TraceTrack& track, std::uint64_t ns, const TraceArguments& more) override {
        Json json = event("E", track, ns);
        json["args"] = json_of(more);
        put_event(json);
    }

    void count(const TraceTrack& track, std::uint64_t ns, std::uint64_t value) override {
        Json json = event("C", track, ns);
        json["name"] = "probe hits";
        json["args"] = {{"hits", value}};
        put_event(json);
    }

    void finish() override {
        put("\n]}\n");
        file_.commit();
    }

private:
    static Json event(const char* phase, const TraceTrack& track) {
        return {{"ph", phase}, {"pid", track.process}, {"tid", track.id}};
    }
    static Json event(const char* phase, const TraceTrack& track, std::uint64_t ns) {
        Json json = event(phase, track);
        json["ts"] = static_cast<double>(ns) / 1000;
        return json;
    }
    void put_event(const Json& json) {
        put(first_ ? "\n" : ",\n");
        first_ = false;
        put(json.dump(-1, ' ', false, Json::error_handler_t::replace));
    }

    bool first_ = true;
};

}  // namespace

std::unique_ptr<TraceWriter> make_chrome_writer(OutputFile file) {
    return std::make_unique<ChromeWriter>(std::move(file));
}

}  // namespace uprobesim
