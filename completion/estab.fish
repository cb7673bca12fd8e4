# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# What fish offers behind estab(1).

# Offers each line of its input for the last part of a list with commas; one of the signs (a bracket
# expression's inside) may stand before each part.
function __estab_list --argument-names signs
    set -l token (commandline -ct | string replace -r '^--[^=]*=' '')
    # What stays as it is: up to the last comma, and a sign behind it.
    set -l before (string replace -r "([$signs]?)[^,]*\$" '$1' -- "$token")
    while read -l line
        echo "$before$line"
    end
end

# The program knows its fields: "name kind unit meaning". A group can't be sorted by, but for the two ends.
function __estab_fields --argument-names sort
    set -l program (commandline -po)[1]
    set -l subject sockets
    __fish_seen_subcommand_from flows; and set subject flows
    $program fields $subject -H 2>/dev/null | while read -l name kind unit help
        if test -n "$sort" -a "$kind" = group; and not contains -- $name local peer
            continue
        end
        printf '%s\t%s\n' $name $help
    end
end

# Whether neither a verb nor a word of the filter stands before.
function __estab_no_word
    not __fish_seen_subcommand_from list diff doctor fields flows help interfaces kill memberships routes stats summary wait who ss netstat lsof state exclude src dst addr sport dport port dev fwmark cgroup autobound listening connected local peer user process pid exists not
end

function __estab_after
    set -l words (commandline -poc)
    contains -- $words[-1] $argv
end

# Whether a condition of the filter may begin here.
function __estab_is_term
    not __estab_after who state exclude src dst addr sport dport port dev fwmark cgroup local peer user process pid exists
end

complete -c estab -f

complete -c estab -s t -l tcp -d 'TCP'
complete -c estab -s u -l udp -d 'UDP'
complete -c estab -s w -l raw -d 'Raw sockets'
complete -c estab -s x -l unix -d 'Unix sockets'
complete -c estab -s 0 -l packet -d 'Packet sockets'
complete -c estab -s M -l mptcp -d 'MPTCP'
complete -c estab -s 4 -l ipv4 -d 'Only IPv4'
complete -c estab -s 6 -l ipv6 -d 'Only IPv6'
complete -c estab -s f -l family -x -a 'inet inet6 unix netlink link packet ax25 ipx' -d 'Tables of a family'
complete -c estab -s A -l query -x -d 'Tables' -a '(string split " " "all inet tcp mptcp udp udplite raw icmp unix unix_stream unix_dgram unix_seqpacket u_str u_dgr u_seq packet packet_raw packet_dgram p_raw p_dgr netlink ax25 ipx" | __estab_list "!")'
complete -c estab -s a -l all -d 'Every state'
complete -c estab -s l -l listening -d 'What waits for connections or packets'
complete -c estab -s B -l bound-inactive -d 'TCP that is bound and neither listens nor connects'

complete -c estab -s p -l processes -d 'Who holds them'
complete -c estab -s T -l threads -d 'Who holds them, threads too'
complete -c estab -l owners -d 'Each owner, however many there are'
complete -c estab -s e -l extended -d 'User, inode, cookie, interface, mark, cgroup, shutdown, timer'
complete -c estab -s o -l options -d 'Timer'
complete -c estab -s m -l memory -d 'Memory'
complete -c estab -l nat -d 'Where translated connections really go'
complete -c estab -s i -l info -d 'What TCP knows of the connection'
complete -c estab -s Z -l context -d 'Security contexts of who holds them'
complete -c estab -s s -l summary -d 'How many there are'
complete -c estab -l by -x -a '(__estab_fields sort | __estab_list ",")' -d 'A summary by these fields'
complete -c estab -l top -x -d 'The largest groups of a summary'
complete -c estab -l sum -x -a '(__estab_fields sort | __estab_list ",")' -d 'What a summary adds up'
complete -c estab -l columns -x -a '(__estab_fields | __estab_list "+-")' -d 'These fields'
complete -c estab -l sort -x -a '(__estab_fields sort | __estab_list "+-")' -d 'By this field'

complete -c estab -l format -x -a 'table json jsonl csv null conntrack conntrack-extended' -d 'Format'
complete -c estab -l json -d 'JSON'
complete -c estab -l jsonl -d 'JSON Lines'
complete -c estab -l csv -d 'CSV'
complete -c estab -l null -d 'Fields that end in NUL'
complete -c estab -l tree -d 'Sockets below their processes'
complete -c estab -s H -l no-header -d 'No header line'
complete -c estab -l color -x -a 'auto always never' -d 'Colours'
complete -c estab -l colour -x -a 'auto always never' -d 'Colours'
complete -c estab -l pids -d 'With who: only process ids'
complete -c estab -l count -d 'With who: only how many processes'
complete -c estab -s q -l quiet -d 'Print nothing, only tell whether there is a match'
complete -c estab -l consistent -d 'Read again what a dump may have missed'
complete -c estab -l strict -d 'Fail when something could not be seen'
complete -c estab -s n -l numeric -d 'Numbers are the default'
complete -c estab -s r -l resolve -d 'Names of hosts and services'
complete -c estab -l resolve-timeout -x -d 'How long to wait for them, in seconds'
complete -c estab -l debug -d 'Tell what is read'
complete -c estab -l explain -d 'Only tell how it would be answered'
complete -c estab -l no-pushdown -d 'Do not tell the kernel of the filter'
complete -c estab -s h -l help -d 'A short summary'
complete -c estab -s V -l version -d 'The version'
complete -c estab -s v -d 'The version'

complete -c estab -l all-netns -d 'All network namespaces'
complete -c estab -s N -l net -r -F -a '(command ls /run/netns 2>/dev/null)' -d 'Another network namespace'
complete -c estab -l source -x -a 'auto bpf diag ctnetlink procfs' -d 'Read through this source only'
complete -c estab -l proc-root -x -a '(__fish_complete_directories)' -d 'Read this directory as /proc'
complete -c estab -l proc-pid -x -d 'The process there whose namespace is read'
complete -c estab -l passwd -r -F -d 'User names from this file'
complete -c estab -l byte-order -x -a 'big little' -d 'Of the host that was saved'

complete -c estab -l follow -d 'Flows as they come, change and go'
complete -c estab -l limit -x -d 'So many events'
complete -c estab -l delete -d 'Delete flows'
complete -c estab -l stats -d 'What connection tracking counts'
complete -c estab -l expect -d 'Flows that its helpers wait for'
complete -c estab -l yes -d 'Close or delete without asking'
complete -c estab -l dry-run -d 'Only tell what would be closed or deleted'
complete -c estab -l listeners -d 'Close what waits for others too'
complete -c estab -l gone -d 'Wait until none matches'
complete -c estab -l timeout -x -d 'Wait so long at most'

complete -c estab -n __estab_no_word -a list -d 'List sockets'
complete -c estab -n __estab_no_word -a diff -d 'What was opened and closed'
complete -c estab -n __estab_no_word -a doctor -d 'What can be seen here, and why not more'
complete -c estab -n __estab_no_word -a help -d 'A short summary'
complete -c estab -n __estab_no_word -a summary -d 'How many sockets there are'
complete -c estab -n __estab_no_word -a interfaces -d 'Network interfaces'
complete -c estab -n __estab_no_word -a memberships -d 'Multicast groups'
complete -c estab -n __estab_no_word -a routes -d 'Routes'
complete -c estab -n __estab_no_word -a stats -d 'Counters of protocols'
complete -c estab -n __estab_no_word -a kill -d 'Close sockets'
complete -c estab -n __estab_no_word -a wait -d 'Wait until sockets come or go'
complete -c estab -n __estab_no_word -a who -d 'Who holds a port, a path, or what a process has open'
complete -c estab -n '__estab_after who' -F
complete -c estab -n __estab_no_word -a fields -d 'What columns, sort keys and JSON can name'
complete -c estab -n __estab_no_word -a flows -d 'What the connection table has'
complete -c estab -n __estab_no_word -a ss -d 'In the place of ss'
complete -c estab -n __estab_no_word -a netstat -d 'In the place of netstat'
complete -c estab -n __estab_no_word -a lsof -d 'In the place of lsof -i and -U'
complete -c estab -n __estab_is_term -a state -d 'The state'
complete -c estab -n __estab_is_term -a exclude -d 'Not in the state'
complete -c estab -n __estab_is_term -a src -d 'The local address'
complete -c estab -n __estab_is_term -a dst -d 'The address of the peer'
complete -c estab -n __estab_is_term -a addr -d 'The address of either end'
complete -c estab -n __estab_is_term -a sport -d 'The local port'
complete -c estab -n __estab_is_term -a dport -d 'The port of the peer'
complete -c estab -n __estab_is_term -a port -d 'The port of either end'
complete -c estab -n __estab_is_term -a dev -d 'The device it is bound to'
complete -c estab -n __estab_is_term -a fwmark -d 'The mark'
complete -c estab -n __estab_is_term -a cgroup -d 'The cgroup it was made in'
complete -c estab -n __estab_is_term -a autobound -d 'The kernel chose the port'
complete -c estab -n __estab_is_term -a listening -d 'State listen'
complete -c estab -n __estab_is_term -a connected -d 'With a peer'
complete -c estab -n __estab_is_term -a local -d 'The local address or name'
complete -c estab -n __estab_is_term -a peer -d 'The address or name of the peer'
complete -c estab -n __estab_is_term -a user -d 'The user'
complete -c estab -n __estab_is_term -a process -d 'The command of an owner'
complete -c estab -n __estab_is_term -a pid -d 'The process id of an owner'
complete -c estab -n __estab_is_term -a exists -d 'The field is known'
complete -c estab -n __estab_is_term -a not -d 'The contrary'
complete -c estab -n '__estab_is_term; and not __estab_no_word' -a and -d 'Both'
complete -c estab -n '__estab_is_term; and not __estab_no_word' -a or -d 'Either'
complete -c estab -n '__estab_after exists' -a '(__estab_fields)'
complete -c estab -n '__estab_after state exclude' -a 'established syn-sent syn-recv fin-wait-1 fin-wait-2 time-wait unconnected close-wait last-ack listen closing bound all connected synchronized bucket big listening closed'
