// SPDX-License-Identifier: GPL-2.0-or-later
// System V shared memory: shmget, shmat, shmdt, shmctl.
#include <signal.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

static int segment;

static void make_segment(size_t size) {
    segment = (int)NEED(shmget(IPC_PRIVATE, size, 0600));
}

static int failed(const void* at) {
    return at == (void*)-1 ? -1 : 0;
}

BEHAVIOUR(a_segment_is_shared_with_a_child) {
    make_segment(100);
    int* const word = shmat(segment, NULL, 0);
    SHOW(failed(word));
    *word = 1;
    const pid_t child = fork();
    if (child == 0) {
        *word = 42;
        _exit(0);
    }
    show_end("child", child);
    SHOW(*word);
    SHOW(shmdt(word));
    SHOW(shmdt(word));
}

BEHAVIOUR(errors_of_shmget) {
    SHOW(shmget(IPC_PRIVATE, 0, 0600));
    SHOW(shmget(0x5551, 10, 0600));
    segment = (int)NEED(shmget(0x5551, 10, IPC_CREAT | 0600));
    SHOW(shmget(0x5551, 11, 0600));
    SHOW(shmget(0x5551, 0, 0600) == segment);
    SHOW(shmget(0x5551, 10, IPC_CREAT | IPC_EXCL | 0600));
    SHOW(shmctl(segment, IPC_RMID, NULL));
    SHOW(shmget(0x5551, 10, 0600));
    SHOW(shmctl(segment, IPC_RMID, NULL));
}

NATIVE(errors_of_shmat_and_shmdt, "qemu 7.2 chooses an address for SHM_REMAP without one") {
    make_segment(4096);
    char* const at = shmat(segment, NULL, 0);
    SHOW(failed(shmat(segment, at + 1, 0)));
    SHOW(failed(shmat(segment, at, 0)));
    SHOW(shmat(segment, at, SHM_REMAP) == at);
    SHOW(failed(shmat(segment, NULL, SHM_REMAP)));
    SHOW(failed(shmat(-1, NULL, 0)));
    SHOW(shmdt(at + 1));
    SHOW(shmdt(at + 4096));
    SHOW(shmdt(at));
    SHOW(shmat(segment, at + 100, SHM_RND) == at);
}

BEHAVIOUR(a_read_only_attachment_is_not_written) {
    make_segment(4096);
    char* const at = shmat(segment, NULL, SHM_RDONLY);
    const pid_t child = fork();
    if (child == 0) {
        *(volatile char*)at = 1;
        _exit(0);
    }
    show_end("child", child);
    SHOW(mprotect(at, 4096, PROT_READ | PROT_WRITE));
}

BEHAVIOUR(a_removed_segment_lives_while_attached) {
    struct shmid_ds state;
    make_segment(4096);
    char* const at = shmat(segment, NULL, 0);
    *at = 7;
    SHOW(shmctl(segment, IPC_RMID, NULL));
    SHOW(shmctl(segment, IPC_STAT, &state));
    SHOW(state.shm_nattch);
    SHOW((state.shm_perm.mode & 01000) != 0);
    char* const again = shmat(segment, NULL, 0);
    SHOW(failed(again));
    SHOW(*again);
    shmdt(at);
    shmdt(again);
    SHOW(shmctl(segment, IPC_STAT, &state));
}

BEHAVIOUR(a_segment_shows_its_state) {
    struct shmid_ds state;
    make_segment(5000);
    SHOW(shmctl(segment, IPC_STAT, &state));
    SHOW(state.shm_segsz);
    SHOW(state.shm_nattch);
    SHOW(state.shm_cpid == getpid());
    SHOW(state.shm_lpid);
    SHOW(state.shm_atime);
    SHOW(state.shm_ctime > 0);
    SHOW(state.shm_perm.mode);
    shmat(segment, NULL, 0);
    NEED(shmctl(segment, IPC_STAT, &state));
    SHOW(state.shm_nattch);
    SHOW(state.shm_atime > 0);
    SHOW(state.shm_lpid == getpid());
    state.shm_perm.mode = 0440;
    SHOW(shmctl(segment, IPC_SET, &state));
    NEED(shmctl(segment, IPC_STAT, &state));
    SHOW(state.shm_perm.mode);
    SHOW(shmctl(segment, IPC_STAT, (void*)8));
    SHOW(shmctl(segment, IPC_SET, (void*)8));
    SHOW(shmctl(segment, 999, &state));
    SHOW(shmctl(-1, IPC_STAT, &state));
}

static void attached_in_child(void) {
    struct shmid_ds state;
    NEED(shmctl(segment, IPC_STAT, &state));
    SHOW(state.shm_nattch);
}

BEHAVIOUR(fork_attaches_in_the_child) {
    struct shmid_ds state;
    make_segment(4096);
    shmat(segment, NULL, 0);
    IN_CHILD(attached_in_child);
    NEED(shmctl(segment, IPC_STAT, &state));
    SHOW(state.shm_nattch);
}

static void as_stranger(void) {
    struct shmid_ds state;
    SHOW(failed(shmat(segment, NULL, 0)));
    SHOW(failed(shmat(segment, NULL, SHM_RDONLY)));
    SHOW(shmctl(segment, IPC_STAT, &state));
    SHOW(shmctl(segment, IPC_SET, &state));
    SHOW(shmctl(segment, IPC_RMID, NULL));
    SHOW(shmctl(segment, SHM_LOCK, NULL));
    SHOW(shmget(0x5552, 4096, 0600));
    SHOW(shmget(0x5552, 4096, 0400) == segment);
}

BEHAVIOUR(permissions_are_looked_at) {
    segment = (int)NEED(shmget(0x5552, 4096, IPC_CREAT | 0604));
    AS_USER(as_stranger);
    shmctl(segment, IPC_RMID, NULL);
}

BEHAVIOUR(a_segment_is_locked_and_unlocked) {
    struct shmid_ds state;
    make_segment(4096);
    SHOW(shmctl(segment, SHM_LOCK, NULL));
    NEED(shmctl(segment, IPC_STAT, &state));
    SHOW((state.shm_perm.mode & 02000) != 0);
    SHOW(shmctl(segment, SHM_UNLOCK, NULL));
    NEED(shmctl(segment, IPC_STAT, &state));
    SHOW((state.shm_perm.mode & 02000) != 0);
}

static void locks_its_own(void) {
    make_segment(8192);
    const int other = (int)NEED(shmget(IPC_PRIVATE, 4096, 0600));
    struct rlimit limit = {12288, 12288};
    NEED(setrlimit(RLIMIT_MEMLOCK, &limit));
    SHOW(shmctl(segment, SHM_LOCK, NULL));
    SHOW(shmctl(other, SHM_LOCK, NULL));
    SHOW(shmctl(other, SHM_UNLOCK, NULL));
    limit.rlim_cur = 8192;
    NEED(setrlimit(RLIMIT_MEMLOCK, &limit));
    SHOW(shmctl(segment, SHM_LOCK, NULL));
    SHOW(shmctl(other, SHM_LOCK, NULL));
    limit.rlim_cur = 0;
    NEED(setrlimit(RLIMIT_MEMLOCK, &limit));
    SHOW(shmctl(segment, SHM_LOCK, NULL));
    SHOW(shmctl(segment, SHM_UNLOCK, NULL));
    SHOW(shmctl(other, SHM_LOCK, NULL));
    SHOW(shmctl(segment, IPC_RMID, NULL));
    SHOW(shmctl(other, IPC_RMID, NULL));
}
static void locks_another(void) {
    SHOW(shmctl(segment, SHM_LOCK, NULL));
    SHOW(shmctl(segment, SHM_UNLOCK, NULL));
}
NATIVE(a_user_locks_its_segments_up_to_a_limit, "qemu-aarch64 keeps the limit to itself") {
    AS_USER(locks_its_own);
    make_segment(4096);
    AS_USER(locks_another);
}

NATIVE(the_limits_and_the_use_of_segments, "qemu 7.2 converts shminfo to its own sizes") {
    struct shminfo limits = {0};
    struct shm_info use = {0};
    struct shmid_ds state;
    make_segment(4096 * 3);
    SHOW(shmctl(0, IPC_INFO, (void*)&limits) >= 0);
    SHOW(limits.shmmax);
    SHOW(limits.shmmin);
    SHOW(limits.shmmni);
    SHOW(limits.shmall);
    shmctl(0, SHM_INFO, (void*)&use);
    const unsigned long before = use.shm_tot;
    make_segment(4096 * 2);
    const int highest = shmctl(0, SHM_INFO, (void*)&use);
    SHOW(use.shm_tot - before);
    SHOW(shmctl(highest, SHM_STAT, &state) == segment);
    SHOW(shmctl(highest + 1, SHM_STAT, &state));
    SHOW(shmctl(highest, SHM_STAT_ANY, &state) == segment);
}

NATIVE(shmdt_of_a_split_attachment_takes_all_of_it,
       "qemu 7.2 keeps a list of attachments of its own") {
    make_segment(4096 * 3);
    char* const at = shmat(segment, NULL, 0);
    struct shmid_ds state;
    SHOW(munmap(at + 4096, 4096));
    NEED(shmctl(segment, IPC_STAT, &state));
    SHOW(state.shm_nattch);
    SHOW(shmdt(at));
    NEED(shmctl(segment, IPC_STAT, &state));
    SHOW(state.shm_nattch);
}
