# SPDX-License-Identifier: GPL-2.0-or-later
# A session with redis-server with fixed replies; parts that depend on time, chance or process numbers are removed.
. ./server.sh
server --save '' > server.log & daemon=$!
until_ready

echo "-- commands"
cli < data_types.redis
cli < scripts.redis

echo "-- scans"
for i in $(seq 300); do echo "SET scan:$i $i"; echo "HSET hash field$i $i"; echo "SADD set member$i"; echo "ZADD zset $i member$i"; done |
    ${RUN}redis-cli -p "$port" --pipe 2>&1
${RUN}redis-cli -p "$port" --scan --pattern 'scan:1?5' | sort
all() { # COMMAND [KEY] : OPTIONS: the elements of a whole scan, each once, whatever the cursors are
    cursor=0 before=
    while [ "$1" != : ]; do before="$before $1"; shift; done
    shift
    while :; do
        ${RUN}redis-cli -p "$port" $before "$cursor" "$@" > page
        cursor=$(head -n 1 page); tail -n +2 page
        [ "$cursor" != 0 ] || break
    done | grep . | sort -u
}
all scan : match 'scan:*' count 50 | cksum
all hscan hash : count 50 | cksum
all sscan set : count 50 | cksum
all zscan zset : match '*9' | cksum
${RUN}redis-cli -p "$port" keys 'scan:*0' | sort | cksum

echo "-- dump and restore"
for key in list numbers user small names letters log everyone squares; do
    value=$(cli dump $key)
    [ $key = names ] || printf '%s\n' "$key $value" # the order of a hash table is chance
    printf '%s\n' "RESTORE $key:2 0 $value" | cli
    cli debug digest-value $key:2
done
cli restore broken 0 nonsense

echo "-- other ways in"
${RUN}redis-cli -s "$PWD/redis.sock" get big
${RUN}redis-cli -3 -p "$port" --json hgetall user
${RUN}redis-cli -3 -p "$port" --no-raw zrange letters 0 -1 withscores
${RUN}redis-cli --csv -p "$port" lrange squares 0 9
${RUN}redis-cli -p "$port" --eval /dev/stdin list , 0 1 <<'LUA'
return redis.call('LRANGE', KEYS[1], ARGV[1], ARGV[2])
LUA
printf 'raw bytes \001\377\n' | ${RUN}redis-cli -p "$port" -x set raw; cli get raw
head -c 3000000 /dev/zero | tr '\0' x | ${RUN}redis-cli -p "$port" -x set megabytes
${RUN}redis-cli -p "$port" get megabytes | cksum
${RUN}redis-cli -p "$port" -r 3 -i 0.02 incr repeated

echo "-- publish and subscribe"
${RUN}redis-cli -p "$port" --no-raw subscribe news weather > subscribed & one=$!
${RUN}redis-cli -p "$port" --no-raw psubscribe 'n*' '__keyevent@0__:*' > patterns & two=$!
until [ "$(cli pubsub numpat)" = "(integer) 2" ] && [ "$(cli pubsub numsub news weather | grep -c 'integer) 1')" = 2 ]; do sleep 0.02; done
cli publish news "first item"; cli publish weather rain; cli publish nobody hears; cli publish nothing much
cli config set notify-keyspace-events KEA; cli set noticed 1 px 30
until grep -q expired patterns; do sleep 0.02; done
cli del list:2; cli pubsub channels 'n*'
until grep -q :del patterns; do sleep 0.02; done
kill $one $two; wait $one $two 2>/dev/null
cat subscribed patterns

echo "-- who waits is woken"
${RUN}redis-cli -p "$port" --no-raw blpop queue 30 > popped & one=$!
until_info clients blocked_clients:1
${RUN}redis-cli -p "$port" --no-raw xread block 30000 streams events 0 > read & two=$!
until_info clients blocked_clients:2
cli rpush queue work more; cli xadd events 7-7 it happened
wait $one $two; sed -E 's/^\([0-9.]+s\)$/(slow)/' popped read
cli client unblock 12345; cli lrange queue 0 -1

echo "-- benchmark"
${RUN}redis-benchmark -p "$port" -q -n 400 -c 8 -P 4 -r 50 -d 20 -t set,get,incr,lpush,rpop,sadd,hset,zadd,mset,lrange_100 | tr '\r' '\n' | grep requests | sed 's/:.*//'
cli llen mylist; cli strlen key:000000000001

echo "-- snapshots and logs of commands"
cli flushdb; cli select 0; cli < data_types.redis > again; cli < scripts.redis >> again; wc -l < again
cli debug digest
cli debug reload; cli debug digest
cli save
cli bgsave; until_info persistence rdb_bgsave_in_progress:0; info persistence 'rdb_last_bgsave_status'
${RUN}redis-check-rdb dump.rdb | grep -E 'keys read|Checksum OK|RDB looks OK|expires'
cli config set appendonly yes; until_info persistence aof_rewrite_in_progress:0; info persistence 'aof_enabled|aof_last_.*_status'
for i in 1 2 3 4 5; do cli rpush logged $i; done
cli bgrewriteaof; until_info persistence aof_rewrite_in_progress:0; cli incr after
ls appendonlydir; cat appendonlydir/appendonly.aof.manifest
${RUN}redis-check-aof appendonlydir/appendonly.aof.manifest | grep -E 'is valid|All AOF'
cli debug loadaof; cli debug digest

echo "-- a replica"
(port=$REPLICA_PORT; ${RUN}redis-server --port "$port" --replicaof 127.0.0.1 "$PORT" --dbfilename replica.rdb --enable-debug-command local \
    --save '' --ignore-warnings ARM64-COW-BUG > replica.log) &
port=$REPLICA_PORT; until_info replication master_link_status:up
port=$PORT; cli set replicated yes; cli wait 1 5000
port=$REPLICA_PORT; cli get replicated; cli set refused 1; cli debug digest; info replication 'role|slave_read_only|connected_slaves'
port=$PORT; cli debug digest; info replication 'role|connected_slaves'
port=$REPLICA_PORT; cli replicaof no one; cli set accepted 1; cli shutdown nosave

echo "-- the server ends and comes back"
port=$PORT; info server 'redis_version|redis_mode|arch_bits|gcc_version|multiplexing_api|atomicvar_api|process_supervised'
info keyspace 'db[0-9]+' | sed 's/avg_ttl=.*//'
cli config set rdbcompression no; cli save; cli shutdown; wait $daemon; echo "status $?"; cli ping 2>&1 | sed "s/$PORT/PORT/"
grep -cE 'DB saved on disk' server.log
grep -oE 'Background saving terminated with success|Background AOF rewrite finished successfully|Synchronization with replica .* succeeded|Redis is now ready to exit.*' server.log | sed 's/127.0.0.1.*succ/REPLICA succ/' | sort | uniq -c
server --appendonly yes --save '' > server2.log & daemon=$!
until_ready; cli debug digest; kill -TERM $daemon; wait $daemon; echo "status $?"
rm -r appendonlydir; server --save 60 1000 --requirepass sesame > server2.log & daemon=$!
until ${RUN}redis-cli -p "$port" ping 2>/dev/null | grep -q NOAUTH; do sleep 0.02; done
cli get replicated; ${RUN}redis-cli -p "$port" -a sesame --no-auth-warning --no-raw debug digest
cli -a wrong ping 2>&1; ${RUN}redis-cli -p "$port" -a sesame --no-auth-warning shutdown nosave; wait $daemon; echo "status $?"
