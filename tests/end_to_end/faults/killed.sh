# SPDX-License-Identifier: GPL-2.0-or-later
# Clients of a redis-server are killed in the middle of what they do, then the server.
cli() { redis-cli -p 7000 --no-raw "$@"; }
until_info() { until redis-cli -p 7000 info clients | tr -d '\r' | grep -qx "$1"; do sleep 0.02; done; }
redis-server --port 7000 --save '' --loglevel verbose > server.log & daemon=$!
until redis-cli -p 7000 ping 2>/dev/null | grep -q PONG; do sleep 0.02; done
echo "-- in a blocking command"
redis-cli -p 7000 blpop queue 0 > /dev/null & client=$!
until_info blocked_clients:1; kill -KILL $client; wait $client; echo "client $?"; until_info blocked_clients:0
cli rpush queue x; cli llen queue
echo "-- in half a request"
perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new("127.0.0.1:7000"); print $s "*3\r\n\$3\r\nSET\r\n\$3\r\nbig\r\n\$1000000\r\n", "x" x 500000; $s->flush; kill KILL => $$'
echo "client $?"; cli exists big
echo "-- with answers unread"
perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new("127.0.0.1:7000"); print $s "PING\r\n" x 1000; $s->flush; select undef, undef, undef, 0.1; kill KILL => $$'
echo "client $?"; until grep -o 'Connection reset by peer' server.log; do sleep 0.02; done
redis-benchmark -p 7000 -q -n 1000000 -c 20 -t set -d 10000 > /dev/null & client=$!
sleep 0.1; kill -KILL $client; wait $client; echo "client $?"
cli ping; until_info connected_clients:1; echo "all gone"
echo "-- the server"; mkfifo fifo
redis-cli -p 7000 blpop nothing 0 > blocked 2>&1 & client=$!
until_info blocked_clients:1
(redis-benchmark -p 7000 -q -n 1000000 -c 5 -t get > benchmark 2>&1; echo "benchmark $?" >> benchmark) & other=$!
(echo ping; cat fifo) | redis-cli -p 7000 > later 2>&1 & third=$!
perl -MIO::Socket::INET -e '$SIG{PIPE} = sub { print "broken pipe\n" }; $s = IO::Socket::INET->new("127.0.0.1:7000"); print $s "PING\r\n"; $s->flush; print scalar <$s>;
    open F, ">", "ready"; close F; until (-e "dead") { select undef, undef, undef, 0.02 }
    defined sysread($s, $b, 10) or print "read: $!\n"; print "end\n"; for (1, 2) { defined syswrite($s, "PING\r\n") or print "write: $!\n"; select undef, undef, undef, 0.05 }' > seen & fourth=$!
perl -MIO::Socket::INET -e '$SIG{PIPE} = "IGNORE"; $s = IO::Socket::INET->new("127.0.0.1:7000"); until (-e "stopped") { select undef, undef, undef, 0.02 }
    print $s "PING\r\n"; $s->flush; open F, ">", "sent"; close F; for (1, 2) { my $n = sysread($s, $b, 10); print defined $n ? "read $n\n" : "read: $!\n" }
    defined syswrite($s, "PING\r\n") or print "write: $!\n"' > reset & fifth=$!
until [ -e ready ] && grep -q PONG later; do sleep 0.02; done
# What a stopped server has not read makes its end a reset.
kill -STOP $daemon; : > stopped; until [ -e sent ]; do sleep 0.02; done; sleep 0.1
kill -KILL $daemon; wait $daemon; echo "server $?"; : > dead
wait $client; echo "client $?"; cat blocked; wait $other; tr '\r' '\n' < benchmark | grep -v '^GET' | grep '[a-z]'
wait $fourth; cat seen; wait $fifth; cat reset
echo ping > fifo; wait $third; cat later
redis-cli -p 7000 ping; echo "client $?"
