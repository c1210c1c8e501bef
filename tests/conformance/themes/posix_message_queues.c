// SPDX-License-Identifier: GPL-2.0-or-later
// POSIX message queues: mq_overview(7).
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

static struct mq_attr small = {.mq_maxmsg = 3, .mq_msgsize = 16};
static mqd_t queue;

static void make_queue(int flags) {
    mq_unlink("/behaviour");
    queue = (mqd_t)NEED(mq_open("/behaviour", O_CREAT | O_RDWR | flags, 0600, &small));
}

static void take(void) {
    char text[20] = "";
    unsigned priority = 99;
    errno = 0;
    const long got = mq_receive(queue, text, sizeof text, &priority);
    printf("%ld %s \"%.*s\" %u\n", got, got < 0 ? strerrorname_np(errno) : "", got < 0 ? 0 : (int)got, text,
           got < 0 ? 0 : priority);
}

BEHAVIOUR(messages_come_by_priority_then_age) {
    make_queue(0);
    SHOW(mq_send(queue, "low", 3, 1));
    SHOW(mq_send(queue, "high", 4, 7));
    SHOW(mq_send(queue, "low2", 4, 1));
    take();
    take();
    take();
}

BEHAVIOUR(an_empty_or_full_queue_is_eagain) {
    make_queue(O_NONBLOCK);
    take();
    for (int i = 0; i < 3; ++i) SHOW(mq_send(queue, "x", 1, 0));
    SHOW(mq_send(queue, "x", 1, 0));
}

BEHAVIOUR(errors_of_send_and_receive) {
    char text[20];
    make_queue(0);
    SHOW(mq_send(queue, "12345678901234567", 17, 0));
    SHOW(mq_send(queue, "x", 1, 32768));
    SHOW(mq_send(queue, "x", 1, 32767));
    SHOW(mq_receive(queue, text, 15, NULL));
    SHOW(mq_send(-1, "x", 1, 0));
    SHOW(mq_receive(-1, text, 20, NULL));
    SHOW(mq_send(0, "x", 1, 0));
    const mqd_t reader = mq_open("/behaviour", O_RDONLY), writer = mq_open("/behaviour", O_WRONLY);
    SHOW(mq_send(reader, "x", 1, 0));
    SHOW(mq_receive(writer, text, 20, NULL));
    SHOW(mq_send(queue, (void*)8, 1, 0));
}

BEHAVIOUR(errors_of_mq_open) {
    struct mq_attr wrong = {.mq_maxmsg = 0, .mq_msgsize = 1};
    mq_unlink("/behaviour");
    SHOW(mq_open("/behaviour", O_RDWR));
    SHOW(mq_open("/behaviour", O_RDWR | O_CREAT, 0600, &wrong));
    wrong.mq_maxmsg = 1, wrong.mq_msgsize = 0;
    SHOW(mq_open("/behaviour", O_RDWR | O_CREAT, 0600, &wrong));
    make_queue(0);
    SHOW(mq_open("/behaviour", O_RDWR | O_CREAT | O_EXCL, 0600, &small));
    SHOW(mq_open("/", O_RDWR | O_CREAT, 0600, &small));
    SHOW(mq_open("/a/b", O_RDWR | O_CREAT, 0600, &small));
    char name[300] = "/";
    memset(name + 1, 'x', 256);
    SHOW(mq_open(name, O_RDWR | O_CREAT, 0600, &small));
    SHOW(mq_unlink("/behaviour"));
    SHOW(mq_unlink("/behaviour"));
    SHOW(mq_unlink(name));
}

static void open_as_stranger(void) {
    struct mq_attr large = {.mq_maxmsg = 11, .mq_msgsize = 16};
    SHOW(mq_open("/behaviour", O_RDWR));
    SHOW(mq_unlink("/behaviour"));
    SHOW(mq_open("/other", O_RDWR | O_CREAT, 0600, &large));
    large.mq_maxmsg = 10, large.mq_msgsize = 8193;
    SHOW(mq_open("/other", O_RDWR | O_CREAT, 0600, &large));
}

BEHAVIOUR(permissions_and_limits_of_a_user) {
    make_queue(0);
    AS_USER(open_as_stranger);
}

NATIVE(attributes_are_read_and_nonblock_is_set, "qemu 7.2 does not ask without attributes") {
    struct mq_attr attr, old;
    make_queue(0);
    NEED(mq_send(queue, "x", 1, 0));
    SHOW(mq_getattr(queue, &attr));
    SHOW(attr.mq_flags);
    SHOW(attr.mq_maxmsg);
    SHOW(attr.mq_msgsize);
    SHOW(attr.mq_curmsgs);
    attr.mq_flags = O_NONBLOCK;
    SHOW(mq_setattr(queue, &attr, &old));
    SHOW(old.mq_flags);
    NEED(mq_getattr(queue, &attr));
    SHOW(attr.mq_flags == O_NONBLOCK);
    attr.mq_flags = O_APPEND;
    SHOW(syscall(SYS_mq_getsetattr, queue, &attr, NULL));
    SHOW(syscall(SYS_mq_getsetattr, -1, NULL, NULL));
    SHOW(syscall(SYS_mq_getsetattr, 0, NULL, NULL));
}

BEHAVIOUR(the_defaults_are_ten_messages_of_8192) {
    struct mq_attr attr;
    mq_unlink("/defaults");
    const mqd_t made = (mqd_t)NEED(mq_open("/defaults", O_CREAT | O_RDWR, 0600, NULL));
    NEED(mq_getattr(made, &attr));
    SHOW(attr.mq_maxmsg);
    SHOW(attr.mq_msgsize);
    mq_unlink("/defaults");
}

BEHAVIOUR(a_queue_lives_on_after_unlink) {
    make_queue(0);
    NEED(mq_send(queue, "x", 1, 0));
    SHOW(mq_unlink("/behaviour"));
    SHOW(mq_open("/behaviour", O_RDWR));
    take();
}

BEHAVIOUR(timed_calls_end_with_etimedout) {
    struct timespec past = {1, 0}, wrong = {1, 1000000000};
    char text[20];
    make_queue(0);
    SHOW(mq_timedreceive(queue, text, 20, NULL, &past));
    SHOW(mq_timedreceive(queue, text, 20, NULL, &wrong));
    SHOW(mq_timedreceive(queue, text, 20, NULL, (void*)8));
    for (int i = 0; i < 3; ++i) NEED(mq_send(queue, "x", 1, 0));
    SHOW(mq_timedsend(queue, "x", 1, 0, &past));
    SHOW(mq_timedsend(queue, "x", 1, 0, &wrong));
    wrong.tv_nsec = 0, wrong.tv_sec = -1;
    SHOW(mq_timedsend(queue, "x", 1, 0, &wrong));
}

BEHAVIOUR(a_queue_is_polled) {
    make_queue(0);
    POLL(queue);
    NEED(mq_send(queue, "x", 1, 0));
    POLL(queue);
    NEED(mq_send(queue, "x", 1, 0));
    NEED(mq_send(queue, "x", 1, 0));
    POLL(queue);
}

static void receive_one(void) {
    take();
}
BEHAVIOUR(a_receiver_waits_for_a_message) {
    make_queue(0);
    const pid_t child = child_of(receive_one);
    until_asleep(child);
    const int sent = mq_send(queue, "for you", 7, 3);
    show_end("child", child);
    SHOW(sent);
    struct mq_attr attr;
    NEED(mq_getattr(queue, &attr));
    SHOW(attr.mq_curmsgs);
}

static void receive_with_handler(void) {
    count_signal(SIGUSR1, 0);
    take();
}
BEHAVIOUR(a_signal_ends_a_receive_with_eintr) {
    make_queue(0);
    const pid_t child = child_of(receive_with_handler);
    until_asleep(child);
    kill(child, SIGUSR1);
    show_end("child", child);
}

NATIVE(notification_by_signal_happens_once, "qemu 7.2 has no mq_notify") {
    struct sigevent wanted = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    make_queue(0);
    count_signal(SIGUSR1, 0);
    SHOW(mq_notify(queue, &wanted));
    SHOW(mq_notify(queue, &wanted));
    NEED(mq_send(queue, "x", 1, 0));
    SHOW(signals_taken);
    NEED(mq_send(queue, "x", 1, 0));
    SHOW(signals_taken);
    SHOW(mq_notify(queue, &wanted));
    NEED(mq_send(queue, "x", 1, 0));
    SHOW(signals_taken);
    SHOW(mq_notify(queue, NULL));
}

NATIVE(errors_of_mq_notify, "qemu 7.2 has no mq_notify") {
    struct sigevent wanted = {.sigev_notify = 77};
    make_queue(0);
    SHOW(mq_notify(queue, &wanted));
    wanted.sigev_notify = SIGEV_SIGNAL, wanted.sigev_signo = 65;
    SHOW(mq_notify(queue, &wanted));
    wanted.sigev_notify = SIGEV_NONE;
    SHOW(mq_notify(queue, &wanted));
    SHOW(mq_notify(0, &wanted));
    SHOW(mq_notify(-1, &wanted));
}

BEHAVIOUR(read_shows_the_state_of_the_queue) {
    char text[200];
    make_queue(0);
    NEED(mq_send(queue, "abc", 3, 0));
    const ssize_t size = read(queue, text, sizeof text);
    printf("%.*s", size < 0 ? 0 : (int)size, text);
    struct stat status;
    SHOW(fstat(queue, &status));
    SHOW(status.st_size);
    SHOW(S_ISREG(status.st_mode));
    SHOW(status.st_mode & 07777);
    SHOW(write(queue, "x", 1));
}
