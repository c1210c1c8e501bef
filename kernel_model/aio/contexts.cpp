// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/aio/contexts.h"

#include <span>

namespace uprobesim {

namespace {
constexpr std::uint64_t kContextBytes = 1024;
}

AioContext::Poll::Poll(AioContext& context, std::shared_ptr<File> file, std::uint32_t wanted,
                       AioEvent event, std::shared_ptr<File> notify)
    : context_(context),
      file_(std::move(file)),
      notify_(std::move(notify)),
      wanted_(wanted),
      event_(event) {
    if (WaitQueue* queue = file_->waiters()) attach(*queue);
    const std::uint32_t ready = file_->poll() & wanted_;
    if (ready != 0) finish(ready);
}

void AioContext::Poll::finish(std::uint32_t bits) {
    done_ = true;
    event_.result = bits;
    context_.complete(event_, notify_);
}

// aio_poll_wake: tells what woke it, not only what was wanted.
bool AioContext::Poll::woken(std::uint32_t events) {
    const std::uint32_t ready = file_->poll() & events;
    if (done_ || (ready & wanted_) == 0) return false;
    finish(ready);
    return true;
}

void AioContext::complete(const AioEvent& event, const std::shared_ptr<File>& notify) {
    events.push_back(event);
    if (notify) notify->signal_event();
    fetchers.wake();
}

void AioContext::forget_done() {
    std::erase_if(polls, [](const auto& poll) { return poll->done(); });
}

SysResult<void> AioContexts::make(std::uint64_t space, std::uint64_t id, std::uint64_t most) {
    const std::uint64_t bytes = kContextBytes + most * sizeof(AioEvent);
    if (memory_ != nullptr && !memory_->has_room(bytes)) return tl::make_unexpected(Errno::NoMem);
    auto context = std::make_shared<AioContext>();
    context->most = most;
    context->charge = MemoryCharge(memory_, bytes);
    reserved_ += most;
    contexts_[{space, id}] = std::move(context);
    return {};
}

std::shared_ptr<AioContext> AioContexts::find(std::uint64_t space, std::uint64_t id) const {
    const auto it = contexts_.find({space, id});
    return it == contexts_.end() ? nullptr : it->second;
}

bool AioContexts::remove(std::uint64_t space, std::uint64_t id) {
    const auto it = contexts_.find({space, id});
    if (it == contexts_.end()) return false;
    reserved_ -= it->second->most;
    it->second->polls.clear();
    it->second->fetchers.wake();
    contexts_.erase(it);
    return true;
}

void AioContexts::memory_ended(std::uint64_t space) {
    for (auto it = contexts_.lower_bound({space, 0});
         it != contexts_.end() && it->first.first == space;) {
        reserved_ -= it->second->most;
        it->second->polls.clear();
        it = contexts_.erase(it);
    }
}

}  // namespace uprobesim
