// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/gdb/target/breakpoints.h"

#include <algorithm>
#include <vector>

namespace uprobesim {
namespace {

VRange bytes_at(std::uint64_t at, std::uint64_t size) {
    return {VAddr(at), VAddr(at) + size};
}

bool sees(BreakType type, Access access) {
    if (type == BreakType::Access) return access != Access::Execute;
    return type == (access == Access::Write ? BreakType::Write : BreakType::Read);
}

}  // namespace

void Breakpoints::use(Kernel& kernel) {
    kernel_ = &kernel;
    for (const Key& key : all_) {
        if (!is_watch(key.type)) break_before(*kernel.machine().cpu, VAddr(key.at));
    }
}

bool Breakpoints::is_used(VAddr at) const {
    return std::any_of(all_.begin(), all_.end(),
                       [&](const Key& key) { return !is_watch(key.type) && key.at == at.value; });
}

void Breakpoints::changed(const Key& key) const {
    if (is_watch(key.type)) {
        if (Process* process = kernel_->processes().find(key.pid)) watch(*process);
    } else if (is_used(VAddr(key.at))) {
        break_before(*kernel_->machine().cpu, VAddr(key.at));
    } else {
        break_no_more(*kernel_->machine().cpu, VAddr(key.at));
    }
}

void Breakpoints::add(std::int32_t pid, BreakType type, VAddr at, std::uint64_t size) {
    const Key key{pid, type, at.value, size};
    if (all_.insert(key).second) changed(key);
}

void Breakpoints::remove(std::int32_t pid, BreakType type, VAddr at, std::uint64_t size) {
    const Key key{pid, type, at.value, size};
    if (all_.erase(key) != 0) changed(key);
}

void Breakpoints::forget(std::int32_t pid) {
    const std::set<Key> before = all_;
    std::erase_if(all_, [&](const Key& key) { return key.pid == pid; });
    for (const Key& key : before) {
        if (key.pid == pid) changed(key);
    }
}

void Breakpoints::copy(std::int32_t parent, std::int32_t child) {
    std::set<Key> more;
    for (Key key : all_) {
        if (key.pid != parent || is_watch(key.type)) continue;
        key.pid = child;
        more.insert(key);
    }
    all_.merge(more);
}

void Breakpoints::watch(Process& process) const {
    if (process.mm == nullptr) return;
    std::vector<Watch> watches;
    for (const Key& key : all_) {
        if (key.pid != process.pid || !is_watch(key.type)) continue;
        watches.push_back({.range = bytes_at(key.at, key.size),
                           .reads = key.type != BreakType::Write,
                           .writes = key.type != BreakType::Read});
    }
    if (!watches.empty() || !process.mm->space().watches().empty())
        process.mm->space().watch(std::move(watches));
}

std::optional<StopReason> Breakpoints::at(std::int32_t pid, VAddr pc) const {
    for (const Key& key : all_) {
        if (key.pid != pid || is_watch(key.type) || key.at != pc.value) continue;
        return StopReason{.kind = key.type == BreakType::Software ? StopKind::SoftwareBreak
                                                                  : StopKind::HardwareBreak};
    }
    return std::nullopt;
}

std::optional<StopReason> Breakpoints::at(std::int32_t pid, const WatchedAccess& access) const {
    for (const Key& key : all_) {
        if (key.pid != pid || !sees(key.type, access.access) ||
            !bytes_at(key.at, key.size).contains(access.address))
            continue;
        const StopKind kind = key.type == BreakType::Write  ? StopKind::WriteWatch
                              : key.type == BreakType::Read ? StopKind::ReadWatch
                                                            : StopKind::AccessWatch;
        return StopReason{.kind = kind, .address = access.address};
    }
    return std::nullopt;
}

}  // namespace uprobesim
