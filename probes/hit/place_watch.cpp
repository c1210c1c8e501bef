// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/hit/place_watch.h"

#include <utility>

#include "sim/cpu/unicorn/place_stops.h"

namespace uprobesim {

std::size_t PlaceWatch::add(FileKey file, std::uint64_t offset, std::uint64_t wanted) {
    places_.push_back({.file = file, .offset = offset, .wanted = wanted});
    return places_.size() - 1;
}

std::size_t PlaceWatch::add(std::int32_t pid, VAddr at, std::function<void(Task&)> come) {
    places_.push_back({.pid = pid, .at = at, .call = std::move(come)});
    stop_before_place(cpu_, at);
    return places_.size() - 1;
}

void PlaceWatch::stop() {
    if (stopped_ || places_.empty()) return;
    stopped_ = true;
    stop_nowhere(cpu_);
}

void PlaceWatch::mapped(const Vma& vma) {
    if (stopped_ || !vma.file || !vma.name.empty() || vma.shared) return;
    for (const Place& place : places_) {
        if (place.pid || vma.file->key() != place.file || place.offset < vma.file_offset ||
            place.offset - vma.file_offset >= vma.range.size())
            continue;
        stop_before_place(cpu_, vma.range.begin + (place.offset - vma.file_offset));
    }
}

bool PlaceWatch::is_at(const Place& place, const Process& process, VAddr pc) {
    if (place.pid) return place.at == pc && *place.pid == process.pid;
    const Vma* vma = process.mm->find(pc);
    return vma != nullptr && vma->file && vma->name.empty() && vma->file->key() == place.file &&
           vma->offset_of(pc) == place.offset;
}

bool PlaceWatch::come(Task& task, VAddr pc) {
    bool reached = false;
    // A call may add a place.
    for (std::size_t i = 0; i < places_.size(); ++i) {
        Place& place = places_[i];
        if (!is_at(place, *task.process, pc)) continue;
        if (const auto call = place.call) {
            call(task);
        } else {
            reached = ++place.times == place.wanted || reached;
        }
    }
    return reached;
}

}  // namespace uprobesim
