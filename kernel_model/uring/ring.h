// SPDX-License-Identifier: GPL-2.0-or-later
// The rings of io_uring: memory that the program maps, and the requests that wait. What a request
// does is in syscall/uring.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "kernel_model/abi/io_uring.h"
#include "kernel_model/files/anon_file.h"
#include "kernel_model/files/credentials.h"
#include "kernel_model/files/fd_table.h"
#include "kernel_model/memory/shared_memory.h"
#include "kernel_model/wait/timers.h"
#include "sim/mem/memory_charge.h"

namespace uprobesim {

class RingFile;

// On whose behalf a request is done: who submitted it, who need not be who made the ring.
struct ProcessEnd;
struct RingSubmitter {
    std::int32_t pid = 0;
    std::shared_ptr<const ProcessEnd> end;  // of that process: its id may be another's afterwards
    TaskId task{};
    std::shared_ptr<const Credentials> cred;
    bool tagged_addresses = false;
};

// Requests that are linked, in their order.
using UringChain = std::list<abi::UringSqe>;

// A request that was submitted and is not completed.
struct RingRequest {
    abi::UringSqe sqe{};
    RingSubmitter by;
    std::vector<std::unique_ptr<WaitQueue::Listener>> listens;  // that it waits on
    bool runnable = false;
    std::optional<std::uint64_t> deadline_ns;  // of a timeout
    std::uint64_t target = 0;                  // completions after which a timeout ends; 0: none
    TimerHandle timer;
    std::shared_ptr<void> holds;  // of the call, between its entries
    HeldFiles held_files;
    std::uint64_t progress = 0;
    UringChain linked;    // that follow it
    MemoryCharge charge;  // while it waits
};

class RingFile final : public AnonFile {
public:
    RingFile(PhysicalMemory& memory, std::uint64_t inode, std::uint32_t sq_entries,
             std::uint32_t cq_entries);
    RingFile(const RingFile&) = delete;
    RingFile& operator=(const RingFile&) = delete;
    ~RingFile() override = default;

    std::shared_ptr<FileBacking> backing() override;
    std::uint32_t poll() override;
    std::uint64_t kernel_bytes() const override { return kBytes + 64 * kBytes; }

    void describe(abi::UringParams& params) const;
    // The next entry of the submission queue; nothing: it is empty.
    std::optional<abi::UringSqe> next();
    std::uint32_t submitted() const;  // entries in the submission queue
    // Entries that the program has not taken.
    std::uint32_t completed() const;
    // Those that found no place get one, where the program has taken others.
    void flush_overflow();
    std::uint64_t completions() const { return completions_; }
    void complete(std::uint64_t user_data, std::int64_t result, bool quiet = false);
    // Asks for `progress` to be run soon, outside of the call that wakes.
    void request_runnable(RingRequest& request);

    // A request more may wait, as far as memory goes.
    bool has_room() const { return registered_.has_room(sizeof(RingRequest)); }
    // `request` waits, on what it listens to: it is charged.
    void account(RingRequest& request) const;

    std::list<RingRequest> waiting;
    // What is registered. False: there is no memory for so much, and nothing was changed.
    using Files = std::vector<std::shared_ptr<File>>;
    using Buffers = std::vector<std::pair<std::uint64_t, std::uint64_t>>;
    bool register_files(Files some) { return put(files, std::move(some)); }
    bool register_buffers(Buffers some) { return put(buffers, std::move(some)); }
    Files files;
    Buffers buffers;
    std::shared_ptr<File> eventfd;
    bool disabled = false;
    std::shared_ptr<void> runner;             // what carries the requests out
    std::function<void()> schedule_progress;  // runs the runnable requests soon

private:
    class Memory;
    std::uint32_t load(std::uint64_t at) const;
    void store(std::uint64_t at, std::uint32_t value);
    std::uint64_t array_at() const;
    template <class Table>
    bool put(Table& place, Table some);

    std::uint32_t sq_entries_, cq_entries_;
    std::shared_ptr<SharedMemory> ring_, sqes_;
    std::vector<abi::UringCqe> overflow_;
    MemoryCharge registered_;  // of files and buffers
    std::uint64_t completions_ = 0;
};

}  // namespace uprobesim
