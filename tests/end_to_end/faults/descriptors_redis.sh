# SPDX-License-Identifier: GPL-2.0-or-later
# redis-server as a user who may not raise the limit.
ulimit -n 60
redis-server --port 7000 --save '' > server.log & daemon=$!
until redis-cli -p 7000 ping 2>/dev/null | grep -q PONG; do sleep 0.02; done
grep -oE "You requested maxclients.*|Server can't set maximum.*|Current maximum open files.*" server.log
perl -MIO::Socket::INET -e 'for (1..60) { my $s = IO::Socket::INET->new("127.0.0.1:7000") or print("$_: $!\n"), last; push @s, $s; print $s "PING\r\n"; $s->flush; my $r = <$s>; print "$_: $r" if $r !~ /PONG/; $n++ } print "$n\n"' | sort | uniq -c | sort -k 3 | tail -n 3
redis-cli -p 7000 ping; kill $daemon; wait $daemon; echo "server $?"
