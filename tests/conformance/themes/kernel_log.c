// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's log. What writes to it or clears it is documented: the judge's log is the host's.
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define KMSG "Documentation/ABI/testing/dev-kmsg"
#define SYSLOG "syslog(2)"

static char line[9000];

static int log_device(int flags) {
    return (int)NEED(open("/dev/kmsg", flags | O_NONBLOCK));
}
// Priority, text and what follows of the next record; not its number and time.
static void show_record(int fd) {
    const ssize_t size = read(fd, line, sizeof line - 1);
    if (size < 0) {
        printf("  %s\n", strerrorname_np(errno));
        return;
    }
    line[size] = 0;
    int numbers = 0;
    for (const char* at = line; *at != ';' && *at != 0; ++at) numbers += *at == ',';
    printf("  %d (%d) %s", atoi(line), numbers, strchr(line, ';'));
}

DOCUMENTED(a_written_record_is_read_again, KMSG,
           "put(fd, \"plain\") = 5\n"
           "put(fd, \"<3>error\\n\") = 9\n"
           "put(fd, \"<30>daemon\") = 10\n"
           "put(fd, \"<x>text\") = 7\n"
           "put(fd, \"two\\nlines\\\\\") = 10\n"
           "  12 (3) ;plain\n"
           "  11 (3) ;error\n"
           "  30 (3) ;daemon\n"
           "  12 (3) ;<x>text\n"
           "  12 (3) ;two\\x0alines\\x5c\n"
           "  EAGAIN\n") {
    const int fd = log_device(O_RDWR);
    NEED(lseek(fd, 0, SEEK_END));
#define PUT(text) printf("put(fd, %s) = %zd\n", #text, write(fd, text, strlen(text)))
    PUT("plain");
    PUT("<3>error\n");
    PUT("<30>daemon");
    PUT("<x>text");
    PUT("two\nlines\\");
    for (int i = 0; i < 6; ++i) show_record(fd);
}

DOCUMENTED(a_read_without_room_passes_the_record_over, KMSG,
           "read(fd, line, 1) = -1 EINVAL\n"
           "  12 (3) ;second\n") {
    const int fd = log_device(O_RDWR);
    NEED(lseek(fd, 0, SEEK_END));
    NEED(write(fd, "first", 5));
    NEED(write(fd, "second", 6));
    SHOW(read(fd, line, 1));
    show_record(fd);
}

DOCUMENTED(the_log_has_three_places_to_go_to, KMSG,
           "lseek(fd, 0, SEEK_SET) = 0\n"
           "read(fd, line, sizeof line) > 0 = 1\n"
           "lseek(fd, 0, SEEK_END) = 0\n"
           "  EAGAIN\n"
           "klogctl(5, NULL, 0) = 0\n"
           "lseek(fd, 0, SEEK_DATA) = 0\n"
           "  12 (3) ;after\n"
           "lseek(fd, 0, SEEK_CUR) = -1 EINVAL\n"
           "lseek(fd, 1, SEEK_SET) = -1 ESPIPE\n") {
    const int fd = log_device(O_RDWR);
    SHOW(lseek(fd, 0, SEEK_SET));
    SHOW(read(fd, line, sizeof line) > 0);
    SHOW(lseek(fd, 0, SEEK_END));
    show_record(fd);
    SHOW(klogctl(5, NULL, 0));
    NEED(write(fd, "after", 5));
    SHOW(lseek(fd, 0, SEEK_DATA));
    show_record(fd);
    SHOW(lseek(fd, 0, SEEK_CUR));
    SHOW(lseek(fd, 1, SEEK_SET));
}

DOCUMENTED(a_reader_is_told_that_records_were_overwritten, KMSG,
           "poll(&ready, 1, 0) = 1\n"
           "0x1\n"
           "poll(&ready, 1, 0) = 1\n"
           "0xb\n"
           "  EPIPE\n"
           "read(fd, line, sizeof line) > 0 = 1\n") {
    char text[900];
    memset(text, 'x', sizeof text);
    const int settings = (int)NEED(open("/proc/sys/kernel/printk_devkmsg", O_WRONLY));
    NEED(write(settings, "on", 2));
    const int fd = log_device(O_RDWR);
    struct pollfd ready = {fd, POLLIN | POLLPRI, 0};
    NEED(lseek(fd, 0, SEEK_SET));
    SHOW(poll(&ready, 1, 0));
    printf("%#x\n", (unsigned)ready.revents);
    for (int i = 0; i < 400; ++i) NEED(write(fd, text, sizeof text));
    SHOW(poll(&ready, 1, 0));
    printf("%#x\n", (unsigned)ready.revents);
    show_record(fd);
    SHOW(read(fd, line, sizeof line) > 0);
    NEED(pwrite(settings, "ratelimit", 9, 0));
}

DOCUMENTED(a_writer_has_a_share_of_the_log,
           "Documentation/admin-guide/sysctl/kernel.rst, printk_devkmsg",
           "10 of 15\n"
           "write(fd, line, 1025) = -1 EINVAL\n"
           "open(\"/dev/kmsg\", O_RDWR) = -1 EPERM\n"
           "write(fd, \"more\", 4) = 4\n") {
    int heard = 0;
    const int fd = log_device(O_RDWR);
    NEED(lseek(fd, 0, SEEK_END));
    for (int i = 0; i < 15; ++i) NEED(write(fd, "text", 4));
    while (read(fd, line, sizeof line) > 0) ++heard;
    printf("%d of 15\n", heard);
    SHOW(write(fd, line, 1025));
    const int settings = (int)NEED(open("/proc/sys/kernel/printk_devkmsg", O_WRONLY));
    NEED(write(settings, "off", 3));
    SHOW(open("/dev/kmsg", O_RDWR));
    SHOW(write(fd, "more", 4));
    NEED(pwrite(settings, "ratelimit", 9, 0));
}

DOCUMENTED(a_waiting_reader_hears_of_the_next_record, KMSG, "child: status 0\n") {
    const int fd = (int)NEED(open("/dev/kmsg", O_RDWR));
    NEED(lseek(fd, 0, SEEK_END));
    const pid_t child = (pid_t)NEED(fork());
    if (child == 0) {
        const ssize_t size = read(fd, line, sizeof line);
        _exit(size > 0 && memmem(line, (size_t)size, ";text\n", 6) != NULL ? 0 : 1);
    }
    until_asleep(child);
    NEED(write(fd, "text", 4));
    show_end("child", child);
}

DOCUMENTED(syslog_reads_lines_with_priority_and_time, SYSLOG,
           "klogctl(5, NULL, 0) = 0\n"
           "klogctl(3, line, sizeof line) = 0\n"
           "<12> one\n"
           "<12> two\n"
           "klogctl(3, line, sizeof line) > 0 = 1\n"
           "klogctl(4, line, sizeof line) > 0 = 1\n"
           "klogctl(3, line, sizeof line) = 0\n") {
    SHOW(klogctl(5, NULL, 0));
    SHOW(klogctl(3, line, sizeof line));
    const int fd = log_device(O_WRONLY);
    NEED(write(fd, "one", 3));
    NEED(write(fd, "two", 3));
    const int size = klogctl(3, line, sizeof line - 1);
    line[size < 0 ? 0 : size] = 0;
    for (char* at = strtok(line, "\n"); at != NULL; at = strtok(NULL, "\n"))
        printf("%.4s %s\n", at, strchr(at, ']') + 2);
    SHOW(klogctl(3, line, sizeof line) > 0);
    SHOW(klogctl(4, line, sizeof line) > 0);
    SHOW(klogctl(3, line, sizeof line));
}

DOCUMENTED(the_stream_of_the_log_is_read_once, "proc(5), /proc/kmsg",
           "klogctl(9, NULL, 0) > 0 = 1\n"
           "read(fd, line, 1) = 1\n"
           "<\n"
           "read(fd, line, sizeof line) > 0 = 1\n"
           "klogctl(9, NULL, 0) = 0\n"
           "read(fd, line, sizeof line) = -1 EAGAIN\n"
           "poll(&ready, 1, 0) = 0\n"
           "poll(&ready, 1, 0) = 1\n"
           "klogctl(2, line, 3) = 3\n"
           "<12\n") {
    const int fd = (int)NEED(open("/proc/kmsg", O_RDONLY | O_NONBLOCK));
    const int out = log_device(O_WRONLY);
    struct pollfd ready = {fd, POLLIN, 0};
    NEED(write(out, "text", 4));
    SHOW(klogctl(9, NULL, 0) > 0);
    SHOW(read(fd, line, 1));
    printf("%.1s\n", line);
    while (klogctl(9, NULL, 0) > (int)sizeof line) NEED(read(fd, line, sizeof line));
    SHOW(read(fd, line, sizeof line) > 0);
    SHOW(klogctl(9, NULL, 0));
    SHOW(read(fd, line, sizeof line));
    SHOW(poll(&ready, 1, 0));
    NEED(write(out, "next", 4));
    SHOW(poll(&ready, 1, 0));
    SHOW(klogctl(2, line, 3));
    printf("%.3s\n", line);
}

static void user_and_the_log(void) {
    SHOW(open("/dev/kmsg", O_RDONLY));
    SHOW(open("/dev/kmsg", O_WRONLY));
    SHOW(open("/proc/kmsg", O_RDONLY));
    SHOW(klogctl(3, line, sizeof line));
    SHOW(klogctl(10, NULL, 0));
    SHOW(klogctl(5, NULL, 0));
    SHOW(klogctl(100, NULL, 0));
}
static void user_of_an_open_log(void) {
    SHOW(klogctl(10, NULL, 0) > 0);
    SHOW(klogctl(5, NULL, 0));
}
DOCUMENTED(a_user_may_not_read_the_log_where_it_is_restricted, SYSLOG,
           "open(\"/dev/kmsg\", O_RDONLY) = -1 EPERM\n"
           "open(\"/dev/kmsg\", O_WRONLY) = -1 EACCES\n"
           "open(\"/proc/kmsg\", O_RDONLY) = -1 EACCES\n"
           "klogctl(3, line, sizeof line) = -1 EPERM\n"
           "klogctl(10, NULL, 0) = -1 EPERM\n"
           "klogctl(5, NULL, 0) = -1 EPERM\n"
           "klogctl(100, NULL, 0) = -1 EPERM\n"
           "user_and_the_log: status 0\n"
           "klogctl(10, NULL, 0) > 0 = 1\n"
           "klogctl(5, NULL, 0) = -1 EPERM\n"
           "user_of_an_open_log: status 0\n") {
    AS_USER(user_and_the_log);
    const int settings = (int)NEED(open("/proc/sys/kernel/dmesg_restrict", O_WRONLY));
    NEED(write(settings, "0", 1));
    AS_USER(user_of_an_open_log);
    NEED(pwrite(settings, "1", 1, 0));
}
DOCUMENTED(syslog_sets_what_the_console_shows, SYSLOG,
           "klogctl(8, NULL, 3) = 0\n"
           "printk: \"3\t4\t1\t7 \"\n"
           "klogctl(6, NULL, 0) = 0\n"
           "printk: \"1\t4\t1\t7 \"\n"
           "klogctl(7, NULL, 0) = 0\n"
           "printk: \"3\t4\t1\t7 \"\n"
           "klogctl(8, NULL, 0) = -1 EINVAL\n"
           "klogctl(8, NULL, 9) = -1 EINVAL\n") {
    char text[40];
#define SHOW_LEVELS                                                          \
    do {                                                                     \
        const int fd = (int)NEED(open("/proc/sys/kernel/printk", O_RDONLY)); \
        const ssize_t size = read(fd, text, sizeof text - 1);                \
        text[size < 1 ? 0 : size - 1] = 0;                                   \
        printf("printk: \"%s \"\n", text);                                   \
        close(fd);                                                           \
    } while (0)
    SHOW(klogctl(8, NULL, 3));
    SHOW_LEVELS;
    SHOW(klogctl(6, NULL, 0));
    SHOW_LEVELS;
    SHOW(klogctl(7, NULL, 0));
    SHOW_LEVELS;
    SHOW(klogctl(8, NULL, 0));
    SHOW(klogctl(8, NULL, 9));
    NEED(klogctl(8, NULL, 7));
}

DOCUMENTED(syslog_checks_its_arguments, SYSLOG,
           "klogctl(11, NULL, 0) = -1 EINVAL\n"
           "klogctl(-1, NULL, 0) = -1 EINVAL\n"
           "klogctl(2, NULL, 5) = -1 EINVAL\n"
           "klogctl(3, line, -1) = -1 EINVAL\n"
           "klogctl(3, line, 0) = 0\n"
           "klogctl(0, NULL, 0) = 0\n"
           "klogctl(1, NULL, 0) = 0\n") {
    SHOW(klogctl(11, NULL, 0));
    SHOW(klogctl(-1, NULL, 0));
    SHOW(klogctl(2, NULL, 5));
    SHOW(klogctl(3, line, -1));
    SHOW(klogctl(3, line, 0));
    SHOW(klogctl(0, NULL, 0));
    SHOW(klogctl(1, NULL, 0));
}

DOCUMENTED(the_device_of_the_log_is_number_eleven, "Documentation/admin-guide/devices.txt",
           "1:11 20644\n") {
    struct stat status;
    NEED(stat("/dev/kmsg", &status));
    printf("%u:%u %o\n", major(status.st_rdev), minor(status.st_rdev), status.st_mode);
}
