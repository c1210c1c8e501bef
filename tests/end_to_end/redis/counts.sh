# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the commands of standard input; the server's own count of them goes to the file "processed".
. ./server.sh
server --save '' > server.log & daemon=$!
until_ready
cli
${RUN}redis-cli -p "$port" info stats | tr -d '\r' | sed -n 's/^total_commands_processed://p' > processed
kill -KILL $daemon
