#!/bin/sh
# A PostgreSQL server of its own in a temporary folder, for tests. Never asks for root; as root it runs as `postgres`.
#
#	eval "$(tests/postgres.sh start)"    sets PARLEY_TEST_POSTGRES and PARLEY_TEST_POSTGRES_FOLDER
#	tests/postgres.sh restart|down|up    what a test of a lost database needs
#	tests/postgres.sh stop               ends it and removes the folder
#	tests/postgres.sh COMMAND ARGS...    runs it beside a server that lives as long
set -eu

find_bin() {
	for bin in /usr/lib/postgresql/*/bin /usr/local/pgsql/bin; do
		[ -x "$bin/initdb" ] && { echo "$bin"; return; }
	done
	dirname "$(command -v initdb)" || { echo "postgres.sh: install postgresql" >&2; exit 1; }
}

as_server() {
	if [ "$(id -u)" = 0 ]; then
		(cd "$folder" && exec setpriv --reuid=postgres --regid=postgres --clear-groups "$@")
	else
		"$@"
	fi
}

control() {
	as_server "$bin/pg_ctl" -D "$folder/data" -l "$folder/log" -w -t 60 "$@" >&2
}

free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

start() {
	folder=$(mktemp -d "${TMPDIR:-/tmp}/parley-postgres-XXXXXX")
	[ "$(id -u)" != 0 ] || chown postgres "$folder"
	port=$(free_port)
	as_server "$bin/initdb" -D "$folder/data" -U parley -A trust -E UTF8 --locale=C.UTF-8 --no-instructions >&2
	# fsync stays on: the tests of durability mean it. Small buffers: several may run on one machine.
	cat >>"$folder/data/postgresql.conf" <<-END
		listen_addresses = '127.0.0.1'
		port = $port
		unix_socket_directories = '$folder'
		max_connections = 200
		shared_buffers = 64MB
		fsync = on
	END
	control start
	echo "export PARLEY_TEST_POSTGRES='postgresql://parley@127.0.0.1:$port/postgres'"
	echo "export PARLEY_TEST_POSTGRES_FOLDER='$folder'"
}

stop() {
	case "$folder" in */parley-postgres-*) ;; *) echo "postgres.sh: nothing to stop" >&2; exit 1 ;; esac
	control stop -m immediate || true
	rm -rf "$folder"
}

run_beside() {
	eval "$(start)"
	folder=$PARLEY_TEST_POSTGRES_FOLDER
	trap stop EXIT INT TERM
	"$@"
}

bin=$(find_bin)
folder=${PARLEY_TEST_POSTGRES_FOLDER:-}
case "${1:-}" in
	start) start ;;
	stop) stop ;;
	restart) control restart -m fast ;;
	down) control stop -m fast ;;
	up) control start ;;
	'' | -*) sed -n 's/^#\t//p' "$0" >&2; exit 2 ;;
	*) run_beside "$@" ;;
esac
