# SPDX-License-Identifier: GPL-2.0-or-later
# /dev/full, and the limit of a file's size: SIGXFSZ, or EFBIG where that is ignored.
quiet() { "$@" 2>&1 | grep -v copied; }
sh -c 'echo x > /dev/full' 2> /dev/null; echo "sh $?"
quiet dd if=/dev/zero of=/dev/full bs=4k count=1
perl -e 'open F, ">", "/dev/full"; print F "x" x 100000; close F or print "close: $!\n"'
head -c 100 /dev/full | od -c | head -n 1
ulimit -f 8
dd if=/dev/zero of=limited bs=1k count=20 2> /dev/null; echo "dd $?"; wc -c limited; rm limited
trap '' XFSZ
quiet dd if=/dev/zero of=limited bs=1k count=20; wc -c limited
perl -e 'open F, "+<", "limited"; for my $at (4095, 4096, 0) { sysseek F, $at, 0; my $n = syswrite F, "y" x 3000; print defined $n ? "$n\n" : "$!\n" }
    truncate(F, 4096) or print "$!\n"; truncate(F, 4097) or print "$!\n"; truncate(F, 100) or print "$!\n"; close F; open F, ">>", "limited"; for (1..3) { my $n = syswrite F, "z" x 2000; print defined $n ? "$n\n" : "$!\n" }'
head -c 10000 /dev/zero > other; echo "head $?"; wc -c other
