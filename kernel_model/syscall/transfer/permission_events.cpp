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

}  // namespace

std::optional<SysOutcome> ask_first(SysCall& call, File& file, std::uint32_t mask,
                                    std::shared_ptr<void>& asking) {
    // What other calls keep there, as those of terminals do, is of no file that is watched.
    if (!file.watched_key()) return std::nullopt;
    const auto& events = call.kernel.files().events();
    if (!asking) {
        if (!events || !events->asks() || file.silent) return std::nullopt;
        asking = std::make_shared<Asking>();
    }
    Asking& state = *static_cast<Asking*>(asking.get());
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
