# SPDX-License-Identifier: GPL-2.0-or-later
# A full pipe: the writer waits or has EAGAIN; without a reader it ends by SIGPIPE or has EPIPE.
cat > p.pl <<'P'
use Fcntl; use POSIX; $| = 1;
pipe(my $r, my $w); my $n = 0;
fcntl($w, F_SETFL, fcntl($w, F_GETFL, 0) | O_NONBLOCK);
while (my $k = syswrite($w, "x" x 4096)) { $n += $k } print "$n bytes, then $!\n";
sysread($r, my $b, 100); print defined syswrite($w, "y" x 4096) ? "room\n" : "none: $!\n";
sysread($r, $b, 4096); my $k = syswrite($w, "y" x 10000); print defined $k ? "part $k\n" : "none: $!\n";
sysread($r, $b, 4096); $k = syswrite($w, "y" x 10000); print defined $k ? "part $k\n" : "none: $!\n";
# a writer that blocks
pipe($r, $w); my $pid = fork;
if (!$pid) { close $r; my $t = 0; for (1..10) { $t += syswrite($w, "z" x 100000) } print "wrote $t\n"; exit 0 }
close $w; select undef, undef, undef, 0.1; my $s = do { open my $f, "<", "/proc/$pid/stat"; (split / /, <$f>)[2] }; print "writer is $s\n";
my $t = 0; while (my $k = sysread($r, $b, 30000)) { $t += $k } waitpid $pid, 0; print "read $t, $?\n";
# the reader goes while the writer waits
pipe($r, $w); $pid = fork;
if (!$pid) { close $r; syswrite($w, "z" x 1000000); print "not reached\n"; exit 0 }
close $w; sysread($r, $b, 10); close $r; waitpid $pid, 0; print "signal ", $? & 127, "\n";
pipe($r, $w); $pid = fork;
if (!$pid) { $SIG{PIPE} = "IGNORE"; close $r; my $k = syswrite($w, "z" x 1000000); print defined $k ? "part $k\n" : "none $!\n"; $k = syswrite($w, "z"); print defined $k ? "part $k\n" : "none: $!\n"; exit 0 }
close $w; select undef, undef, undef, 0.05; sysread($r, $b, 10); close $r; waitpid $pid, 0; print "status $?\n";
# interrupted in the middle
pipe($r, $w); 
sigaction(SIGALRM, POSIX::SigAction->new(sub { print "alarm\n" })); 
use Time::HiRes qw(ualarm); ualarm(50000); $k = syswrite($w, "q" x 100000); print defined $k ? "part $k\n" : "none: $!\n";
ualarm(50000); $k = syswrite($w, "q" x 100000); print defined $k ? "part $k\n" : "none: $!\n";
P
perl p.pl
yes | head -n 1; (yes; echo "yes $?" >&2) | head -n 1 
(trap '' PIPE; yes 2>&1 >&3; echo "yes $?" >&2) 3>&1 | head -n 1
(trap '' PIPE; seq 100000; echo "seq $?" >&2) | head -n 1
