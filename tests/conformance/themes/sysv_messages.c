// SPDX-License-Identifier: GPL-2.0-or-later
// System V message queues: msgget, msgsnd, msgrcv, msgctl.
#include <signal.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#ifndef MSG_COPY
#define MSG_COPY 040000
#endif

struct message {
    long type;
    char text[9000];
};
static struct message buffer;
static int queue;

static void make_queue(void) {
    queue = (int)NEED(msgget(IPC_PRIVATE, 0600));
}

static int put(long type, const char* text, int flags) {
    buffer.type = type;
    strcpy(buffer.text, text);
    return msgsnd(queue, &buffer, strlen(text), flags);
}

static void take(const char* name, size_t size, long type, int flags) {
    memset(&buffer, 0, sizeof buffer);
    errno = 0;
    const long got = msgrcv(queue, &buffer, size, type, flags);
    printf("%s: %ld %s type %ld \"%s\"\n", name, got, got < 0 ? strerrorname_np(errno) : "",
           got < 0 ? 0 : buffer.type, got < 0 ? "" : buffer.text);
}

BEHAVIOUR(messages_come_in_order) {
    make_queue();
    SHOW(put(3, "one", 0));
    SHOW(put(1, "two", 0));
    SHOW(put(2, "", 0));
    take("first", 100, 0, 0);
    take("second", 100, 0, 0);
    take("third", 100, 0, 0);
    take("none", 100, 0, IPC_NOWAIT);
}

BEHAVIOUR(a_type_chooses_a_message) {
    make_queue();
    NEED(put(3, "three", 0));
    NEED(put(1, "one", 0));
    NEED(put(2, "two", 0));
    NEED(put(1, "other", 0));
    take("type 2", 100, 2, 0);
    take("lowest to 2", 100, -2, 0);
    take("except 1", 100, 1, MSG_EXCEPT);
    take("type 7", 100, 7, IPC_NOWAIT);
    take("lowest", 100, -9, 0);
}

BEHAVIOUR(a_longer_message_is_e2big_or_cut) {
    make_queue();
    NEED(put(1, "abcdef", 0));
    take("short", 3, 0, 0);
    take("cut", 3, 0, MSG_NOERROR);
    take("gone", 3, 0, IPC_NOWAIT);
}

BEHAVIOUR(errors_of_msgsnd_and_msgrcv) {
    make_queue();
    buffer.type = 1;
    SHOW(put(0, "x", 0));
    SHOW(put(-1, "x", 0));
    buffer.type = 1;
    SHOW(msgsnd(queue, &buffer, 8193, 0));
    SHOW(msgsnd(queue, &buffer, (size_t)-1, 0));
    SHOW(msgsnd(queue, (void*)8, 1, 0));
    SHOW(msgsnd(-1, &buffer, 1, 0));
    SHOW(msgrcv(queue, &buffer, (size_t)-1, 0, 0));
    SHOW(msgrcv(-1, &buffer, 1, 0, 0));
    NEED(put(1, "abc", 0));
    SHOW(msgrcv(queue, (void*)8, 10, 0, 0));
    SHOW(msgctl(queue, 999, NULL));
    SHOW(msgctl(queue, IPC_STAT, (void*)8));
}

BEHAVIOUR(a_full_queue_is_eagain) {
    make_queue();
    buffer.type = 1;
    SHOW(msgsnd(queue, &buffer, 8192, IPC_NOWAIT));
    SHOW(msgsnd(queue, &buffer, 8192, IPC_NOWAIT));
    SHOW(msgsnd(queue, &buffer, 1, IPC_NOWAIT));
    struct msqid_ds state;
    NEED(msgctl(queue, IPC_STAT, &state));
    SHOW(state.msg_qnum);
    SHOW(state.msg_cbytes);
    SHOW(state.msg_qbytes);
    SHOW(state.msg_lspid == getpid());
    SHOW(state.msg_lrpid);
    SHOW(state.msg_stime > 0);
    SHOW(state.msg_rtime);
}

static void receive_one(void) {
    take("child", 100, 5, 0);
}

BEHAVIOUR(a_receiver_waits_for_its_type) {
    make_queue();
    const pid_t child = child_of(receive_one);
    until_asleep(child);
    NEED(put(4, "four", 0));
    NEED(put(5, "five", 0));
    show_end("child", child);
    take("left", 100, 0, IPC_NOWAIT);
}

BEHAVIOUR(removing_a_queue_ends_its_waits_with_eidrm) {
    make_queue();
    const pid_t child = child_of(receive_one);
    until_asleep(child);
    const int removed = msgctl(queue, IPC_RMID, NULL);
    show_end("child", child);
    SHOW(removed);
    SHOW(msgctl(queue, IPC_RMID, NULL));
}

static void send_when_there_is_room(void) {
    SHOW(msgsnd(queue, &buffer, 8192, 0));
}

BEHAVIOUR(a_sender_waits_for_room) {
    make_queue();
    buffer.type = 1;
    NEED(msgsnd(queue, &buffer, 8192, 0));
    NEED(msgsnd(queue, &buffer, 8192, 0));
    const pid_t child = child_of(send_when_there_is_room);
    until_asleep(child);
    const ssize_t received = msgrcv(queue, &buffer, 8192, 0, 0);
    show_end("child", child);
    SHOW(received);
}

static void receive_with_handler(void) {
    count_signal(SIGUSR1, SA_RESTART);
    take("child", 100, 0, 0);
}

BEHAVIOUR(a_signal_ends_msgrcv_with_eintr_even_with_restart) {
    make_queue();
    const pid_t child = child_of(receive_with_handler);
    until_asleep(child);
    kill(child, SIGUSR1);
    show_end("child", child);
}

NATIVE(msg_copy_copies_by_position, "qemu 7.2 loses the flag's errors") {
    make_queue();
    NEED(put(1, "one", 0));
    NEED(put(2, "two", 0));
    take("second", 100, 1, MSG_COPY | IPC_NOWAIT);
    take("first", 100, 0, MSG_COPY | IPC_NOWAIT);
    take("third", 100, 2, MSG_COPY | IPC_NOWAIT);
    take("without nowait", 100, 0, MSG_COPY);
    take("with except", 100, 0, MSG_COPY | IPC_NOWAIT | MSG_EXCEPT);
    take("still there", 100, 0, IPC_NOWAIT);
}

BEHAVIOUR(msgget_by_key) {
    const int one = (int)NEED(msgget(0x77, IPC_CREAT | 0600));
    SHOW(msgget(0x77, 0) == one);
    SHOW(msgget(0x77, IPC_CREAT | IPC_EXCL | 0600));
    SHOW(msgget(0x78, 0600));
    msgctl(one, IPC_RMID, NULL);
    const int two = (int)NEED(msgget(0x77, IPC_CREAT | 0600));
    SHOW(one != two);
    msgctl(two, IPC_RMID, NULL);
}

BEHAVIOUR(ipc_set_changes_bytes_and_mode) {
    struct msqid_ds state;
    make_queue();
    NEED(msgctl(queue, IPC_STAT, &state));
    state.msg_qbytes = 5;
    state.msg_perm.mode = 0640;
    SHOW(msgctl(queue, IPC_SET, &state));
    NEED(msgctl(queue, IPC_STAT, &state));
    SHOW(state.msg_qbytes);
    SHOW(state.msg_perm.mode);
    SHOW(put(1, "abcdef", IPC_NOWAIT));
    SHOW(put(1, "abcde", IPC_NOWAIT));
    SHOW(put(1, "", IPC_NOWAIT));
}

static void as_stranger(void) {
    struct msqid_ds state;
    SHOW(put(1, "x", 0));
    take("stranger", 100, 0, IPC_NOWAIT);
    SHOW(msgctl(queue, IPC_STAT, &state));
    SHOW(msgctl(queue, IPC_RMID, NULL));
    SHOW(msgget(0x79, 0600));
    SHOW(msgget(0x79, 0400) == queue);
}

BEHAVIOUR(permissions_are_looked_at) {
    queue = (int)NEED(msgget(0x79, IPC_CREAT | 0604));
    NEED(put(1, "mine", 0));
    AS_USER(as_stranger);
    msgctl(queue, IPC_RMID, NULL);
}

static void raise_bytes(void) {
    struct msqid_ds state;
    queue = (int)NEED(msgget(IPC_PRIVATE, 0600));
    NEED(msgctl(queue, IPC_STAT, &state));
    state.msg_qbytes = 16385;
    SHOW(msgctl(queue, IPC_SET, &state));
    state.msg_qbytes = 100;
    SHOW(msgctl(queue, IPC_SET, &state));
    msgctl(queue, IPC_RMID, NULL);
}

BEHAVIOUR(only_the_superuser_raises_the_bytes) {
    AS_USER(raise_bytes);
}

NATIVE(the_limits_and_the_use_of_queues, "qemu 7.2 converts msginfo, to be sure") {
    struct msginfo info = {0};
    struct msqid_ds state;
    make_queue();
    NEED(put(1, "abc", 0));
    SHOW(msgctl(0, IPC_INFO, (void*)&info) >= 0);
    SHOW(info.msgmni);
    SHOW(info.msgmax);
    SHOW(info.msgmnb);
    SHOW(info.msgssz);
    SHOW(info.msgseg);
    msgctl(0, MSG_INFO, (void*)&info);
    const struct msginfo before = info;
    make_queue();
    NEED(put(1, "abcd", 0));
    const int highest = msgctl(0, MSG_INFO, (void*)&info);
    SHOW(info.msgpool - before.msgpool);
    SHOW(info.msgmap - before.msgmap);
    SHOW(info.msgtql - before.msgtql);
    SHOW(msgctl(highest, MSG_STAT, &state) == queue);
    SHOW(state.msg_qnum);
    SHOW(msgctl(highest + 1, MSG_STAT, &state));
}
