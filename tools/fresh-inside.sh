#!/bin/sh
# The half of tools/fresh.sh that runs inside the fresh machine.
set -eu
cd /root/gatehouse

fail() {
	echo "FRESH: $*" >&2
	exit 1
}

# nothing_left: no file and no process of ours, no service, no cluster.
nothing_left() {
	left=$(ls -d /tmp/gatehouse-* /tmp/.gatehouse-* 2>/dev/null || true)
	[ -z "$left" ] || fail "after $1 files were left: $left"
	for process in /proc/[0-9]*; do
		case $(tr '\0' ' ' 2>/dev/null <"$process/cmdline") in
		*postgres* | *redis-server* | *gatehouse/bin* | bin/*) fail "after $1 a process was left: $(tr '\0' ' ' <"$process/cmdline")" ;;
		esac
	done
	clusters=$(ls -d /etc/postgresql/*/* /var/lib/postgresql/*/* 2>/dev/null || true)
	[ -z "$clusters" ] || fail "apt made a database cluster: $clusters"
	kept=$(ls -d /usr/sbin/policy-rc.d /usr/sbin/policy-rc.d.* /etc/postgresql-common/*gatehouse* 2>/dev/null || true)
	[ -z "$kept" ] || fail "the installation left $kept"
}

echo "FRESH: ./task run" >&2
./task run >/root/run.out 2>/root/run.err </dev/null &
run=$!
# A first build of everything, then drivers that come and go.
seconds=0
until [ "$(grep -c '^IN ' /root/run.out)" -ge 3 ] && grep -q '^OUT ' /root/run.out; do
	kill -0 $run 2>/dev/null || { tail -30 /root/run.err >&2; fail "./task run ended by itself"; }
	[ $seconds -lt 2400 ] || { tail -30 /root/run.err >&2; fail "./task run let nobody in or out"; }
	sleep 1
	seconds=$((seconds + 1))
done
cat /root/run.out
kill -TERM $run
wait $run && status=0 || status=$?
case $status in
0 | 143) ;;
*) fail "./task run ended with $status on SIGTERM" ;;
esac
nothing_left run

echo "FRESH: ./task test" >&2
./task test </dev/null || fail "./task test ended with $?"
nothing_left test
echo "FRESH: both commands did everything and left nothing" >&2
