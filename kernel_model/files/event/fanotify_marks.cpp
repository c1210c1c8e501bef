// SPDX-License-Identifier: GPL-2.0-or-later
// fs/notify/fanotify/fanotify_user.c (marks), fs/notify/fsnotify.c,
// include/linux/fsnotify_backend.h
#include "kernel_model/files/event/fanotify_marks.h"

#include <fmt/format.h>

#include <algorithm>

#include "kernel_model/abi/stat.h"
#include "kernel_model/files/event/file_handle.h"

namespace uprobesim {
namespace {

using namespace abi;

// fsnotify_mask_applicable: to an event of a directory, and to one that a parent is told.
bool applies(std::uint32_t mask, bool directory, bool as_parent) {
    if (directory && (mask & kFanOndir) == 0) return false;
    return !as_parent || (mask & kFanEventOnChild) != 0;
}

// fsnotify_effective_ignore_mask
std::uint32_t ignored_by(const FanotifyMark& mark, bool directory, bool as_parent) {
    const std::uint32_t events = mark.ignored & kFanAllEvents;
    if (events == 0 || (!directory && !as_parent)) return events;
    std::uint32_t flags = mark.ignored;
    // FAN_MARK_IGNORED_MASK: always of directories, and of children where the mark hears of them.
    if (!mark.has_ignore_flags) flags |= kFanOndir | (mark.mask & kFanEventOnChild);
    return applies(flags, directory, as_parent) ? events : 0;
}

std::uint32_t shown_flags(const FanotifyMark& mark) {
    return (mark.survives_modify ? kFanMarkIgnoredSurvModify : 0) |
           (mark.evictable ? kFanMarkEvictable : 0) | (mark.has_ignore_flags ? kFanMarkIgnore : 0);
}

std::uint64_t shown_device(std::uint64_t device) {
    constexpr unsigned kMinorBits = 20;
    return std::uint64_t{device_major(device)} << kMinorBits | device_minor(device);
}

constexpr std::uint32_t kIgnores = kFanMarkIgnoredMask | kFanMarkIgnore;

}  // namespace

FanotifyMarks::~FanotifyMarks() {
    if (use_ != nullptr) use_->marks -= marks_.size();
}

FanotifyMark* FanotifyMarks::find(const MarkPlace& place) {
    const auto at = marks_.find(place);
    if (at == marks_.end()) return nullptr;
    if (place.kind == MarkKind::Inode || !at->second.object.expired()) return &at->second;
    if (use_ != nullptr) --use_->marks;
    marks_.erase(at);
    return nullptr;
}

SysResult<void> FanotifyMarks::add(const Request& request) {
    FanotifyMark* mark = find(request.place);
    const bool ignores = (request.flags & kIgnores) != 0;
    const bool survives = (request.flags & kFanMarkIgnoredSurvModify) != 0;
    const bool evictable = (request.flags & kFanMarkEvictable) != 0;
    if (mark == nullptr) {
        if (use_ != nullptr && use_->marks >= request.most)
            return tl::make_unexpected(Errno::NoSpc);
        mark = &marks_[request.place];
        mark->object = request.object;
        mark->evictable = evictable;
        if (use_ != nullptr) ++use_->marks;
    } else if ((evictable && !mark->evictable) ||
               ((request.flags & kFanMarkIgnoredMask) != 0 && mark->has_ignore_flags) ||
               ((request.flags & kFanMarkIgnore) != 0 && !survives && mark->survives_modify)) {
        // fanotify_may_update_existing_mark
        return tl::make_unexpected(Errno::Exist);
    }
    (ignores ? mark->ignored : mark->mask) |= request.mask;
    if (!evictable) mark->evictable = false;
    if ((request.flags & kFanMarkIgnore) != 0) mark->has_ignore_flags = true;
    if (ignores && survives) mark->survives_modify = true;
    return {};
}

SysResult<void> FanotifyMarks::remove(const Request& request) {
    FanotifyMark* const mark = find(request.place);
    if (mark == nullptr) return tl::make_unexpected(Errno::NoEnt);
    ((request.flags & kIgnores) != 0 ? mark->ignored : mark->mask) &=
        ~(request.mask & ~request.kept);
    if (((mark->mask | mark->ignored) & ~request.kept) != 0) return {};
    marks_.erase(request.place);
    if (use_ != nullptr) --use_->marks;
    return {};
}

void FanotifyMarks::flush(MarkKind kind) {
    const auto removed =
        std::erase_if(marks_, [&](const auto& entry) { return entry.first.kind == kind; });
    if (use_ != nullptr) use_->marks -= removed;
}

void FanotifyMarks::forget(const FileKey& file) {
    const auto removed = marks_.erase({MarkKind::Inode, file.device, file.inode});
    if (use_ != nullptr) use_->marks -= removed;
}

void FanotifyMarks::apply(const MarkPlace& place, const FileHappening& what, bool as_parent,
                          FanotifyMatch& match) {
    FanotifyMark* const mark = find(place);
    if (mark == nullptr) return;
    const bool directory = (what.mask & kFanOndir) != 0;
    if ((what.mask & kFanModify) != 0 && !mark->survives_modify) mark->ignored = 0;
    match.ignored |= ignored_by(*mark, directory, as_parent);
    if (applies(mark->mask, directory, as_parent)) match.wanted |= mark->mask;
}

FanotifyMatch FanotifyMarks::match(const FileHappening& what) {
    FanotifyMatch match;
    apply({MarkKind::FileSystem, what.file.device, 0}, what, false, match);
    const bool by_system = (match.wanted & what.mask & kFanAllEvents) != 0;
    if (what.mount != 0)
        apply({MarkKind::Mount, static_cast<std::uint64_t>(what.mount), 0}, what, false, match);
    FanotifyMatch own;
    apply({MarkKind::Inode, what.file.device, what.file.inode}, what, false, own);
    match.by_old = by_system || (own.wanted & what.mask & kFanAllEvents) != 0;
    match.wanted |= own.wanted;
    match.ignored |= own.ignored;
    if (what.parent)
        apply({MarkKind::Inode, what.parent->device, what.parent->inode}, what, true, match);
    if (what.new_parent) {
        FanotifyMatch to;
        apply({MarkKind::Inode, what.new_parent->device, what.new_parent->inode}, what, false, to);
        match.by_new = by_system || (to.wanted & what.mask & kFanAllEvents) != 0;
        match.wanted |= to.wanted;
        match.ignored |= to.ignored;
    }
    return match;
}

bool FanotifyMarks::has_permission_marks() const {
    return std::ranges::any_of(
        marks_, [](const auto& entry) { return (entry.second.mask & kFanAllPermEvents) != 0; });
}

// fanotify_fdinfo
std::string FanotifyMarks::fdinfo() const {
    std::string text;
    for (const auto& [place, mark] : marks_) {
        if (place.kind != MarkKind::Inode && mark.object.expired()) continue;
        const std::string rest = fmt::format("mflags:{:x} mask:{:x} ignored_mask:{:x} ",
                                             shown_flags(mark), mark.mask, mark.ignored);
        switch (place.kind) {
            case MarkKind::Inode:
                text += fmt::format("fanotify ino:{:x} sdev:{:x} {}{}\n", place.inode,
                                    shown_device(place.number), rest, handle_text(place.inode));
                break;
            case MarkKind::Mount:
                text += fmt::format("fanotify mnt_id:{:x} {}", place.number, rest);
                text.back() = '\n';
                break;
            case MarkKind::FileSystem:
                text += fmt::format("fanotify sdev:{:x} {}", shown_device(place.number), rest);
                text.back() = '\n';
                break;
        }
    }
    return text;
}

}  // namespace uprobesim
