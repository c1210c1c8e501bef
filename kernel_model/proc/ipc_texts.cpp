// SPDX-License-Identifier: GPL-2.0-or-later
// /proc/sysvipc: the objects of the reader's IPC namespace, owners by the reader's user namespace.
#include <fmt/format.h>

#include "kernel_model/ipc/ipc.h"
#include "kernel_model/proc/proc_text.h"
#include "kernel_model/task/process.h"

namespace uprobesim {

namespace {

// uid, gid, cuid and cgid, as from_kuid_munged shows them.
template <class Object>
std::string owners(const ProcContext& c, const Object& o) {
    const Task* const reader = c.system->current();
    const UserSpace space = reader != nullptr ? reader->cred->space : UserSpace();
    return fmt::format("{:5} {:5} {:5} {:5}", shown_user(space, o.uid), shown_group(space, o.gid),
                       shown_user(space, o.creator_uid), shown_group(space, o.creator_gid));
}

}  // namespace

// sysvipc_msg_proc_show.
std::string proc_msg(const ProcContext& c) {
    std::string text =
        "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid    "
        "  "
        "stime      rtime      ctime\n";
    if (c.system == nullptr) return text;
    for (const auto& [index, queue] : c.system->ipc().messages.table().all()) {
        text += fmt::format("{:10} {:10}  {:4o}  {:10} {:10} {:5} {:5} {} {:10} {:10} {:10}\n",
                            queue->key, queue->id, queue->mode, queue->bytes,
                            queue->messages.size(), queue->last_sender.in(c.space),
                            queue->last_receiver.in(c.space), owners(c, *queue), queue->send_time,
                            queue->receive_time, queue->change_time);
    }
    return text;
}

// sysvipc_sem_proc_show.
std::string proc_sem(const ProcContext& c) {
    std::string text =
        "       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n";
    if (c.system == nullptr) return text;
    for (const auto& [index, set] : c.system->ipc().semaphores.table().all()) {
        text += fmt::format("{:10} {:10}  {:4o} {:10} {} {:10} {:10}\n", set->key, set->id,
                            set->mode, set->semaphores.size(), owners(c, *set), set->operation_time,
                            set->change_time);
    }
    return text;
}

// sysvipc_shm_proc_show.
std::string proc_shm(const ProcContext& c) {
    std::string text =
        "       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  "
        "cgid      atime      dtime      ctime                   rss                  swap\n";
    if (c.system == nullptr) return text;
    for (const auto& [index, s] : c.system->ipc().segments().all()) {
        std::uint64_t places = 0;
        for (const auto& [pid, process] : c.system->processes())
            places += process->mm != nullptr ? attached(*process->mm, s) : 0;
        const auto memory = s.memory.lock();
        text += fmt::format(
            "{:10} {:10}  {:4o} {:21} {:5} {:5}  {:5} {} {:10} {:10} {:10} {:21} {:21}\n", s.key,
            s.id, s.mode, s.size, s.creator.in(c.space), s.last.in(c.space), places, owners(c, s),
            s.attach_time, s.detach_time, s.change_time, memory ? memory->pages() * kPageSize : 0,
            0);
    }
    return text;
}

}  // namespace uprobesim
