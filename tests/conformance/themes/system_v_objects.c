// SPDX-License-Identifier: GPL-2.0-or-later
// What the three kinds of System V objects have in common: wished ids, lists, lives of segments.
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define WHY "qemu-aarch64 passes the host's structures on"

NATIVE(a_wished_id_is_given_once, WHY) {
    write_text("/proc/sys/kernel/msg_next_id", "1000");
    show_file("/proc/sys/kernel/msg_next_id");
    const int queue = msgget(IPC_PRIVATE, 0600);
    SHOW(queue);
    show_file("/proc/sys/kernel/msg_next_id");
    write_text("/proc/sys/kernel/msg_next_id", "1000");
    const int second = msgget(IPC_PRIVATE, 0600);
    SHOW(second == queue);
    write_text("/proc/sys/kernel/sem_next_id", "32768");
    SHOW(semget(IPC_PRIVATE, 1, 0600));
    write_text("/proc/sys/kernel/shm_next_id", "77");
    SHOW(shmget(IPC_PRIVATE, 4096, 0600));
    show_file("/proc/sys/kernel/shm_next_id");
    write_text("/proc/sys/kernel/shm_next_id", "-2");
}

static void show_list(const char* name, int words) {
    char line[400], word[40];
    FILE* const file = fopen(name, "r");
    while (fgets(line, sizeof line, file) != NULL) {
        const char* at = line;
        int taken = 0;
        for (int i = 0; i < words && sscanf(at, "%39s%n", word, &taken) == 1; ++i) {
            printf("%s ", word);
            at += taken;
        }
        puts("");
    }
    fclose(file);
}
NATIVE(objects_are_listed, WHY) {
    struct {
        long type;
        char text[8];
    } message = {1, "abc"};
    const int queue = (int)NEED(msgget(5, IPC_CREAT | 0600));
    NEED(msgsnd(queue, &message, 3, 0));
    NEED(msgget(IPC_PRIVATE, 0640));
    NEED(semget(6, 3, IPC_CREAT | 0600));
    const int segment = (int)NEED(shmget(7, 4096, IPC_CREAT | 0600));
    char* const at = shmat(segment, NULL, 0);
    at[0] = 1;
    show_list("/proc/sysvipc/msg", 5);
    show_list("/proc/sysvipc/sem", 8);
    show_list("/proc/sysvipc/shm", 4);
}

static void leaves_a_segment(void) {
    NEED(shmget(0x88, 4096, IPC_CREAT | 0600));
}
NATIVE(segments_of_nobody_go_where_that_is_asked_for, WHY) {
    IN_CHILD(leaves_a_segment);
    SHOW(shmget(0x88, 0, 0) >= 0);
    write_text("/proc/sys/kernel/shm_rmid_forced", "1");
    SHOW(shmget(0x88, 0, 0));
    IN_CHILD(leaves_a_segment);
    SHOW(shmget(0x88, 0, 0));
    const int own = (int)NEED(shmget(0x89, 4096, IPC_CREAT | 0600));
    SHOW(shmget(0x89, 0, 0) == own);
    SHOW(shmdt(shmat(own, NULL, 0)));
    SHOW(shmget(0x89, 0, 0));
    write_text("/proc/sys/kernel/shm_rmid_forced", "0");
}

NATIVE(a_removed_segment_is_not_mapped_anew, WHY) {
    const int segment = (int)NEED(shmget(IPC_PRIVATE, 4096, 0600));
    void* const at = shmat(segment, NULL, 0);
    SHOW(remap_file_pages(at, 4096, 0, 0, 0));
    NEED(shmctl(segment, IPC_RMID, NULL));
    SHOW(remap_file_pages(at, 4096, 0, 0, 0));
    SHOW(remap_file_pages(at, 4096, 0, 0, 0));
}

NATIVE(what_shmat_replaces_is_detached, WHY) {
    struct shmid_ds state;
    const int segment = (int)NEED(shmget(IPC_PRIVATE, 4096, 0600));
    void* const at = shmat(segment, NULL, 0);
    NEED(shmctl(segment, IPC_STAT, &state));
    SHOW(state.shm_dtime != 0);
    SHOW(shmat(segment, at, SHM_REMAP) == at);
    NEED(shmctl(segment, IPC_STAT, &state));
    SHOW(state.shm_dtime != 0);
    SHOW(state.shm_nattch);
    SHOW((long)shmat(segment, (void*)-4096l, 0));
}

NATIVE(segments_of_huge_pages_have_a_size_that_there_is, WHY) {
    SHOW(shmget(IPC_PRIVATE, 4096, SHM_HUGETLB | (50 << 26) | 0600));
}

static void asks_for_huge_pages(void) {
    SHOW(shmget(IPC_PRIVATE, 4096, SHM_HUGETLB | 0600));
}

NATIVE(a_user_has_no_segments_of_huge_pages, WHY) {
    AS_USER(asks_for_huge_pages);
}
