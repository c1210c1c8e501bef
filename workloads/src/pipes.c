// SPDX-License-Identifier: GPL-2.0-or-later
// Pipes and FIFOs: how much fits, blocking writes that go on, what poll says, packets, sendfile, splice, tee, vmsplice.
// Usage: pipes. It makes and removes files in its working folder.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
static void on(int s) {
    (void)s;
}
static char big[300000];
int main(void) {
    int p[2];
    setvbuf(stdout, 0, _IONBF, 0);
    pipe(p);
    printf("size %d\n", fcntl(p[1], F_GETPIPE_SZ));
    for (unsigned i = 0; i < sizeof big; i++) big[i] = (char)(i * 7);
    if (fork() == 0) {
        close(p[1]);
        unsigned long sum = 0;
        long all = 0;
        static char b[5000];
        ssize_t n;
        while ((n = read(p[0], b, sizeof b)) > 0) {
            for (int i = 0; i < n; i++) sum = sum * 31 + (unsigned char)b[i];
            all += n;
        }
        printf("child %ld %lx\n", all, sum);
        _exit(0);
    }
    close(p[0]);
    printf("wrote %zd\n", write(p[1], big, sizeof big));
    close(p[1]);
    wait(0);
    pipe2(p, O_NONBLOCK);
    int k = 0;
    ssize_t n;
    while ((n = write(p[1], big, 3000)) > 0) k++;
    printf("3000 x %d %d\n", k, errno);
    int q;
    ioctl(p[0], FIONREAD, &q);
    printf("fionread %d\n", q);
    struct pollfd f[2] = {{p[0], POLLIN | POLLOUT | POLLRDNORM, 0}, {p[1], POLLIN | POLLOUT | POLLWRNORM, 0}};
    printf("poll %d %x %x\n", poll(f, 2, 0), f[0].revents, f[1].revents);
    read(p[0], big, 1);
    poll(f, 2, 0);
    printf("%x %x\n", f[0].revents, f[1].revents);
    read(p[0], big, 2999);
    poll(f, 2, 0);
    printf("%x %x\n", f[0].revents, f[1].revents);
    printf("w %zd\n", write(p[1], big, 5000));
    printf("set %d %d\n", fcntl(p[1], F_SETPIPE_SZ, 4096), errno);
    while (read(p[0], big, 65536) > 0)
        ;
    printf("set %d\n", fcntl(p[1], F_SETPIPE_SZ, 5000));
    printf("w %zd\n", write(p[1], big, 100000));
    printf("w %zd %d\n", write(p[1], big, 1), errno);
    close(p[1]);
    poll(f, 1, 0);
    printf("hup %x\n", f[0].revents);
    while ((n = read(p[0], big, 65536)) > 0) printf("r %zd\n", n);
    printf("r %zd\n", n);
    close(p[0]);
    pipe(p);
    close(p[0]);
    f[1].fd = p[1];
    poll(f + 1, 1, 0);
    printf("err %x\n", f[1].revents);
    signal(SIGPIPE, on);
    n = write(p[1], big, 1);
    printf("epipe %zd %d\n", n, errno);
    close(p[1]);
    /* interrupted blocking write */
    pipe(p);
    struct sigaction sa = {.sa_handler = on};
    sigaction(SIGALRM, &sa, 0);
    alarm(1);
    n = write(p[1], big, 200000);
    printf("short %zd\n", n);
    close(p[0]);
    close(p[1]);
    /* packets */
    pipe2(p, O_DIRECT);
    write(p[1], "hello", 5);
    write(p[1], "world!", 6);
    n = read(p[0], big, 3);
    printf("pk %zd\n", n);
    n = read(p[0], big, 100);
    printf("pk %zd\n", n);
    close(p[0]);
    close(p[1]);
    /* fifo */
    const char* name = "a-fifo";
    printf("mkfifo %d\n", mkfifo(name, 0644));
    printf("again %d %d\n", mkfifo(name, 0644), errno);
    printf("nxio %d %d\n", open(name, O_WRONLY | O_NONBLOCK), errno);
    struct stat st;
    stat(name, &st);
    printf("mode %o\n", st.st_mode);
    if (fork() == 0) {
        int w = open(name, O_WRONLY);
        write(w, "through", 7);
        close(w);
        _exit(0);
    }
    int r = open(name, O_RDONLY);
    n = read(r, big, 100);
    printf("fifo %zd %.*s\n", n, (int)n, big);
    n = read(r, big, 100);
    printf("eof %zd\n", n);
    wait(0);
    close(r);
    r = open(name, O_RDONLY | O_NONBLOCK);
    f[0].fd = r;
    f[0].events = POLLIN;
    printf("poll %d %x\n", poll(f, 1, 0), f[0].revents);
    n = read(r, big, 1);
    printf("r %zd\n", n);
    int w = open(name, O_WRONLY | O_NONBLOCK);
    n = read(r, big, 1);
    printf("r %zd %d\n", n, errno);
    close(w);
    printf("poll %d %x\n", poll(f, 1, 0), f[0].revents);
    close(r);
    r = open(name, O_RDWR);
    write(r, "x", 1);
    n = read(r, big, 9);
    printf("rdwr %zd\n", n);
    close(r);
    unlink(name);
    /* sendfile to a pipe, blocking */
    int t = open("a-file", O_RDWR | O_CREAT | O_TRUNC, 0600);
    memset(big, 'a', sizeof big);
    write(t, big, sizeof big);
    pipe(p);
    if (fork() == 0) {
        close(p[1]);
        long all = 0;
        while ((n = read(p[0], big, 7777)) > 0) all += n;
        printf("got %ld\n", all);
        _exit(0);
    }
    close(p[0]);
    off_t off = 5;
    n = sendfile(p[1], t, &off, 250000);
    printf("sendfile %zd %ld\n", n, (long)off);
    close(p[1]);
    wait(0);
    /* splice, tee, vmsplice */
    pipe(p);
    int p2[2];
    pipe(p2);
    loff_t o = 10;
    n = splice(t, &o, p[1], 0, 100, 0);
    printf("splice %zd %ld\n", n, (long)o);
    n = tee(p[0], p2[1], 50, 0);
    printf("tee %zd\n", n);
    n = splice(p[0], 0, t, 0, 1000, SPLICE_F_NONBLOCK);
    printf("out %zd\n", n);
    n = splice(p[0], 0, t, 0, 1000, SPLICE_F_NONBLOCK);
    printf("out %zd %d\n", n, errno);
    n = splice(p2[0], 0, p[1], 0, 20, 0);
    printf("pp %zd\n", n);
    struct iovec v = {"abcdef", 6};
    n = vmsplice(p[1], &v, 1, 0);
    printf("vm %zd\n", n);
    n = read(p[0], big, 100);
    printf("r %zd %.*s\n", n, (int)n, big);
    printf("bad %zd %d\n", splice(t, 0, t, 0, 1, 0), errno);
    struct stat a;
    fstat(p[0], &a);
    printf("%o %d\n", a.st_mode, (int)a.st_size);
    unlink("a-file");
    return 0;
}
