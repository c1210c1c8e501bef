// SPDX-License-Identifier: GPL-2.0-or-later
// Contexts of Linux AIO (fs/aio.c): the events that were not fetched, and polls that wait. Reads
// and writes are done when they are submitted, as Linux does them on files that know no better.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <utility>

#include "kernel_model/files/file.h"
#include "kernel_model/wait/wait_queue.h"

namespace uprobesim {

struct AioEvent {  // struct io_event
    std::uint64_t data = 0, request = 0;
    std::int64_t result = 0, result2 = 0;
};

struct AioContext {
    std::uint64_t most = 0;  // events
    std::deque<AioEvent> events;
    WaitQueue fetchers;
    MemoryCharge charge;

    // A poll under way.
    class Poll final : public WaitQueue::Listener {
    public:
        Poll(AioContext& context, std::shared_ptr<File> file, std::uint32_t wanted, AioEvent event,
             std::shared_ptr<File> notify);
        Poll(const Poll&) = delete;
        Poll& operator=(const Poll&) = delete;
        ~Poll() override = default;
        bool done() const { return done_; }
        std::uint64_t request() const { return event_.request; }

    private:
        bool woken(std::uint32_t events) override;
        void finish(std::uint32_t bits);

        AioContext& context_;
        std::shared_ptr<File> file_, notify_;
        std::uint32_t wanted_;
        AioEvent event_;
        bool done_ = false;
    };
    std::list<std::unique_ptr<Poll>> polls;

    bool full() const { return events.size() + polls.size() >= most; }
    // `notify`: an eventfd, or null.
    void complete(const AioEvent& event, const std::shared_ptr<File>& notify);
    void forget_done();
};

class AioContexts {
public:
    explicit AioContexts(PhysicalMemory* memory) : memory_(memory) {}
    // `space`: of the memory that the context is of. NoMem.
    SysResult<void> make(std::uint64_t space, std::uint64_t id, std::uint64_t most);
    std::shared_ptr<AioContext> find(std::uint64_t space, std::uint64_t id) const;
    bool remove(std::uint64_t space, std::uint64_t id);
    void memory_ended(std::uint64_t space);
    std::uint64_t reserved() const { return reserved_; }  // fs.aio-nr

private:
    PhysicalMemory* memory_;
    std::uint64_t reserved_ = 0;
    std::map<std::pair<std::uint64_t, std::uint64_t>, std::shared_ptr<AioContext>> contexts_;
};

}  // namespace uprobesim
