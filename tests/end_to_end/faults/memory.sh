# SPDX-License-Identifier: GPL-2.0-or-later
# In a machine of 64 MiB: a request beyond the total is refused; a process that uses more than is free is killed.
perl -e 'my $x = "x" x 2000000000; print length $x, "\n"' 2>&1 | grep -o 'Out of memory!'
perl -e 'my @a; for (1..100000) { push @a, "y" x 10000 } print scalar @a, "\n"'; echo "perl $?"
dd if=/dev/zero of=/dev/null bs=1G count=1 2>&1; echo "dd $?"
(ulimit -v 50000; perl -e 'my $x = "x" x 200000000; print length $x, "\n"' 2>&1 | grep -o 'Out of memory!')
redis-server --port 7000 --save '' > server.log & daemon=$!
until redis-cli -p 7000 ping 2>/dev/null | grep -q PONG; do sleep 0.02; done
redis-cli -p 7000 config set maxmemory 3mb
for i in 1 2 3 4; do head -c 1000000 /dev/zero | redis-cli -p 7000 --no-raw -x set key$i; done
redis-cli -p 7000 config set maxmemory-policy allkeys-lru
for i in 5 6; do head -c 1000000 /dev/zero | redis-cli -p 7000 --no-raw -x set key$i; done
kill $daemon; wait $daemon; echo "server $?"
