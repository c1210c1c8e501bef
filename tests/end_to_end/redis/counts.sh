# SPDX-License-Identifier: GPL-2.0-or-later
# The commands on standard input, answered by a server whose own count of them is left in the file "processed".
. ./server.sh
server --save '' > server.log & daemon=$!
until_ready
cli
${RUN}redis-cli -p "$port" info stats | tr -d '\r' | sed -n 's/^total_commands_processed://p' > processed
kill -KILL $daemon
