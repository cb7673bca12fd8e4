#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# In which unit, container and pod an owner runs, what that is called, and in which cgroup a socket was
# made: with cgroups made here, and files such as the runtimes keep.
. "$(dirname "$0")/lib.sh"
need_command jq setpriv
need_root
in_pidns "$@"

id=$(printf 'docker %s' "$$" | sha256sum | cut -d' ' -f1)
pod_id=$(printf 'kubernetes %s' "$$" | sha256sum | cut -d' ' -f1)
uid=0f3d5e1a-7c2b-4a6e-9d1f-3b5c7e9a1d2f
mount_point=$(awk '{ for (i = 1; i < NF; i++) if ($i == "-" && $(i + 1) == "cgroup2") { print $5; exit } }' \
	/proc/self/mountinfo)
[[ -n $mount_point ]] || skip_all "cgroup version 2 is not mounted here"
base=$mount_point/estab-test-$$
mkdir "$base" 2>"$tmp/why" || skip_all "no cgroup can be made here: $(cat "$tmp/why")"

# The cgroups go when nobody is in them any more.
remove_cgroups()
{
	stop_mksock
	find "$base" -depth -type d -exec rmdir {} +
	finish
}
trap remove_cgroups EXIT

# in_cgroup PATH SPEC...: a mksock that is in that cgroup before it makes a socket. It has moved there when
# it begins, for its shell has.
in_cgroup()
{
	local path=$base/$1 own
	own=$mount_point$(sed -n 's/^0:://p' /proc/self/cgroup)
	shift
	mkdir -p "$path"
	echo $BASHPID >"$path/cgroup.procs" || { fail all "could not enter $path"; exit 1; }
	start_mksock "$@"
	echo $BASHPID >"${own%/}/cgroup.procs"
}

# The files of runtimes, where this host's own are not.
mount -t tmpfs tmpfs /var/lib
mkdir -p /var/lib/docker/containers/"$id" /run/containerd/io.containerd.runtime.v2.task/k8s.io/"$pod_id"
printf '{"State":{},"ID":"%s","Name":"/we\\u001b[31mb","Config":{"Labels":{}}}' "$id" \
	>/var/lib/docker/containers/"$id"/config.v2.json
printf '{"annotations":{"io.kubernetes.cri.container-name":"app","io.kubernetes.cri.sandbox-name":"shop-0",%s}}' \
	'"io.kubernetes.cri.sandbox-namespace":"prod"' \
	>/run/containerd/io.containerd.runtime.v2.task/k8s.io/"$pod_id"/config.json

pod=kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${uid//-/_}.slice
in_cgroup 'system.slice/we\x2db.service' tcp-listen
service=$MKSOCK_PID
in_cgroup "system.slice/docker-$id.scope" tcp-listen
docker=$MKSOCK_PID
in_cgroup "$pod/cri-containerd-$pod_id.scope" tcp-listen
kubernetes=$MKSOCK_PID
in_cgroup user.slice/user-1000.slice/user@1000.service/app.slice/mail.service tcp-listen unix-stream-listen
user=$MKSOCK_PID

fields=cgroup,owner.pid,owner.cgroup,owner.unit,owner.unit_uid,owner.slice,owner.container
fields+=,owner.container_name,owner.runtime,owner.pod,owner.pod_name,owner.pod_namespace

# told FILE PID: what is told of that process, one key a line.
told()
{
	jq -r --argjson pid "$2" '[.sockets[].owners[] | select(.pid == $pid)][0] | del(.pid)
		| to_entries[] | "\(.key)=\(.value)"' "$1"
}

# expect NAME FILE PID LINE...
expect()
{
	local name=$1 file=$2 pid=$3
	shift 3
	is "$name" "$(told "$file" "$pid")" "$(printf '%s\n' "$@")"
}

root=${base#"$mount_point"}
for source in procfd bpf; do
	with=()
	if [[ $source == bpf ]]; then
		with=(--source=bpf)
		if ! "$ESTAB" -tlp --source=bpf >/dev/null 2>"$tmp/why"; then
			skip "units and containers by BPF" "$(sed 's/estab: //' "$tmp/why")"
			continue
		fi
	fi
	"$ESTAB" -tlx --json "${with[@]}" --columns="$fields" >"$tmp/$source.json"
	expect "a service ($source)" "$tmp/$source.json" "$service" \
		"cgroup=$root/system.slice/we\x2db.service" unit=we-b.service slice=system.slice
	expect "docker ($source)" "$tmp/$source.json" "$docker" \
		"cgroup=$root/system.slice/docker-$id.scope" "unit=docker-$id.scope" slice=system.slice \
		"container=$id" $'container_name=we\e[31mb' runtime=docker
	expect "a pod ($source)" "$tmp/$source.json" "$kubernetes" \
		"cgroup=$root/$pod/cri-containerd-$pod_id.scope" "unit=cri-containerd-$pod_id.scope" \
		"slice=${pod##*/}" "container=$pod_id" container_name=app runtime=containerd "pod=$uid" \
		pod_name=shop-0 pod_namespace=prod
	expect "a user's service ($source)" "$tmp/$source.json" "$user" \
		"cgroup=$root/user.slice/user-1000.slice/user@1000.service/app.slice/mail.service" \
		unit=mail.service unit_uid=1000 slice=app.slice
	is "sockets are where they were made ($source)" "$(jq -r --argjson pid "$docker" \
		'.sockets[] | select(any(.owners[]; .pid == $pid)) | .cgroup' "$tmp/$source.json")" \
		"$root/system.slice/docker-$id.scope"
done
mv /var/lib/docker/containers/"$id" "$tmp/away"
is "a name that is not to be had is null" "$("$ESTAB" -tl --json --columns=owner.container_name \
	"owner.pid = $docker" | jq -c '[.sockets[].owners[]]')" '[{"container_name":null}]'
mv "$tmp/away" /var/lib/docker/containers/"$id"

# ---- filters, and names that mean harm ----

is "a filter by unit" "$("$ESTAB" -tlH --columns=owner.pid 'owner.unit = mail.service')" "$user"
is "a filter by container" "$("$ESTAB" -tlH --columns=owner.pid "owner.container ~ ${id:0:12}*")" "$docker"
is "a filter by pod" "$("$ESTAB" -tlH --columns=owner.pid "owner.pod_name = shop-0")" "$kubernetes"
is "a filter by the socket's cgroup" "$("$ESTAB" -tlH --columns=owner.pid "cgroup ~ *mail.service")" "$user"
is "a table escapes names" "$("$ESTAB" -tlH --columns=owner.container_name "owner.pid = $docker")" \
	'we\x1b[31mb'

if command -v script >/dev/null; then
	# Two units and two containers of the five owners; as much of an id as runtimes show.
	mv /run/containerd "$tmp/containerd"
	COLUMNS=200 shell_on_terminal "COLUMNS=200 '$ESTAB' --color=never -tl" | tr -d '\r' >"$tmp/screen"
	is "a terminal has columns of them" "$(head -1 "$tmp/screen" | xargs)" \
		"PROTO STATE RECV-Q SEND-Q LOCAL PEER PROCESS UNIT CONTAINER"
	is "with what there is" "$(awk 'NR > 1 { print $(NF - 1), $NF }' "$tmp/screen" | sort | xargs -d '\n')" \
		"$(printf '%s\n' 'mail.service -' 'we-b.service -' "- ${pod_id:0:12}" '- we\x1b[31mb' | sort | xargs -d '\n')"
	check "but where all have none" grep -q 'PROCESS$' <(COLUMNS=200 shell_on_terminal \
		"COLUMNS=200 '$ESTAB' --color=never -tl sport 1" | tr -d '\r')
else
	skip "a terminal has columns of them" "script is not installed"
fi

# ---- who is not root; cgroups that differ, or are gone ----

as_nobody "$ESTAB" -tl --json --columns=local.port,cgroup >"$tmp/nobody.json"
is "an ordinary user sees the sockets' cgroups" \
	"$(jq -r '.sockets[] | .cgroup' "$tmp/nobody.json" | sort | grep -c "^$root/")" 4
echo "$docker" >"$base/system.slice/we\\x2db.service/cgroup.procs"
is "a process may be elsewhere than its socket" "$("$ESTAB" -tlH --columns=cgroup,owner.cgroup \
	"owner.pid = $docker" | xargs -d '\n' | tr -s ' ')" \
	"$root/system.slice/docker-$id.scope $root/system.slice/we\\\\x2db.service"
rmdir "$base/system.slice/docker-$id.scope"
is "a cgroup that is gone is null" "$("$ESTAB" -tl --json --columns=cgroup,owner.unit \
	"owner.pid = $docker" | jq -c '.sockets[0].cgroup')" null
is "and so for an ordinary user" "$(as_nobody "$ESTAB" -tl --json --columns=cgroup |
	jq -c '[.sockets[] | select(.cgroup == null)] | length')" 1

# ---- a copy of another host ----

copy=$tmp/copy
mkdir -p "$copy/net" "$copy/7/fd" "$copy/1/root/var/lib/docker/containers/$id"
cp /proc/net/tcp "$copy/net/tcp"
ln -s "$(readlink /proc/"$service"/fd/* | grep -m1 socket:)" "$copy/7/fd/3"
printf '3:memory:/docker/%s\n1:name=systemd:/\n0::/\n' "$id" >"$copy/7/cgroup"
printf '7 (x) S 5 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4200 0\n' >"$copy/7/stat"
printf '100.50 1.00\n' >"$copy/uptime"
printf 'cpu 1 2\nbtime 1700000000\nprocesses 3\n' >"$copy/stat"
printf '{"Name":"/captured"}' >"$copy/1/root/var/lib/docker/containers/$id/config.v2.json"
is "a copy, of version 1" "$("$ESTAB" -tl --json --proc-root "$copy" --columns=owner.pid,owner.ppid,\
owner.start_time,owner.age_ms,owner.cgroup,owner.container_name,owner.runtime | jq -c '[.sockets[].owners[]]')" \
	"[{\"pid\":7,\"ppid\":5,\"start_time\":\"2023-11-14T22:14:02.000000Z\",\"age_ms\":58500,\"cgroup\":\"/docker/$id\",\"container_name\":\"captured\",\"runtime\":\"docker\"}]"

# ---- only what is asked for is read ----

if command -v strace >/dev/null; then
	strace -f -e trace=openat,openat2,open_by_handle_at -o "$tmp/trace" "$ESTAB" -tlp >/dev/null
	is "without such a column no cgroup is read" "$(grep -cE 'cgroup|docker|containerd' "$tmp/trace")" 0
	strace -f -e trace=openat -o "$tmp/trace" "$ESTAB" -tlx --source=diag \
		--columns=owner.cgroup,owner.unit,owner.container >/dev/null
	is "each process's cgroup is read once" \
		"$(grep -c '"cgroup", ' "$tmp/trace")" "$(for dir in /proc/[0-9]*/fd; do
			readlink "$dir"/* 2>/dev/null | grep -q 'socket:' && echo x
		done | wc -l)"
else
	skip "only what is asked for is read" "strace is not installed"
fi

# ---- network namespaces are called by their containers ----

if command -v unshare >/dev/null; then
	plain_mksock=$MKSOCK
	mv "$tmp/containerd" /run 2>/dev/null
	printf '#!/bin/sh\nexec unshare --net --mount %s "$@"\n' "$plain_mksock" >"$tmp/away"
	chmod 755 "$tmp/away"
	MKSOCK=$tmp/away
	unnamed=$(printf 'unnamed %s' "$$" | sha256sum | cut -d' ' -f1)
	in_cgroup "system.slice/docker-$id.scope" tcp-listen:port=2101
	in_cgroup "$pod/cri-containerd-$pod_id.scope" tcp-listen:port=2102
	in_cgroup "system.slice/docker-$unnamed.scope" tcp-listen:port=2103
	in_cgroup 'system.slice/we\x2db.service' tcp-listen:port=2104
	want=$'we\e[31mb\nprod/shop-0\n'${unnamed:0:12}$'\n'"mksock[$MKSOCK_PID]"
	MKSOCK=$plain_mksock
	# netns_names ARGUMENT...
	netns_names()
	{
		"$@" --all-netns -tl --json 'sport >= 2101 and sport <= 2104' 2>/dev/null |
			jq -r '.sockets | sort_by(.local.port)[].netns_name'
	}
	is "network namespaces by containers" "$(netns_names "$ESTAB")" "$want"
	is "to a user as well" "$(netns_names as_nobody "$ESTAB")" "$want"
	is "a container in ours does not name it" "$("$ESTAB" --all-netns -tl --json "owner.pid = $docker" |
		jq -r '.sockets[0].netns_name' | grep -cE '^[a-z]+\[[0-9]+\]$')" 1
	is "their names are escaped" "$("$ESTAB" --all-netns -tlH --columns netns_name 'sport = 2101')" \
		'we\x1b[31mb'
	is "and filtered by" "$("$ESTAB" --all-netns -tlH --columns local.port 'netns_name = prod/shop-0')" 2102
	# A name that ip-netns has given comes first.
	mkdir -p /run/netns
	touch /run/netns/mine
	mount --bind "/proc/$MKSOCK_PID/ns/net" /run/netns/mine
	is "a given name comes first" "$("$ESTAB" --all-netns -tlH --columns netns_name 'sport = 2104')" mine
else
	skip "network namespaces by containers" "unshare is not installed"
fi
