// SPDX-License-Identifier: GPL-2.0-or-later
// inotify: watches of files and directories, and the queue of what happened to them.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "kernel_model/abi/inotify.h"
#include "kernel_model/files/anon_file.h"
#include "kernel_model/files/file_events.h"

namespace uprobesim {

// Counted by user: fs.inotify.max_user_instances and max_user_watches.
struct InotifyUse {
    std::uint64_t instances = 0, watches = 0;
};

class InotifyFile final : public AnonFile {
public:
    // `use`: what the user has of these; `most_events`: of the queue, fs.inotify.max_queued_events
    // as it is now; `memory`: what watches and events are charged to.
    InotifyFile(std::shared_ptr<FileEvents> events, std::shared_ptr<InotifyUse> use,
                std::uint64_t most_events, PhysicalMemory* memory, std::uint32_t open_flags);
    ~InotifyFile() override;
    InotifyFile(const InotifyFile&) = delete;
    InotifyFile& operator=(const InotifyFile&) = delete;

    // The number of the file's watch. Exist; NoSpc: the user would have more than `most`.
    SysResult<std::int32_t> watch(const FileKey& file, std::uint32_t mask, std::uint64_t most);
    // Inval: there is no such watch.
    SysResult<void> unwatch(std::int32_t number);

    SysResult<std::uint64_t> read(std::uint64_t, std::span<std::byte> to) override;
    SysResult<std::uint64_t> write(std::uint64_t, std::span<const std::byte>) override {
        return tl::make_unexpected(Errno::Badf);
    }
    std::uint64_t record_bytes() const override { return kMostRead; }
    std::uint32_t poll() override;
    bool signals_owner() override { return true; }
    std::string fdinfo() const override;
    // What a read of everything would give (FIONREAD).
    std::uint64_t queued_bytes() const { return queued_bytes_; }

private:
    static constexpr std::uint64_t kMostRead = 1u << 18;
    struct Event {
        std::int32_t number;
        std::uint32_t mask, cookie;
        std::string name;
        std::uint32_t name_bytes() const;
        std::uint64_t bytes() const { return sizeof(abi::InotifyEvent) + name_bytes(); }
    };
    class Watch;

    void queue(Event event);
    void drop(std::int32_t number);
    void settle_charge();

    std::shared_ptr<FileEvents> events_;
    std::shared_ptr<InotifyUse> use_;
    const std::uint64_t most_events_;
    std::map<std::int32_t, std::shared_ptr<Watch>> watches_;
    std::map<FileKey, std::int32_t> numbers_;
    std::int32_t last_number_ = 0;
    std::deque<Event> queue_;
    std::uint64_t queued_bytes_ = 0;
    bool overflowed_ = false;
    MemoryCharge queue_charge_;
};

}  // namespace uprobesim
