// SPDX-License-Identifier: GPL-2.0-or-later
// Pipes, with and without a name. As in Linux, a pipe is a ring of buffers of one page each. A
// write of up to PIPE_BUF bytes goes into one buffer or waits, which makes it atomic; bytes that do
// not fit after the last ones start a new buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "kernel_model/files/file.h"
#include "kernel_model/wait/wait_queue.h"

namespace uprobesim {

class FileEvents;

// Pages in pipes by user (user_struct.pipe_bufs). A PipeOwner says to which user and memory a pipe
// is charged.
using PipePages = std::map<std::uint32_t, std::uint64_t>;
// The limits of /proc/sys/fs, and which of them do not bind (pipe_is_unprivileged_user).
struct PipeRights {
    std::uint64_t most_bytes = 1 << 20;  // pipe-max-size
    std::uint64_t soft_pages = 16384;    // pipe-user-pages-soft; 0: no limit
    std::uint64_t hard_pages = 0;        // pipe-user-pages-hard
    bool any_size = true, any_pages = true;

    bool too_many(std::uint64_t pages) const { return too_soft(pages) || too_hard(pages); }
    bool too_soft(std::uint64_t pages) const {
        return !any_pages && soft_pages != 0 && pages > soft_pages;
    }
    bool too_hard(std::uint64_t pages) const {
        return !any_pages && hard_pages != 0 && pages > hard_pages;
    }
};
struct PipeOwner {
    std::shared_ptr<PipePages> pages;
    std::uint32_t uid = 0;
    PipeRights rights{};
    PhysicalMemory* memory = nullptr;  // what the data is charged to
};

class Pipe {
public:
    static constexpr std::uint64_t kDefaultSize = 65536;  // PIPE_DEF_BUFFERS pages
    static constexpr std::size_t kFewestSlots = 2;        // PIPE_MIN_DEF_BUFFERS
    // struct pipe_buffer times this is the largest array that the kernel allocates.
    static constexpr std::uint64_t kMostSlots = 1 << 16;

    explicit Pipe(PipeOwner owner = {});
    ~Pipe();
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    std::shared_ptr<void> at_end;  // released when neither end is open any more

    // Return the bytes moved; Again: empty or full; NoMem.
    SysResult<std::uint64_t> read(std::span<std::byte> to);
    SysResult<std::uint64_t> write(std::span<const std::byte> from, bool packet);
    // Copies up to `most` bytes without removing them (tee).
    std::vector<std::byte> peek(std::uint64_t most) const;
    // Copies what a read would get and leaves it: a packet at most.
    std::uint64_t look(std::span<std::byte> to) const;
    // Removes the first bytes, which a splice has moved. The rest of a packet stays.
    void drop(std::uint64_t bytes);

    bool empty() const { return slots_.empty(); }
    bool full() const { return slots_.size() >= most_slots_; }
    std::uint64_t free_slots() const {
        return full() ? 0 : most_slots_ - slots_.size();
    }  // of a page each
    std::uint64_t bytes() const;
    std::uint64_t size() const;
    // F_SETPIPE_SZ: rounded up to a power of two of pages. Returns the new size. Perm: more than
    // the user may have.
    SysResult<std::uint64_t> resize(std::uint64_t bytes, const PipeRights& rights = {});
    // How many buffers a new pipe has (alloc_pipe_info). 0: the user may have no more pipes.
    static std::size_t first_slots(const PipeOwner& owner);

    void open(bool reads, bool writes);
    void close(bool reads, bool writes);
    int readers() const { return readers_; }
    int writers() const { return writers_; }
    // How often each end was opened: an open of a FIFO waits until the other end's count changes.
    std::uint64_t reader_opens() const { return reader_opens_; }
    std::uint64_t writer_opens() const { return writer_opens_; }

    WaitQueue readable, writable, either;

private:
    struct Slot {
        std::vector<std::byte> bytes;
        std::size_t taken = 0;
        bool packet = false;
    };
    static constexpr std::uint64_t kSlotBytes = kPageSize + sizeof(Slot);
    void changed();
    void take(std::uint64_t bytes);
    void taken(bool was_full);
    void account_slots(std::size_t slots);

    PipeOwner owner_;
    MemoryCharge charge_;
    std::deque<Slot> slots_;
    std::size_t most_slots_ = 0;
    int readers_ = 0, writers_ = 0;
    std::uint64_t reader_opens_ = 0, writer_opens_ = 0;
};

// An open end of a pipe, or both ends of a FIFO opened for reading and writing.
class PipeEnd final : public File {
public:
    // `status`: the result of stat, which both ends of a pipe without a name share.
    PipeEnd(std::shared_ptr<Pipe> pipe, std::uint32_t open_flags,
            std::shared_ptr<FileStatus> status);
    PipeEnd(const PipeEnd&) = delete;
    PipeEnd& operator=(const PipeEnd&) = delete;
    ~PipeEnd() override;

    SysResult<std::uint64_t> read(std::uint64_t, std::span<std::byte> to) override;
    SysResult<std::uint64_t> write(std::uint64_t, std::span<const std::byte> from) override;
    bool stream() const override { return true; }
    std::uint64_t record_bytes() const override;
    SysResult<FileStatus> status() override { return *status_; }
    FileStatus* own_status() override { return status_.get(); }
    // Of a FIFO, which has a name.
    std::optional<FileKey> watched_key() override {
        return dentry ? std::optional(status_->key()) : std::nullopt;
    }
    SysResult<std::uint64_t> ioctl(std::uint64_t request, std::uint64_t arg,
                                   UserMemory& memory) override;
    Splices splices() const override { return {.from = true, .to = true}; }
    std::uint32_t poll() override;
    WaitQueue* waiters() override;
    bool signals_owner() override { return true; }
    FileCosts costs() const override {
        return {.read = KernelPath::SysReadPipe, .write = KernelPath::SysWritePipe};
    }

    // Whether a FIFO's open can return: the other end was opened since.
    bool waits_for_partner() const;
    const std::shared_ptr<Pipe>& pipe() const { return pipe_; }
    const std::shared_ptr<FileStatus>& shown() const { return status_; }

    std::shared_ptr<FileEvents> events;  // of a FIFO: told of its end

private:
    std::shared_ptr<Pipe> pipe_;
    bool reads_, writes_;
    std::uint64_t other_opens_ = 0;  // of the other end, when this one was opened
    std::shared_ptr<FileStatus> status_;
};

// Both ends of a pipe: [0] reads, [1] writes. `flags`: O_NONBLOCK, O_DIRECT.
std::pair<std::shared_ptr<File>, std::shared_ptr<File>> make_pipe(std::uint64_t inode,
                                                                  std::uint32_t flags = 0,
                                                                  PipeOwner owner = {});

}  // namespace uprobesim
