// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/syscall/transfer/permission_events.h"

#include "kernel_model/abi/inotify.h"
#include "kernel_model/abi/stat.h"

namespace uprobesim {
namespace {

struct Asking {
    FileEvents::Asked after;
    std::shared_ptr<FileQuestion> question;  // that has not been answered
    bool done = false;
};

// Tells an Asking from what another call keeps: by its deleter, which no other type has.
struct ForgetAsking {
    void operator()(const Asking* asking) const { delete asking; }
};

// Null: it is something else. A descriptor that a call waits on may mean another file by the time
// that it goes on, such as one where a terminal was.
Asking* asking_in(const std::shared_ptr<void>& kept) {
    const bool is_one = std::get_deleter<ForgetAsking>(kept) != nullptr;
    return is_one ? static_cast<Asking*>(kept.get()) : nullptr;
}

}  // namespace

std::optional<SysOutcome> ask_first(SysCall& call, File& file, std::uint32_t mask,
                                    std::shared_ptr<void>& asking) {
    const auto& events = call.kernel.files().events();
    if (asking_in(asking) == nullptr) {
        if (!events || !events->asks() || file.silent) return std::nullopt;
        // What other calls keep there, as those of terminals do, is of no file that is watched.
        if (!file.watched_key()) return std::nullopt;
        asking = std::shared_ptr<Asking>(new Asking, ForgetAsking{});
    }
    Asking& state = *asking_in(asking);
    const auto status = file.status();
    if (status && (status->mode & abi::kIfmt) == abi::kIfDir) mask |= abi::kFanOndir;
    while (!state.done) {
        if (state.question == nullptr) state.question = events->ask_next(state.after, file, mask);
        if (state.question == nullptr) {
            state.done = true;
        } else if (!state.question->answered) {
            call.task.waits_killable = true;
            call.wait_on(&state.question->waiters);
            return Block{};
        } else if (!state.question->allowed) {
            call.task.waits_killable = false;
            return Errno::Perm;
        } else {
            state.question.reset();
        }
    }
    call.task.waits_killable = false;
    return std::nullopt;
}

}  // namespace uprobesim
