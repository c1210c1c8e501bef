// SPDX-License-Identifier: GPL-2.0-or-later
// Files of nested slices on tracks, as trace viewers read them: Perfetto's TrackEvents, written as
// protocol buffers, or the JSON of Chrome's about:tracing. Each event is written when it is told.
// What slices have in common, their labels, is told once; nothing else is kept.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/output_file.h"

namespace uprobesim {

struct TraceTrack {
    enum class Kind : std::uint8_t { Cpu, Task, Counter };
    Kind kind = Kind::Task;
    std::uint32_t id = 0;       // of the CPU, the task or the counter
    std::uint32_t process = 0;  // of a task
};
// As add() gave it.
using TrackId = std::uint32_t;

// Of a kind of slices: category, name and what all of them say.
struct TraceLabel {
    std::string category;
    std::string name;
    std::vector<std::pair<std::string, std::string>> arguments{};
};
using LabelId = std::uint32_t;

// What one slice says.
struct TraceArgument {
    const char* name = nullptr;  // a literal, or of the table of kernel paths
    bool is_real = false;
    std::uint64_t bits = 0;  // of the number

    TraceArgument() = default;
    TraceArgument(const char* its_name, std::uint64_t number) : name(its_name), bits(number) {}
    TraceArgument(const char* its_name, double number)
        : name(its_name), is_real(true), bits(std::bit_cast<std::uint64_t>(number)) {}
    double real() const { return std::bit_cast<double>(bits); }
    bool operator==(const TraceArgument&) const = default;  // the very name
};
using TraceArguments = std::span<const TraceArgument>;

// An arrow leads from an event to the later one with the same number.
struct TraceFlow {
    std::uint64_t id = 0;  // 0: none
    bool ends = false;
    const char* name = "step";
};

// Names are `visible` text. Times of a track do not decrease.
class TraceWriter {
public:
    virtual ~TraceWriter() = default;
    TraceWriter(const TraceWriter&) = delete;
    TraceWriter& operator=(const TraceWriter&) = delete;

    virtual TrackId add(const TraceTrack& track, std::string_view name) = 0;
    virtual void rename(TrackId track, std::string_view name) = 0;
    virtual LabelId label(TraceLabel label) = 0;
    virtual void begin(TrackId track, std::uint64_t ns, LabelId label, TraceArguments arguments,
                       const TraceFlow& flow) = 0;
    // Of the slice that began last and has not ended.
    virtual void end(TrackId track, std::uint64_t ns, TraceArguments more) = 0;
    // Begins and ends a slice.
    virtual void leaf(TrackId track, std::uint64_t begin_ns, std::uint64_t end_ns, LabelId label,
                      TraceArguments arguments) {
        begin(track, begin_ns, label, arguments, {});
        end(track, end_ns, {});
    }
    // A moment in the slice that is open.
    virtual void instant(TrackId track, std::uint64_t ns, LabelId label, const TraceFlow& flow) = 0;
    virtual void count(TrackId track, std::uint64_t ns, std::uint64_t value) = 0;
    // The file is whole. Throws HostError where it could not be written.
    virtual void finish() = 0;

    // What has been told so far, in bytes of the file.
    std::uint64_t bytes() const { return handed_over_ + used_; }

protected:
    explicit TraceWriter(OutputFile file) : file_(std::move(file)) {}
    // Where the file goes on, with room for kRoom bytes. filled() says how many came.
    static constexpr std::size_t kRoom = 4096;
    char* room() {
        if (used_ >= kBuffer) [[unlikely]]
            hand_over();
        return buffer_.get() + used_;
    }
    void filled(std::size_t bytes) { used_ += bytes; }
    void put(std::string_view text) {
        if (text.size() > kRoom) {
            hand_over();
            handed_over_ += text.size();
            return file_.write(text);
        }
        std::memcpy(room(), text.data(), text.size());
        filled(text.size());
    }
    void commit() {
        hand_over();
        file_.commit();
    }

private:
    static constexpr std::size_t kBuffer = 65536;  // so much the file writes at once

    void hand_over() {
        file_.write({buffer_.get(), used_});
        handed_over_ += std::exchange(used_, 0);
    }

    OutputFile file_;
    std::unique_ptr<char[]> buffer_ = std::make_unique<char[]>(kBuffer + kRoom);
    std::size_t used_ = 0;
    std::uint64_t handed_over_ = 0;
};

std::unique_ptr<TraceWriter> make_perfetto_writer(OutputFile file);
std::unique_ptr<TraceWriter> make_chrome_writer(OutputFile file);

}  // namespace uprobesim
