// SPDX-License-Identifier: GPL-2.0-or-later
// A fanotify group: its marks, the queue of what they heard, and what it was asked and has not
// answered.
#pragma once

#include <array>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>

#include "kernel_model/abi/inotify.h"
#include "kernel_model/files/anon_file.h"
#include "kernel_model/files/event/fanotify_marks.h"
#include "kernel_model/spaces/pid_namespace.h"

namespace uprobesim {

struct Task;

class FanotifyFile final : public AnonFile, public FileEvents::Listener {
public:
    // What the kernel does for a group.
    struct Services {
        std::function<const Task*()> current;  // null: nobody
        // Descriptors of the reader's: of a file that is opened again, and of a process.
        std::function<SysResult<std::int32_t>(const std::shared_ptr<File>& place,
                                              std::uint32_t flags)>
            open;
        std::function<SysResult<std::int32_t>(std::shared_ptr<File>)> give;
    };
    struct Settings {
        std::uint32_t flags = 0;        // FAN_* of fanotify_init
        std::uint32_t event_flags = 0;  // O_* of descriptors of events
        bool unprivileged = false;
        std::uint64_t most_events = 0;
    };
    FanotifyFile(std::shared_ptr<FileEvents> events, std::shared_ptr<FanotifyUse> use,
                 const Settings& settings, Services services, PhysicalMemory* memory);
    ~FanotifyFile() override;
    FanotifyFile(const FanotifyFile&) = delete;
    FanotifyFile& operator=(const FanotifyFile&) = delete;

    const Settings& settings() const { return settings_; }
    bool has(std::uint32_t bits) const { return (settings_.flags & bits) != 0; }
    FanotifyMarks& marks() { return marks_; }
    // To call when marks were changed.
    void marks_changed();

    SysResult<std::uint64_t> read(std::uint64_t, std::span<std::byte> to) override;
    // Answers: struct fanotify_response, and what an audit wants to know.
    SysResult<std::uint64_t> write(std::uint64_t, std::span<const std::byte> from) override;
    std::uint64_t record_bytes() const override { return kMostRead; }
    std::uint32_t poll() override;
    std::string fdinfo() const override;
    std::uint64_t queued_bytes() const;  // FIONREAD

    void happened(const FileHappening& what) override;
    std::shared_ptr<FileQuestion> asked(const FileHappening& what) override;
    void gone(const FileKey& file) override { marks_.forget(file); }
    bool asks() const override { return asks_; }
    unsigned priority() const override { return settings_.flags >> kClassShift & kClassBits; }

private:
    static constexpr std::uint64_t kMostRead = 1u << 18;
    static constexpr unsigned kClassShift = 2, kClassBits = 3;
    struct Named {
        FileKey directory;
        std::string name;
        // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes the <=> for a null pointer.
        auto operator<=>(const Named&) const = default;
    };
    struct Event {
        std::uint32_t mask = 0;
        Pid by;                          // the process, or with FAN_REPORT_TID the task
        std::shared_ptr<File> place;     // of events with a descriptor
        std::optional<FileKey> object;   // whose handle is told
        std::optional<Named> entry, to;  // with the directory's handle; `to`: FAN_RENAME
        std::shared_ptr<File> process;   // FAN_REPORT_PIDFD
        std::shared_ptr<FileQuestion> question{};
        bool overflow = false;
    };
    // What events that are merged have in common.
    using Identity = std::tuple<std::int32_t, std::uint32_t, std::optional<FileKey>,
                                std::optional<FileKey>, std::optional<Named>, std::optional<Named>>;

    std::uint32_t wanted_of(const FileHappening& what, FanotifyMatch& match);
    Event event_of(const FileHappening& what, std::uint32_t mask, const FanotifyMatch& match) const;
    void name_objects(Event& event, const FileHappening& what, const FanotifyMatch& match) const;
    void queue(Event event, std::optional<Identity> identity);
    std::uint64_t size_of(const Event& event) const;
    SysResult<void> put(const Event& event, std::span<std::byte> to);
    SysResult<void> put_infos(const Event& event, std::span<std::byte> to);
    bool told_by_handle() const { return has(abi::kFanFidBits); }
    void settle_charge();

    std::shared_ptr<FileEvents> events_;
    std::shared_ptr<FanotifyUse> use_;
    const Settings settings_;
    const Services services_;
    FanotifyMarks marks_;
    bool asks_ = false, overflowed_ = false;
    struct Queued {
        Event event;
        std::optional<Identity> identity;
    };
    std::list<Queued> queue_;
    std::map<Identity, std::list<Queued>::iterator> mergeable_;
    std::uint64_t queued_name_bytes_ = 0;
    // Questions that were read, by the descriptors that they were given.
    std::multimap<std::int32_t, std::shared_ptr<FileQuestion>> unanswered_;
    MemoryCharge queue_charge_;
};

}  // namespace uprobesim
