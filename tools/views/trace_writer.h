// SPDX-License-Identifier: GPL-2.0-or-later
// Files of nested slices on tracks, as trace viewers read them: Perfetto's TrackEvents, written as
// protocol buffers, or the JSON of Chrome's about:tracing. Each event is written when it is told;
// nothing is kept.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "sim/base/output_file.h"

namespace uprobesim {

struct TraceTrack {
    enum class Kind : std::uint8_t { Cpu, Task, Counter };
    Kind kind = Kind::Task;
    std::uint32_t id = 0;       // of the CPU, or the task
    std::uint32_t process = 0;  // of a task
};

struct TraceArgument {
    std::string_view name;
    std::variant<std::uint64_t, double, std::string> value;
};
using TraceArguments = std::vector<TraceArgument>;

struct TraceSlice {
    std::string_view category;
    std::string_view name;
    TraceArguments arguments{};
    std::uint64_t flow = 0;  // an arrow leads from a slice to the later one with the same number
    bool ends_flow = false;
};

// Names are `visible` text. Times of a track do not decrease.
class TraceWriter {
public:
    virtual ~TraceWriter() = default;
    TraceWriter(const TraceWriter&) = delete;
    TraceWriter& operator=(const TraceWriter&) = delete;

    // Before its first event, and again when its name changes.
    virtual void describe(const TraceTrack& track, std::string_view name) = 0;
    virtual void begin(const TraceTrack& track, std::uint64_t ns, const TraceSlice& slice) = 0;
    // Of the slice that began last and has not ended.
    virtual void end(const TraceTrack& track, std::uint64_t ns, const TraceArguments& more) = 0;
    virtual void count(const TraceTrack& track, std::uint64_t ns, std::uint64_t value) = 0;
    // The file is whole. Throws HostError where it could not be written.
    virtual void finish() = 0;

    std::uint64_t bytes() const { return bytes_; }

protected:
    explicit TraceWriter(OutputFile file) : file_(std::move(file)) {}
    void put(std::string_view text) {
        bytes_ += text.size();
        file_.write(text);
    }
    OutputFile file_;

private:
    std::uint64_t bytes_ = 0;
};

std::unique_ptr<TraceWriter> make_perfetto_writer(OutputFile file);
std::unique_ptr<TraceWriter> make_chrome_writer(OutputFile file);

}  // namespace uprobesim
