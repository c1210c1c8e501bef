// SPDX-License-Identifier: GPL-2.0-or-later
// The settings of a pseudo terminal in their three forms, their locks, and small requests.
#include <asm/termbits.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
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
