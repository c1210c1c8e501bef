# SPDX-License-Identifier: GPL-2.0-or-later
# Every call that makes a descriptor when there is none left, and programs that meet it.
ulimit -n 64
perl -MSocket -MIO::Socket::INET -e '$| = 1; my @f;
    my $listener = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1:0"); my $client = IO::Socket::INET->new("127.0.0.1:" . $listener->sockport);
    while (open my $f, "<", "/dev/null") { push @f, $f } print fileno($f[-1]), " is the last: $!\n"; 
    pipe(A, B) or print "pipe: $!\n"; socket(S, AF_INET, SOCK_STREAM, 0) or print "socket: $!\n"; opendir(D, "/") or print "opendir: $!\n";
    socketpair(A, B, AF_UNIX, SOCK_STREAM, 0) or print "socketpair: $!\n"; open(my $g, ">&", STDOUT) or print "dup: $!\n";
    defined $listener->accept or print "accept: $!\n"; pop @f; pipe(A, B) or print "pipe with one left: $!\n"; my $a = $listener->accept or print "accept: $!\n";
    print $client "still there\n"; $client->flush; print scalar <$a>; my $p = fork; exit 7 if !$p; waitpid $p, 0; print $? >> 8, "\n"'
ulimit -n 5; perl -e 'for (1..4) { open my $f, "<", "/dev/null" or print "$!\n"; push @f, $f }'
(ulimit -n 3; exec cat script.sh) > /dev/null 2> said; echo "cat $?"; grep -o 'cannot open shared object file: Error 24' said
