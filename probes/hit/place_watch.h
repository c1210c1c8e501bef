// SPDX-License-Identifier: GPL-2.0-or-later
// Tells when programs come to a place, without a probe there: the engine stops before the
// instruction, and nothing is charged, stored in the program or counted otherwise than without.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "kernel_model/memory/vma.h"
#include "kernel_model/task/process.h"
#include "sim/cpu/cpu.h"

namespace uprobesim {

class PlaceWatch {
public:
    explicit PlaceWatch(Cpu& cpu) : cpu_(cpu) {}
    PlaceWatch(const PlaceWatch&) = delete;
    PlaceWatch& operator=(const PlaceWatch&) = delete;
    ~PlaceWatch() { stop(); }

    // A place in a file, in each process that maps it; before programs map it. `wanted`: how often
    // it is come to until it counts as reached. Returns its number.
    std::size_t add(FileKey file, std::uint64_t offset, std::uint64_t wanted);
    // An address of one process. `come`, if given, is called in place of counting.
    std::size_t add(std::int32_t pid, VAddr at, std::function<void(Task&)> come = {});
    std::uint64_t times(std::size_t place) const { return places_[place].times; }
    bool reached(std::size_t place) const { return places_[place].times >= places_[place].wanted; }
    // Nothing is watched any more.
    void stop();

    void mapped(const Vma& vma);
    // The task is about to execute the instruction at `pc`. True: a place was reached by it, so
    // that the turn is to end.
    bool come(Task& task, VAddr pc);

private:
    struct Place {
        FileKey file{};
        std::uint64_t offset = 0;
        std::optional<std::int32_t> pid{};  // of an address; else it is the file's
        VAddr at{};
        std::uint64_t wanted = 1;
        std::uint64_t times = 0;
        std::function<void(Task&)> call{};
    };
    static bool is_at(const Place& place, const Process& process, VAddr pc);

    Cpu& cpu_;
    bool stopped_ = false;
    std::vector<Place> places_;
};

}  // namespace uprobesim
