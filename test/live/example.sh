#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# examples/netstat.c, built against the installed library alone: local ---> peer STATE user.
. "$(dirname "$0")/lib.sh"
need_command cc meson pkg-config
in_netns "$@"

root=$tmp/root
if ! meson install --no-rebuild -C "$ESTAB_BUILDDIR" --destdir "$root" >"$tmp/install.log" 2>&1; then
	fail install "$(tail -n 5 "$tmp/install.log")"
	exit
fi
pc=$(find "$root" -name estab.pc)
lib=$(find "$root" -name libestab.so)
export PKG_CONFIG_PATH=${pc%/*} PKG_CONFIG_SYSROOT_DIR=$root LD_LIBRARY_PATH=${lib%/*}
read -ra flags <<<"$(pkg-config --cflags --libs estab)"
check "compiles" cc -std=c99 -Wall -Wextra -Werror -o "$tmp/netstat" \
	"$ESTAB_SRCDIR/examples/netstat.c" "${flags[@]}"
check "under thirty lines" test "$(wc -l <"$ESTAB_SRCDIR/examples/netstat.c")" -lt 30

# ---- a saved file: a listener's state is LISTEN, uids stay numbers ----

mkdir -p "$tmp/saved/net"
cat >"$tmp/saved/net/tcp" <<'END'
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0277 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 10292 1
   1: 85D5E5CB:B44C 266E2ECF:0747 01 00000000:00000000 00:00000000 00000000  1001        0 61497 1
   2: 0100007F:B800 0100007F:0277 0B 00000000:00000000 00:00000000 00000000   105        0 61498 1
   3: 0100007F:B801 0100007F:0277 06 00000000:00000000 03:00000176 00000000     0        0 0 3
END
is "saved" "$("$tmp/netstat" "$tmp/saved")" "127.0.0.1:631 ---> 0.0.0.0:0 LISTEN 0
203.229.213.133:46156 ---> 207.46.110.38:1863 ESTABLISHED 1001
127.0.0.1:47104 ---> 127.0.0.1:631 CLOSING 105
127.0.0.1:47105 ---> 127.0.0.1:631 TIME-WAIT -"
"$tmp/netstat" /nope
is "nothing to read is a failure" $? 1

# ---- live: every row has its user, not only the first ----

start_mksock tcp-listen:port=2001,count=3 tcp-listen:port=2004,family=inet6
is "live" "$("$tmp/netstat" | sort)" "127.0.0.1:2001 ---> 0.0.0.0:0 LISTEN $(id -un)
127.0.0.1:2002 ---> 0.0.0.0:0 LISTEN $(id -un)
127.0.0.1:2003 ---> 0.0.0.0:0 LISTEN $(id -un)
[::1]:2004 ---> [::]:0 LISTEN $(id -un)"

if [[ -n ${ESTAB_IN_USERNS-} ]]; then
	skip "users" "needs root, for a second user"
else
	start_mksock tcp-user:port=2005,count=2,uid=65534 tcp-established:port=2010 \
		tcp-time-wait:port=2020
	is "users" "$("$tmp/netstat" | grep -E '200[1-6] ' | awk '{ print $NF }' | sort | uniq -c |
		xargs)" "2 $(id -un 65534) 4 root"
	is "both ends" "$("$tmp/netstat" | grep 2010 | grep -c ' ESTABLISHED root$')" 2
	is "time-wait has no user" "$("$tmp/netstat" | grep -c '2020.* TIME-WAIT -$')" 1
fi
