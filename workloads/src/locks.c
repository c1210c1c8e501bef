// SPDX-License-Identifier: GPL-2.0-or-later
// Locks on files: conflicts between processes and between descriptions, waits, a deadlock, releases.
// Usage: locks. It makes and removes a file in its working folder.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>
static struct flock fl(int type, long s, long l) {
    struct flock f;
    memset(&f, 0, sizeof f);
    f.l_type = type;
    f.l_start = s;
    f.l_len = l;
    return f;
}
int main(void) {
    setvbuf(stdout, 0, _IONBF, 0);
    int fd = open("a-lock", O_RDWR | O_CREAT, 0600);
    int p[2], q[2];
    pipe(p);
    pipe(q);
    char b;
    struct flock f = fl(F_WRLCK, 10, 20);
    printf("%d\n", fcntl(fd, F_SETLK, &f));
    pid_t me = getpid();
    if (fork() == 0) {
        f = fl(F_WRLCK, 0, 0);
        int r = fcntl(fd, F_GETLK, &f);
        printf("get %d %d %ld %ld %d\n", r, f.l_type, (long)f.l_start, (long)f.l_len, f.l_pid == me);
        f = fl(F_RDLCK, 15, 1);
        r = fcntl(fd, F_SETLK, &f);
        printf("%d %d\n", r, errno);
        f = fl(F_RDLCK, 0, 10);
        printf("%d\n", fcntl(fd, F_SETLK, &f));
        write(p[1], "a", 1);
        f = fl(F_WRLCK, 12, 1);
        r = fcntl(fd, F_SETLKW, &f);
        printf("waited %d\n", r);
        write(p[1], "b", 1);
        read(q[0], &b, 1);
        _exit(0);
    }
    read(p[0], &b, 1);
    usleep(100000);
    f = fl(F_UNLCK, 11, 3);
    int r = fcntl(fd, F_SETLK, &f);
    read(p[0], &b, 1); /* from here on the child is silent: it has told that it waited */
    printf("un %d\n", r);
    f = fl(F_WRLCK, 12, 1);
    r = fcntl(fd, F_SETLK, &f);
    printf("%d %d\n", r, errno);
    f = fl(F_WRLCK, 0, 0);
    r = fcntl(fd, F_GETLK, &f);
    printf("%d %ld %ld\n", f.l_type, (long)f.l_start, (long)f.l_len);
    int d = dup(fd);
    (void)d;
    int o = open("a-lock", O_RDWR);
    if (fork() == 0) {
        f = fl(F_WRLCK, 20, 1);
        r = fcntl(fd, F_SETLK, &f);
        printf("held %d %d\n", r, errno);
        _exit(0);
    }
    int st;
    write(q[1], "x", 1);
    wait(&st);
    wait(&st);
    close(o);
    if (fork() == 0) {
        f = fl(F_WRLCK, 0, 0);
        r = fcntl(fd, F_SETLK, &f);
        printf("free %d\n", r);
        _exit(0);
    }
    wait(0);
    /* deadlock */ f = fl(F_WRLCK, 0, 1);
    fcntl(fd, F_SETLK, &f);
    if (fork() == 0) {
        f = fl(F_WRLCK, 1, 1);
        fcntl(fd, F_SETLK, &f);
        write(p[1], "a", 1);
        f = fl(F_WRLCK, 0, 1);
        r = fcntl(fd, F_SETLKW, &f);
        printf("child %d\n", r);
        _exit(0);
    }
    read(p[0], &b, 1);
    usleep(100000);
    f = fl(F_WRLCK, 1, 1);
    r = fcntl(fd, F_SETLKW, &f);
    printf("dead %d %d\n", r, errno);
    f = fl(F_UNLCK, 0, 0);
    fcntl(fd, F_SETLK, &f);
    wait(0);
    /* flock */ int a = open("a-lock", O_RDWR), c = open("a-lock", O_RDWR);
    printf("fl %d\n", flock(a, LOCK_EX));
    r = flock(c, LOCK_SH | LOCK_NB);
    printf("%d %d\n", r, errno);
    flock(a, LOCK_SH);
    printf("%d\n", flock(c, LOCK_SH | LOCK_NB));
    r = flock(c, LOCK_EX | LOCK_NB);
    printf("%d %d\n", r, errno);
    int a2 = dup(a);
    close(a);
    printf("%d\n", flock(c, LOCK_EX | LOCK_NB));
    close(a2);
    printf("%d\n", flock(c, LOCK_EX | LOCK_NB));
    if (fork() == 0) {
        int z = open("a-lock", O_RDONLY);
        r = flock(z, LOCK_EX);
        printf("got %d\n", r);
        _exit(0);
    }
    usleep(3000);
    printf("release\n");
    flock(c, LOCK_UN);
    wait(0);
    printf("%d %d\n", flock(c, 77), errno);
    /* ofd */ a = open("a-lock", O_RDWR);
    c = open("a-lock", O_RDWR);
    f = fl(F_WRLCK, 0, 5);
    printf("ofd %d\n", fcntl(a, F_OFD_SETLK, &f));
    r = fcntl(c, F_OFD_SETLK, &f);
    printf("%d %d\n", r, errno);
    f = fl(F_WRLCK, 0, 5);
    r = fcntl(c, F_OFD_GETLK, &f);
    printf("%d %d\n", f.l_type, f.l_pid);
    f = fl(F_WRLCK, 0, 5);
    r = fcntl(fd, F_SETLK, &f);
    printf("%d %d\n", r, errno);
    close(a);
    f = fl(F_WRLCK, 0, 5);
    printf("%d\n", fcntl(c, F_OFD_SETLK, &f));
    f.l_pid = 3;
    r = fcntl(c, F_OFD_SETLK, &f);
    printf("%d %d\n", r, errno);
    f = fl(F_WRLCK, -1, 5);
    r = fcntl(c, F_SETLK, &f);
    printf("%d %d\n", r, errno);
    f = fl(7, 0, 5);
    r = fcntl(c, F_SETLK, &f);
    printf("%d %d\n", r, errno);
    a = open("a-lock", O_RDONLY);
    f = fl(F_WRLCK, 0, 5);
    r = fcntl(a, F_SETLK, &f);
    printf("%d %d\n", r, errno);
    unlink("a-lock");
    return 0;
}
