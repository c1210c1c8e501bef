// SPDX-License-Identifier: GPL-2.0-or-later
// Pseudo terminals: lines and their editing, echo, output processing, characters by number and by time, signals, window
// sizes, sessions, foreground groups, both ways to hang up. Prints every answer. No arguments.
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "show.h"

static int master, slave;
static char name[64];

// What comes within a while, with what cannot be seen written out.
static void drain(const char* what, int fd) {
    struct pollfd p = {fd, POLLIN, 0};
    char bytes[4096];
    printf("%s \"", what);
    while (poll(&p, 1, 100) > 0 && (p.revents & POLLIN) != 0) {
        long n = read(fd, bytes, sizeof bytes);
        if (n <= 0) break;
        for (long i = 0; i < n; ++i) {
            unsigned char c = (unsigned char)bytes[i];
            if (c < ' ' || c > '~') printf("\\%03o", c);
            else putchar(c);
        }
        putchar('|');
    }
    printf("\"\n");
}

// Types at the master; says what is echoed.
static void type(const char* text, size_t n) {
    printf("type ");
    for (size_t i = 0; i < n; ++i) printf(text[i] < ' ' || text[i] > '~' ? "\\%03o" : "%c", (unsigned char)text[i]);
    printf(": %ld\n", (long)write(master, text, n));
    drain("  echo", master);
}
#define TYPE(text) type(text, sizeof text - 1)

static void begin(void) {
    master = posix_openpt(O_RDWR | O_NOCTTY);
    if (grantpt(master) != 0 || unlockpt(master) != 0) perror("grantpt");
    ptsname_r(master, name, sizeof name);
    slave = open(name, O_RDWR | O_NOCTTY);
    if (slave < 0) perror("slave");
    fcntl(slave, F_SETFL, O_RDWR | O_NONBLOCK);
}

static void end(void) {
    close(slave);
    close(master);
}

static struct termios settings(void) {
    struct termios t;
    if (tcgetattr(slave, &t) != 0) perror("tcgetattr");
    return t;
}

static void change(tcflag_t* flags, struct termios* t, tcflag_t off, tcflag_t on) {
    *flags = (*flags & ~off) | on;
    SHOW(tcsetattr(slave, TCSANOW, t));
}

static void beginnings(void) {
    puts("-- beginnings");
    master = posix_openpt(O_RDWR | O_NOCTTY);
    int number = -1;
    SHOW(ptsname_r(master, name, sizeof name));
    SHOW(open(name, O_RDWR | O_NOCTTY));
    SHOW(ioctl(master, TIOCGPTN, &number) == 0 && number >= 0);
    SHOW(unlockpt(master));
    slave = open(name, O_RDWR | O_NOCTTY);
    SHOW(slave >= 0);
    SHOW(isatty(master));
    SHOW(isatty(slave));
    SHOW(strcmp(ttyname(slave), name));
    SHOW(ioctl(slave, TIOCGPTN, &number));
    SHOW(lseek(slave, 0, SEEK_SET));
    struct termios t = settings();
    printf("%o %o %o %o\n", t.c_iflag, t.c_oflag, t.c_cflag & ~(unsigned)(CBAUD | HUPCL), t.c_lflag);
    for (int i = 0; i < 17; ++i) printf("%d ", t.c_cc[i]);
    puts("");
    SHOW(tcgetattr(master, &t));
    printf("%o\n", t.c_lflag);
    POLL(master);
    POLL(slave);
    SHOW(tcgetpgrp(slave));
    SHOW(tcgetsid(slave));
    SHOW(tcgetsid(master));
    SHOW(tcgetpgrp(master));
    end();
}

static void lines(void) {
    puts("-- lines");
    begin();
    char c[8];
    TYPE("hello\n");
    SHOW(read(slave, c, 3));
    drain("  read", slave);
    TYPE("one\ntwo\nthr");
    POLL(slave);
    drain("  read", slave);
    TYPE("ee\r");
    drain("  read", slave);
    TYPE("abcd\177\177x\177y\n");
    drain("  read", slave);
    TYPE("a word and_more  \027end\n");
    drain("  read", slave);
    TYPE("gone\025kept\n");
    drain("  read", slave);
    TYPE("a\tb\177\177\177c\n");
    drain("  read", slave);
    TYPE("\001\002\177x\n");
    drain("  read", slave);
    TYPE("lit\026\003\026\177\n");
    drain("  read", slave);
    TYPE("part\022\n");
    drain("  read", slave);
    TYPE("no newline\004");
    drain("  read", slave);
    TYPE("\004");
    SHOW(read(slave, c, 8));
    SHOW(read(slave, c, 8));
    int n = -1;
    TYPE("12\n345\n6");
    SHOW(ioctl(slave, FIONREAD, &n));
    SHOW(n);
    SHOW(tcflush(slave, TCIFLUSH));
    drain("  read", slave);
    TYPE("7\n");
    drain("  read", slave);
    struct termios t = settings();
    change(&t.c_lflag, &t, ECHO, 0);
    TYPE("silent\n");
    drain("  read", slave);
    change(&t.c_lflag, &t, 0, ECHONL);
    TYPE("silent\n");
    drain("  read", slave);
    change(&t.c_lflag, &t, ECHOE | ECHOK | ECHOKE | ECHOCTL, ECHO);
    TYPE("ab\177c\001\025d\n");
    drain("  read", slave);
    change(&t.c_iflag, &t, ICRNL, INLCR);
    TYPE("x\ry\nz\n");
    change(&t.c_iflag, &t, INLCR, IGNCR | ISTRIP);
    TYPE("x\ry\341\n");
    drain("  read", slave);
    end();
}

static void output(void) {
    puts("-- output");
    begin();
    struct termios t = settings();
    SHOW(write(slave, "a\nb\tc\n", 6));
    drain("  shown", master);
    change(&t.c_oflag, &t, 0, XTABS);
    SHOW(write(slave, "a\tbcd\b\te\n", 9));
    drain("  shown", master);
    change(&t.c_oflag, &t, XTABS | ONLCR, OCRNL);
    SHOW(write(slave, "x\ry\nz", 5));
    drain("  shown", master);
    change(&t.c_oflag, &t, OCRNL, ONOCR);
    SHOW(write(slave, "\n\r\rx\r", 5));
    drain("  shown", master);
    change(&t.c_oflag, &t, OPOST, ONLCR);
    SHOW(write(slave, "a\nb", 3));
    drain("  shown", master);
    SHOW(tcdrain(slave));
    TYPE("\023");
    fcntl(slave, F_SETFL, O_RDWR | O_NONBLOCK);
    SHOW(write(slave, "held", 4));
    TYPE("\021");
    SHOW(write(slave, "held", 4));
    drain("  shown", master);
    end();
}

static long now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void characters(void) {
    puts("-- characters");
    begin();
    fcntl(slave, F_SETFL, O_RDWR);
    struct termios t = settings();
    char c[16];
    TYPE("left");
    change(&t.c_lflag, &t, ICANON | ECHO, 0);
    SHOW(read(slave, c, 16));
    t.c_cc[VMIN] = 0;
    t.c_cc[VTIME] = 0;
    SHOW(tcsetattr(slave, TCSANOW, &t));
    SHOW(read(slave, c, 16));
    t.c_cc[VTIME] = 2;
    SHOW(tcsetattr(slave, TCSANOW, &t));
    long before = now_ms();
    SHOW(read(slave, c, 16));
    long took = now_ms() - before;
    SHOW(took >= 190 && took < 1500);
    TYPE("ab");
    SHOW(read(slave, c, 16));
    t.c_cc[VMIN] = 3;
    t.c_cc[VTIME] = 1;
    SHOW(tcsetattr(slave, TCSANOW, &t));
    TYPE("ab");
    before = now_ms();
    SHOW(read(slave, c, 16));
    took = now_ms() - before;
    SHOW(took >= 60 && took < 1500);
    TYPE("abcde");
    SHOW(read(slave, c, 4));
    POLL(slave);
    t.c_cc[VTIME] = 0;
    t.c_cc[VMIN] = 2;
    SHOW(tcsetattr(slave, TCSANOW, &t));
    POLL(slave);
    TYPE("\003\004\r");
    SHOW(read(slave, c, 16));
    TYPE("pending");
    change(&t.c_lflag, &t, 0, ICANON);
    fcntl(slave, F_SETFL, O_RDWR | O_NONBLOCK);
    drain("  read", slave);
    TYPE("flushed\n");
    SHOW(tcsetattr(slave, TCSAFLUSH, &t));
    SHOW(read(slave, c, 16));
    end();
}

static volatile sig_atomic_t caught;
static void note(int number) {
    caught = number;
}

// A child that leads a session with the slave as its terminal, and says on a pipe what happens to it.
static void session(void (*body)(void)) {
    begin();
    int says[2];
    if (pipe(says) != 0) perror("pipe");
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        close(says[0]);
        dup2(says[1], 1);
        close(master);
        setsid();
        close(slave);
        SHOW(open("/dev/tty", O_RDWR));
        slave = open(name, O_RDWR);
        SHOW(tcgetpgrp(slave) == getpid());
        int tty = open("/dev/tty", O_RDWR);
        SHOW(tty >= 0 && isatty(tty));
        close(tty);
        body();
        fflush(stdout);
        _exit(7);
    }
    close(says[1]);
    close(slave);
    char bytes[65536];
    size_t n = 0;
    // Answers to what the child asks for by printing on its terminal.
    int interrupting = 0;  // again and again: the child says when it was in its read
    for (int over = 0; !over;) {
        struct pollfd p[2] = {{says[0], POLLIN, 0}, {master, POLLIN, 0}};
        if (poll(p, 2, interrupting ? 20 : -1) == 0) (void)!write(master, "\003", 1);
        if (p[1].revents != 0) {
            char wish;
            if (read(master, &wish, 1) != 1) p[1].revents = 0;
            else if (wish == 'I') (void)!write(master, "\003", 1);
            else if (wish == 'R') interrupting = 1;
            else if (wish == 'K') interrupting = 0, (void)!write(master, "k\n", 2);
            else if (wish == 'Q') (void)!write(master, "\034", 1);
            else if (wish == 'Z') (void)!write(master, "\032", 1);
            else if (wish == 'L') (void)!write(master, "line\n", 5);
            else if (wish == 'W') ioctl(master, TIOCSWINSZ, &(struct winsize){25, 80, 0, 0});
            else if (wish == 'H') close(master), master = -1;
        }
        if (p[0].revents != 0) {
            long got = read(says[0], bytes + n, sizeof bytes - n);
            if (got <= 0) over = 1;
            else n += (size_t)got;
        }
        if (p[1].revents == 0 && p[0].revents == 0) usleep(1000);
        if (master >= 0 && (p[1].revents & POLLHUP) != 0 && p[0].revents == 0) usleep(1000);
    }
    fwrite(bytes, 1, n, stdout);
    int status;
    SHOW(waitpid(child, &status, 0) == child);
    printf("status %x\n", (unsigned)status);
    if (master >= 0) {
        drain("  left", master);
        SHOW(read(master, bytes, 1));
        POLL(master);
        close(master);
    }
    close(says[0]);
}

static void wish(const char* c) {
    (void)!write(slave, c, 1);
}

static void wait_caught(const char* what) {
    for (int i = 0; i < 400 && caught == 0; ++i) usleep(5000);
    printf("%s: signal %d\n", what, (int)caught);
    caught = 0;
}

static void signals_body(void) {
    struct sigaction action = {.sa_handler = note};
    int numbers[] = {SIGINT, SIGQUIT, SIGTSTP, SIGWINCH, SIGHUP};
    for (int i = 0; i < 5; ++i) sigaction(numbers[i], &action, 0);
    struct termios t = settings();
    // NOFLSH: a signal character must not flush the next wish, which the child may write as soon as it has the signal.
    t.c_lflag = (t.c_lflag & ~(tcflag_t)ECHO) | NOFLSH;
    SHOW(tcsetattr(slave, TCSANOW, &t));
    wish("I");
    wait_caught("interrupt");
    wish("Q");
    wait_caught("quit");
    wish("Z");
    wait_caught("suspend");
    wish("W");
    wait_caught("window");
    struct winsize w = {0};
    SHOW(ioctl(slave, TIOCGWINSZ, &w));
    printf("%d x %d\n", w.ws_row, w.ws_col);
    w.ws_row = 30;
    SHOW(ioctl(slave, TIOCSWINSZ, &w));
    wait_caught("own window");
    char c[16];
    wish("R");
    SHOW(read(slave, c, 16));
    wish("K");
    // The answer comes after the last interrupt.
    while (read(slave, c, 16) < 0) {}
    wait_caught("in a read");
    wish("L");
    SHOW(read(slave, c, 16));
}

// Background processes and the foreground group.
static void groups_body(void) {
    signal(SIGTTOU, SIG_DFL);
    struct termios quiet = settings();
    quiet.c_lflag &= ~(tcflag_t)ECHO;  // how much of an echo is left at the end would be a matter of time
    SHOW(tcsetattr(slave, TCSANOW, &quiet));
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        setpgid(0, 0);
        char c[16];
        long n = read(slave, c, 16);  // stops: SIGTTIN
        printf("child read %ld\n", n);
        struct termios t = settings();
        fflush(stdout);
        tcsetattr(slave, TCSANOW, &t);  // in the foreground by now
        signal(SIGTTIN, SIG_IGN);
        fflush(stdout);
        kill(getpid(), SIGSTOP);
        SHOW(read(slave, c, 16));  // in the background, and ignores it
        SHOW(tcsetpgrp(slave, getpid()));
        fflush(stdout);
        _exit(5);
    }
    setpgid(child, child);
    int status;
    SHOW(waitpid(child, &status, WUNTRACED) == child);
    SHOW(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTTIN);
    SHOW(tcsetpgrp(slave, child));
    SHOW(tcgetpgrp(slave) == child);
    SHOW(tcsetpgrp(slave, -1));
    wish("L");
    SHOW(kill(-child, SIGCONT));
    SHOW(waitpid(child, &status, WUNTRACED) == child);
    SHOW(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    signal(SIGTTOU, SIG_IGN);
    SHOW(tcsetpgrp(slave, getpid()));
    signal(SIGTTOU, SIG_DFL);
    SHOW(kill(-child, SIGCONT));
    SHOW(waitpid(child, &status, WUNTRACED) == child);
    SHOW(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTTOU);
    SHOW(kill(-child, SIGKILL));
    SHOW(waitpid(child, &status, 0) == child);
    SHOW(tcsetpgrp(slave, 999999));
    SHOW(tcsetpgrp(slave, getppid()));
    SHOW(ioctl(slave, TIOCSCTTY, 0));
}

static void hangup_body(void) {
    struct sigaction action = {.sa_handler = note};
    sigaction(SIGHUP, &action, 0);
    wish("H");
    wait_caught("hang up");
    char c;
    SHOW(read(slave, &c, 1));
    SHOW(write(slave, &c, 1));
    SHOW(tcgetpgrp(slave));
    POLL(slave);
    SHOW(open("/dev/tty", O_RDWR));
}

// The leader ends: its foreground group is told, and the terminal has no session any more.
static void leader_body(void) {
    fflush(stdout);
    int ready[2];
    (void)!pipe(ready);
    if (fork() == 0) {
        struct sigaction action = {.sa_handler = note};
        sigaction(SIGHUP, &action, 0);
        (void)!write(ready[1], "", 1);
        wait_caught("child of the leader");
        SHOW(isatty(slave));
        SHOW(tcgetpgrp(slave));
        SHOW(open("/dev/tty", O_RDWR));
        fflush(stdout);
        _exit(0);
    }
    char c;
    (void)!read(ready[0], &c, 1);
}

int main(void) {
    beginnings();
    lines();
    output();
    characters();
    puts("-- signals");
    session(signals_body);
    puts("-- groups");
    session(groups_body);
    puts("-- hang up");
    session(hangup_body);
    puts("-- leader");
    session(leader_body);
    return 0;
}
