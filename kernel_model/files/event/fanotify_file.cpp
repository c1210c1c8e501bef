// SPDX-License-Identifier: GPL-2.0-or-later
// fs/notify/fanotify/fanotify.c, fs/notify/fanotify/fanotify_user.c
#include "kernel_model/files/event/fanotify_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/poll.h"
#include "kernel_model/files/event/file_handle.h"
#include "kernel_model/files/event/process_file.h"
#include "kernel_model/task/task.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

using namespace abi;

// With the description that an event keeps.
constexpr std::uint64_t kHeardBytes = 256 + File::kBytes, kMarkOfGroupBytes = 256;
// struct fanotify_event_info_fid up to the handle's bytes, and fanotify_event_info_pidfd.
constexpr std::uint64_t kFidHead = 20, kPidfdInfo = 8;
constexpr std::int32_t kNoFd = -1, kPidfdError = -2;

// Whoever asked has ended.
bool is_pointless(const std::shared_ptr<FileQuestion>& question) {
    return question != nullptr && question.use_count() == 1;
}

std::uint64_t fid_bytes(std::string_view name) {
    constexpr std::uint64_t kUnit = 4;
    const std::uint64_t bytes = kFidHead + kHandleBytes + (name.empty() ? 0 : name.size() + 1);
    return (bytes + kUnit - 1) / kUnit * kUnit;
}

// copy_fid_info_to_user. Returns what is left.
std::span<std::byte> put_fid(std::span<std::byte> to, std::uint8_t kind, const FileKey& file,
                             std::string_view name) {
    struct Head {
        std::uint8_t kind, pad;
        std::uint16_t length;
        std::uint32_t system[2];
        std::uint32_t bytes;
        std::int32_t type;
        HandleWords handle;
    };
    static_assert(sizeof(Head) == kFidHead + kHandleBytes);
    const std::uint64_t size = fid_bytes(name);
    const Head head{
        kind,
        0,
        static_cast<std::uint16_t>(size),
        {static_cast<std::uint32_t>(file.device), static_cast<std::uint32_t>(file.device >> 32)},
        kHandleBytes,
        kHandleType,
        handle_of(file.inode)};
    std::memcpy(to.data(), &head, sizeof head);
    std::memcpy(to.data() + sizeof head, name.data(), name.size());
    return to.subspan(size);
}

// pid_vnr
std::int32_t number_for(const Task* reader, const Pid& id) {
    return reader == nullptr ? 0 : id.in(reader->process->pid_space());
}

}  // namespace

FanotifyFile::FanotifyFile(std::shared_ptr<FileEvents> events, std::shared_ptr<FanotifyUse> use,
                           const Settings& settings, Services services, PhysicalMemory* memory)
    : AnonFile("fanotify", kORdwr | ((settings.flags & kFanNonblock) != 0 ? kONonblock : 0)),
      events_(std::move(events)),
      use_(std::move(use)),
      settings_(settings),
      services_(std::move(services)),
      marks_((settings.flags & kFanUnlimitedMarks) != 0 ? nullptr : use_),
      queue_charge_(memory) {
    ++use_->groups;
    events_->listen(*this);
}

// fanotify_release: what was not answered is allowed.
FanotifyFile::~FanotifyFile() {
    events_->unlisten(*this);
    for (const auto& queued : queue_) {
        if (queued.event.question != nullptr) queued.event.question->answer(true);
    }
    for (const auto& [fd, question] : unanswered_) question->answer(true);
    --use_->groups;
}

void FanotifyFile::marks_changed() {
    asks_ = marks_.has_permission_marks();
    settle_charge();
}

void FanotifyFile::settle_charge() {
    queue_charge_.resize((queue_.size() + unanswered_.size()) * kHeardBytes + queued_name_bytes_ +
                         marks_.count() * kMarkOfGroupBytes);
}

// fanotify_group_event_mask
std::uint32_t FanotifyFile::wanted_of(const FileHappening& what, FanotifyMatch& match) {
    const bool directory = (what.mask & kFanOndir) != 0;
    if (!told_by_handle()) {
        // Who is to get a descriptor is told of files and directories only.
        if (what.used == nullptr || !what.used->watched_key() || what.used->stream()) return 0;
    } else if (!has(kFanReportFid) && !what.is_entry && !what.parent && !directory) {
        return 0;  // there is no directory to tell of
    }
    match = marks_.match(what);
    std::uint32_t mask = what.mask & match.wanted & ~match.ignored & kFanOutgoing;
    if (!told_by_handle()) return mask & ~kFanOndir;
    return (mask & ~kFanOndir) != 0 ? mask : 0;
}

// fanotify_alloc_event, of a group that tells handles.
void FanotifyFile::name_objects(Event& event, const FileHappening& what,
                                const FanotifyMatch& match) const {
    const bool directory = (event.mask & kFanOndir) != 0;
    // fanotify_fid_inode, fanotify_dfid_inode
    const FileKey changed =
        what.is_entry && has(kFanReportTargetFid) && what.child ? *what.child : what.file;
    std::optional<FileKey> folder = what.parent;
    if (what.is_entry || (what.mask & kFanOndir) != 0) folder = what.file;
    if (!has(kFanReportDirFid) || !folder) {
        event.object = changed;
        return;
    }
    const bool tells_child =
        what.is_entry ? has(kFanReportTargetFid) : has(kFanReportFid) && !directory;
    const std::optional<FileKey> child =
        tells_child && changed != *folder ? std::optional(changed) : std::nullopt;
    const bool named = has(kFanReportName) && (what.is_entry || !directory) && !what.name.empty();
    if (!named && !child) {
        event.object = folder;
        return;
    }
    event.object = child;
    event.entry = Named{*folder, named ? std::string(what.name) : std::string()};
    if ((event.mask & kFanRename) == 0) return;
    // Of both directories, or of the one that has a mark.
    if (match.by_new && what.new_parent)
        event.to = Named{*what.new_parent, std::string(what.new_name)};
    if (!match.by_old) event.entry.reset();
}

FanotifyFile::Event FanotifyFile::event_of(const FileHappening& what, std::uint32_t mask,
                                           const FanotifyMatch& match) const {
    Event event;
    event.mask = mask;
    if (const Task* const task = services_.current()) {
        event.by = has(kFanReportTid) ? task->pid() : task->process->id();
        if (has(kFanReportPidfd))
            event.process = std::make_shared<ProcessFile>(*task->process, kORdwr);
    }
    if (told_by_handle()) {
        name_objects(event, what, match);
    } else {
        event.place = what.used->place();
    }
    return event;
}

void FanotifyFile::happened(const FileHappening& what) {
    FanotifyMatch match;
    const std::uint32_t mask = wanted_of(what, match) & ~kFanAllPermEvents;
    if ((mask & ~kFanOndir) == 0) return;
    Event event = event_of(what, mask, match);
    if (!told_by_handle() && event.place == nullptr) return;
    const std::optional<FileKey> of_place =
        event.place != nullptr ? event.place->watched_key() : std::nullopt;
    // What stays apart: events of directories, and renames.
    Identity identity{event.by.first, mask & (kFanOndir | kFanRename),
                      of_place,       event.object,
                      event.entry,    event.to};
    queue(std::move(event), std::move(identity));
}

std::shared_ptr<FileQuestion> FanotifyFile::asked(const FileHappening& what) {
    FanotifyMatch match;
    const std::uint32_t mask = wanted_of(what, match) & kFanAllPermEvents;
    if (mask == 0) return nullptr;
    Event event = event_of(what, mask, match);
    if (event.place == nullptr) return nullptr;
    auto question = std::make_shared<FileQuestion>();
    event.question = question;
    queue(std::move(event), std::nullopt);
    return question;
}

// fsnotify_insert_event, fanotify_merge
void FanotifyFile::queue(Event event, std::optional<Identity> identity) {
    if (queue_.size() >= settings_.most_events || !queue_charge_.has_room(kHeardBytes)) {
        // Nobody is going to be told.
        if (event.question != nullptr) event.question->answer(true);
        if (std::exchange(overflowed_, true)) return;
        event = Event{};
        event.mask = kFanQOverflow;
        event.overflow = true;
        identity.reset();
    }
    if (identity) {
        if (const auto same = mergeable_.find(*identity); same != mergeable_.end()) {
            same->second->event.mask |= event.mask;
            return;
        }
    }
    if (event.entry) queued_name_bytes_ += event.entry->name.size();
    if (event.to) queued_name_bytes_ += event.to->name.size();
    const auto at = queue_.insert(queue_.end(), {std::move(event), identity});
    if (identity) mergeable_[*identity] = at;
    settle_charge();
    waiters_.wake(kPollIn | kPollRdnorm);
}

// fanotify_event_len
std::uint64_t FanotifyFile::size_of(const Event& event) const {
    std::uint64_t bytes = sizeof(FanotifyMetadata);
    if (event.overflow) return bytes;
    if (event.entry) bytes += fid_bytes(event.entry->name);
    if (event.to) bytes += fid_bytes(event.to->name);
    const bool dot =
        event.object && !event.entry && has(kFanReportName) && (event.mask & kFanOndir) != 0;
    if (event.object) bytes += fid_bytes(dot ? "." : "");
    return has(kFanReportPidfd) ? bytes + kPidfdInfo : bytes;
}

std::uint64_t FanotifyFile::queued_bytes() const {
    std::uint64_t sum = 0;
    for (const auto& queued : queue_) {
        if (!is_pointless(queued.event.question)) sum += size_of(queued.event);
    }
    return sum;
}

// copy_info_records_to_user
SysResult<void> FanotifyFile::put_infos(const Event& event, std::span<std::byte> to) {
    const bool renamed = (event.mask & kFanRename) != 0;
    if (event.entry) {
        const std::uint8_t kind = renamed                     ? kFanInfoOldDfidName
                                  : event.entry->name.empty() ? kFanInfoDfid
                                                              : kFanInfoDfidName;
        to = put_fid(to, kind, event.entry->directory, event.entry->name);
    }
    if (event.to) to = put_fid(to, kFanInfoNewDfidName, event.to->directory, event.to->name);
    if (event.object) {
        const bool second = event.entry || event.to;
        const bool directory = (event.mask & kFanOndir) != 0;
        const bool only_fid = (settings_.flags & kFanFidBits) == kFanReportFid;
        if (only_fid || second) {
            to = put_fid(to, kFanInfoFid, *event.object, "");
        } else if (has(kFanReportName) && directory) {
            to = put_fid(to, kFanInfoDfidName, *event.object, ".");
        } else {
            const bool of_folder = directory || (event.mask & kFanDirentEvents) != 0;
            to = put_fid(to, of_folder ? kFanInfoDfid : kFanInfoFid, *event.object, "");
        }
    }
    if (!has(kFanReportPidfd)) return {};
    std::int32_t fd = kNoFd;
    const auto* const process = static_cast<const ProcessFile*>(event.process.get());
    if (process != nullptr && process->pid() > 0 &&
        number_for(services_.current(), process->id()) != 0)
        fd = services_.give(event.process).value_or(kPidfdError);
    const struct {
        std::uint8_t kind, pad;
        std::uint16_t length;
        std::int32_t fd;
    } info{kFanInfoPidfd, 0, kPidfdInfo, fd};
    std::memcpy(to.data(), &info, sizeof info);
    return {};
}

// copy_event_to_user
SysResult<void> FanotifyFile::put(const Event& event, std::span<std::byte> to) {
    FanotifyMetadata head;
    head.length = static_cast<std::uint32_t>(to.size());
    head.mask = event.mask;
    // Without privileges, the reader is told of nobody but itself.
    const Task* const reader = services_.current();
    const bool own = reader != nullptr && reader->process->pid == event.by.first;
    if (own || !settings_.unprivileged) head.pid = number_for(reader, event.by);
    if (event.place != nullptr) head.fd = TRY(services_.open(event.place, settings_.event_flags));
    std::memcpy(to.data(), &head, sizeof head);
    if (event.question != nullptr) unanswered_.emplace(head.fd, event.question);
    return event.overflow ? SysResult<void>() : put_infos(event, to.subspan(sizeof head));
}

SysResult<std::uint64_t> FanotifyFile::read(std::uint64_t, std::span<std::byte> to) {
    std::uint64_t done = 0;
    while (!queue_.empty()) {
        Event& first = queue_.front().event;
        const bool pointless = is_pointless(first.question);
        const std::uint64_t bytes = size_of(first);
        if (!pointless && bytes > to.size() - done) {
            if (done > 0) break;
            return tl::make_unexpected(Errno::Inval);
        }
        const Queued queued = std::move(queue_.front());
        queue_.pop_front();
        const Event& event = queued.event;
        if (queued.identity) mergeable_.erase(*queued.identity);
        if (event.entry) queued_name_bytes_ -= event.entry->name.size();
        if (event.to) queued_name_bytes_ -= event.to->name.size();
        if (event.overflow) overflowed_ = false;
        settle_charge();
        if (pointless) continue;
        if (const auto stored = put(event, to.subspan(done, bytes)); !stored) {
            if (event.question != nullptr) event.question->answer(false);
            if (done > 0) break;
            return tl::make_unexpected(stored.error());
        }
        done += bytes;
    }
    if (done > 0) return done;
    return tl::make_unexpected(Errno::Again);
}

// process_access_response
SysResult<std::uint64_t> FanotifyFile::write(std::uint64_t, std::span<const std::byte> from) {
    struct Response {
        std::int32_t fd;
        std::uint32_t response;
    } given{};
    constexpr std::size_t kRuleBytes = 16;  // struct fanotify_response_info_audit_rule
    const auto invalid = [] { return tl::make_unexpected(Errno::Inval); };
    if (from.size() < sizeof given) return invalid();
    std::memcpy(&given, from.data(), sizeof given);
    const auto rest = from.subspan(sizeof given);
    if ((given.response & ~(kFanAllow | kFanDeny | kFanAudit | kFanInfo)) != 0) return invalid();
    const std::uint32_t access = given.response & (kFanAllow | kFanDeny);
    if (access != kFanAllow && access != kFanDeny) return invalid();
    if ((given.response & kFanAudit) != 0 && !has(kFanEnableAudit)) return invalid();
    if ((given.response & kFanInfo) != 0) {
        constexpr std::byte kRule{1};
        std::uint16_t length = 0;
        if (rest.size() != kRuleBytes) return invalid();
        std::memcpy(&length, &rest[2], sizeof length);
        if (rest[0] != kRule || rest[1] != std::byte{} || length != kRuleBytes) return invalid();
        if (given.fd == kNoFd) return std::uint64_t{from.size()};
    }
    if (given.fd < 0) return invalid();
    const auto at = unanswered_.lower_bound(given.fd);
    if (at == unanswered_.end() || at->first != given.fd) return tl::make_unexpected(Errno::NoEnt);
    const auto question = at->second;
    unanswered_.erase(at);
    settle_charge();
    question->answer(access == kFanAllow);
    return std::uint64_t{from.size()};
}

std::uint32_t FanotifyFile::poll() {
    const bool readable = std::ranges::any_of(
        queue_, [](const Queued& queued) { return !is_pointless(queued.event.question); });
    return readable ? kPollIn | kPollRdnorm : 0;
}

std::string FanotifyFile::fdinfo() const {
    return fmt::format("fanotify flags:{:x} event-flags:{:x}\n", settings_.flags,
                       settings_.event_flags) +
           marks_.fdinfo();
}

}  // namespace uprobesim
