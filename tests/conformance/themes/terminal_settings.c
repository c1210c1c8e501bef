// SPDX-License-Identifier: GPL-2.0-or-later
// The settings of a pseudo terminal in their three forms, their locks, and small requests.
#include <asm/termbits.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "behaviour.h"
#include "steps.h"

#define RARE "qemu-aarch64 knows few requests of terminals"

struct old_termio {  // struct termio, which <asm/termios.h> has beside other things
    unsigned short input, output, control, local;
    unsigned char line, characters[8];
};

static int master, slave;
static void open_pair(void) {
    int unlocked = 0, number;
    char name[32];
    master = (int)NEED(open("/dev/ptmx", O_RDWR | O_NOCTTY));
    NEED(ioctl(master, TIOCSPTLCK, &unlocked));
    NEED(ioctl(master, TIOCGPTN, &number));
    snprintf(name, sizeof name, "/dev/pts/%d", number);
    slave = (int)NEED(open(name, O_RDWR | O_NOCTTY));
}

NATIVE(termios2_has_the_speeds, RARE) {
    open_pair();
    struct termios2 settings;
    SHOW(ioctl(slave, TCGETS2, &settings));
    printf("%o %u %u\n", settings.c_cflag & CBAUD, settings.c_ispeed, settings.c_ospeed);
    settings.c_cflag = (settings.c_cflag & ~CBAUD) | BOTHER;
    settings.c_ispeed = settings.c_ospeed = 12345;
    SHOW(ioctl(slave, TCSETS2, &settings));
    SHOW(ioctl(slave, TCGETS2, &settings));
    printf("%u\n", settings.c_ospeed);
    settings.c_cflag = (settings.c_cflag & ~CBAUD) | B115200;
    SHOW(ioctl(slave, TCSETSF2, &settings));
    SHOW(ioctl(slave, TCGETS2, &settings));
    printf("%u\n", settings.c_ospeed);
    struct termios plain;
    SHOW(ioctl(slave, TCGETS, &plain));
    plain.c_cflag = (plain.c_cflag & ~CBAUD) | B9600;
    SHOW(ioctl(slave, TCSETSW, &plain));
    SHOW(ioctl(slave, TCGETS2, &settings));
    printf("%u\n", settings.c_ospeed);
    SHOW(ioctl(slave, TCGETS2, (void*)16));
    SHOW(ioctl(slave, TCSETS2, (void*)16));
}

NATIVE(termio_is_the_low_half, RARE) {
    open_pair();
    struct old_termio old;
    SHOW(ioctl(slave, 0x5405, &old));  // TCGETA
    printf("%o %o %o %o, %d %d\n", old.input, old.output, old.control, old.local, old.characters[0],
           old.characters[4]);
    old.local &= (unsigned short)~ECHO;
    old.characters[0] = 7;
    SHOW(ioctl(slave, 0x5406, &old));  // TCSETA
    struct termios settings;
    SHOW(ioctl(slave, TCGETS, &settings));
    printf("%o %d %d\n", settings.c_lflag, settings.c_cc[0], settings.c_cc[10]);
    SHOW(ioctl(slave, 0x5407, &old));  // TCSETAW
    SHOW(ioctl(slave, 0x5408, &old));  // TCSETAF
}

NATIVE(locked_settings_stay, RARE) {
    open_pair();
    struct termios locked, settings;
    SHOW(ioctl(slave, TIOCGLCKTRMIOS, &locked));
    printf("%o %o %d\n", locked.c_iflag, locked.c_lflag, locked.c_cc[0]);
    locked.c_lflag = ECHO;
    locked.c_cc[0] = 1;
    SHOW(ioctl(slave, TIOCSLCKTRMIOS, &locked));
    SHOW(ioctl(slave, TCGETS, &settings));
    settings.c_lflag &= ~(ECHO | ISIG);
    settings.c_cc[0] = settings.c_cc[1] = 9;
    SHOW(ioctl(slave, TCSETS, &settings));
    SHOW(ioctl(slave, TCGETS, &settings));
    printf("%o %d %d\n", settings.c_lflag & (ECHO | ISIG), settings.c_cc[0], settings.c_cc[1]);
}

static void opens_slave(void) {
    char name[32];
    snprintf(name, sizeof name, "/proc/self/fd/%d", slave);
    SHOW(open(name, O_RDWR | O_NOCTTY) < 0);
    SHOW(errno);
}
NATIVE(an_exclusive_terminal_is_opened_by_the_superuser_alone, RARE) {
    open_pair();
    int on = 5;
    NEED(fchmod(slave, 0666));
    SHOW(ioctl(slave, TIOCEXCL));
    SHOW(ioctl(slave, TIOCGEXCL, &on));
    SHOW(on);
    AS_USER(opens_slave);
    SHOW(ioctl(slave, TIOCNXCL));
    SHOW(ioctl(slave, TIOCGEXCL, &on));
    SHOW(on);
}

NATIVE(small_requests_of_terminals, RARE) {
    open_pair();
    int discipline = 0;
    SHOW(ioctl(slave, TIOCSETD, &discipline));
    discipline = 99;
    SHOW(ioctl(slave, TIOCSETD, &discipline));
    SHOW(ioctl(slave, TCSBRKP, 0));
    SHOW(ioctl(slave, TIOCSBRK));
    SHOW(ioctl(slave, TIOCCBRK));
    SHOW(ioctl(slave, 0x40045436, SIGINT));  // TIOCSIG, the master's
    SHOW(ioctl(master, 0x40045436, SIGUSR1));
    SHOW(ioctl(master, 0x40045436, SIGINT));
}

NATIVE(a_master_writes_while_no_slave_is_open, RARE) {
    char text[20], name[32];
    int number;
    open_pair();
    NEED(ioctl(master, TIOCGPTN, &number));
    snprintf(name, sizeof name, "/dev/pts/%d", number);
    close(slave);
    SHOW(write(master, "kept\n", 5));
    slave = (int)NEED(open(name, O_RDWR | O_NOCTTY | O_NONBLOCK));
    SHOW(read(slave, text, sizeof text));
    printf("%.4s\n", text);
}

NATIVE(packet_mode_tells_the_master, RARE) {
    char text[20];
    int on = 1, is = 0;
    open_pair();
    SHOW(ioctl(slave, TIOCPKT, &on));
    SHOW(ioctl(master, TIOCPKT, &on));
    SHOW(ioctl(master, TIOCGPKT, &is));
    SHOW(is);
    SHOW(write(slave, "ab", 2));
    SHOW(read(master, text, sizeof text));
    printf("%d %.2s\n", text[0], text + 1);
    SHOW(ioctl(slave, TCFLSH, 0));
    SHOW(read(master, text, sizeof text));
    SHOW(text[0]);
    on = 0;
    SHOW(ioctl(master, TIOCPKT, &on));
    SHOW(write(slave, "cd", 2));
    SHOW(read(master, text, sizeof text));
}

NATIVE(a_terminal_may_have_no_discipline, RARE) {
    int null = 27, other = 5, is = 0;
    char text[20];
    struct termios settings;
    open_pair();
    SHOW(ioctl(slave, TIOCSETD, &other));
    SHOW(ioctl(slave, TIOCSETD, &null));
    SHOW(ioctl(slave, TIOCGETD, &is));
    SHOW(is);
    SHOW(write(slave, "x", 1));
    SHOW(read(slave, text, 1));
    SHOW(ioctl(slave, TCGETS, &settings));
    null = 0;
    SHOW(ioctl(slave, TIOCSETD, &null));
    SHOW(write(slave, "x", 1));
}

static void lose_terminal(void) {
    char name[32], byte;
    int number;
    count_signal(SIGHUP, 0);
    NEED(setsid());
    NEED(ioctl(master, TIOCGPTN, &number));
    snprintf(name, sizeof name, "/dev/pts/%d", number);
    const int own = (int)NEED(open(name, O_RDWR));
    SHOW(syscall(SYS_vhangup));
    SHOW(signals_taken);
    SHOW(read(own, &byte, 1));
    SHOW(write(own, "x", 1));
    SHOW(open("/dev/tty", O_RDWR));
}
NATIVE(vhangup_takes_the_terminal_away, RARE) {
    char byte;
    open_pair();
    close(slave);
    IN_CHILD(lose_terminal);
    SHOW(read(master, &byte, 1));
}

static void read_until_closed(void) {
    char byte;
    close(master);
    SHOW(read(slave, &byte, 1));
    SHOW(read(slave, &byte, 1));
}
NATIVE(a_read_ends_with_an_error_when_the_master_closes, RARE) {
    open_pair();
    const pid_t child = child_of(read_until_closed);
    close(slave);
    until_asleep(child);
    close(master);
    show_end("read_until_closed", child);
}

NATIVE(a_terminal_is_hung_up_by_request, RARE) {
    char byte;
    open_pair();
    SHOW(ioctl(slave, TIOCVHANGUP));
    SHOW(read(slave, &byte, 1));
    SHOW(write(slave, "x", 1));
}
