# SPDX-License-Identifier: GPL-2.0-or-later
# What redis-server makes of a disk of 1 MiB that is full: snapshots fail and writes are refused, until there is room.
cli() { redis-cli -p 7000 --no-raw "$@"; }
ready() { until redis-cli -p 7000 ping 2>/dev/null | grep -q PONG; do sleep 0.02; done; }
redis-server --port 7000 --save 3600 1 > server.log & daemon=$!
ready
head -c 900000 /dev/urandom | cli -x set big; head -c 900000 /dev/urandom | cli -x set big2
cli save; cli config set save '3600 1'; cli bgsave
until redis-cli -p 7000 info persistence | tr -d '\r' | grep -qx rdb_last_bgsave_status:err; do sleep 0.02; done
cli set x 1 | cut -d. -f1; cli strlen big
cli config set stop-writes-on-bgsave-error no; cli del big2; cli save; cli set x 1
grep -oE '(Write error|Error moving|Background saving error|Write error while saving).*' server.log | sed 's/[(].*[)]//' | sort -u
cli shutdown nosave; wait $daemon; echo "status $?"; rm dump.rdb
redis-server --port 7000 --save '' --appendonly yes > server.log & daemon=$!
ready
for i in 1 2 3; do head -c 500000 /dev/urandom | cli -x set key$i; done; sleep 1.2
cli set x 1; cli get x; cli config set appendonly no; cli set x 1
kill -TERM $daemon; wait $daemon; echo "status $?"
redis-server --port 7000 --save '' --appendonly yes --appenddirname always --appendfsync always > server.log & daemon=$!
ready
for i in 1 2 3; do head -c 500000 /dev/urandom | cli -x set key$i 2>&1; done
wait $daemon; echo "status $?"; grep -oE "Can't recover from AOF write error.*|Error writing to the AOF file.*|Short write.*" server.log | sed 's/[(].*[)]//'
