// SPDX-License-Identifier: GPL-2.0-or-later
// userfaultfd: a program fills the pages of its own mappings, which it registers, when a task
// faults there. Private anonymous memory, missing pages and write protection.
#pragma once

#include <functional>
#include <list>
#include <memory>

#include "kernel_model/abi/calls/userfault.h"
#include "kernel_model/files/anon_file.h"
#include "kernel_model/memory/fault_watch.h"

namespace uprobesim {

// struct userfaultfd_ctx, which the mappings keep.
class Userfault final : public FaultWatch {
public:
    Userfault(PhysicalMemory* memory, bool user_only) : FaultWatch(memory), user_only_(user_only) {}

    bool active() const override { return !closed_; }
    bool signals() const override;
    bool user_only() const override { return user_only_; }
    WaitQueue& ask(const WatchedFault& fault) override;

    bool pending() const;
    // The oldest question that was not read, in the form that the features say.
    std::optional<abi::UffdMessage> next_message();
    // The tasks that wait for pages of the range try again.
    void answer(VRange range);
    void close();
    // Questions that were not read, and all.
    std::size_t unread() const;
    std::size_t waiting() const { return questions_.size(); }

    std::uint64_t features = 0;
    bool agreed = false;  // UFFDIO_API was called
    WaitQueue readers;
    // The number of a task in the namespace of those who read.
    std::function<std::int32_t(TaskId)> number_of = [](TaskId task) { return task.value; };

private:
    struct Question {
        WatchedFault fault;
        bool read = false;
        WaitQueue waiters{};
    };
    bool user_only_;
    bool closed_ = false;
    std::list<Question> questions_;
};

class UserfaultFile final : public AnonFile {
public:
    UserfaultFile(std::shared_ptr<Userfault> watch, std::weak_ptr<Mm> mm, std::uint32_t open_flags)
        : AnonFile("userfaultfd", open_flags), watch_(std::move(watch)), mm_(std::move(mm)) {}
    UserfaultFile(const UserfaultFile&) = delete;
    UserfaultFile& operator=(const UserfaultFile&) = delete;
    ~UserfaultFile() override { watch_->close(); }

    SysResult<std::uint64_t> read(std::uint64_t, std::span<std::byte> to) override;
    std::uint64_t record_bytes() const override { return 64 * sizeof(abi::UffdMessage); }
    std::uint32_t poll() override;
    WaitQueue* waiters() override { return &watch_->readers; }
    SysResult<std::uint64_t> ioctl(std::uint64_t request, std::uint64_t arg,
                                   UserMemory& memory) override;
    std::string fdinfo() const override;

private:
    using Result = SysResult<std::uint64_t>;
    Result agree(VAddr at, UserMemory& memory);
    Result enlist(VAddr at, UserMemory& memory);
    Result release(VAddr at, UserMemory& memory);
    Result wake(VAddr at, UserMemory& memory);
    Result copy(VAddr at, UserMemory& memory);
    Result move(VAddr at, UserMemory& memory);
    Result zero(VAddr at, UserMemory& memory);
    Result protect(VAddr at, UserMemory& memory);
    Result poison(VAddr at, UserMemory& memory);
    Result fill_range(VAddr at, UserMemory& memory, bool poisons);
    // Fills the range page by page until `fill` fails, and tells at `told` how far it came.
    template <class Fill>
    Result fill_pages(Mm& mm, VRange range, bool wakes, VAddr told, UserMemory& memory, Fill fill);

    std::shared_ptr<Userfault> watch_;
    std::weak_ptr<Mm> mm_;
};

// /dev/userfaultfd: who may open it may have the kernel's own accesses wait.
class UserfaultDevice final : public File {
public:
    explicit UserfaultDevice(FileStatus status) : status_(std::move(status)) {}
    SysResult<FileStatus> status() override { return status_; }
    FileStatus* own_status() override { return &status_; }

private:
    FileStatus status_;
};

}  // namespace uprobesim
