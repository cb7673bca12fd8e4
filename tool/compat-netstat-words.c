/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The sentences of netstat -s: what net-tools 2.10 says of each counter. */
#include "compat-netstat-words.h"

#include <string.h>

#include "util.h"

#define ALWAYS NETSTAT_ALWAYS
#define OPTIONAL NETSTAT_OPTIONAL
#define INPUT NETSTAT_INPUT
#define OUTPUT NETSTAT_OUTPUT
#define NEVER NETSTAT_NEVER

static const struct netstat_words ip_words[] = {
	{ "InReceives", "% total packets received", ALWAYS },
	{ "InHdrErrors", "% with invalid headers", OPTIONAL },
	{ "InAddrErrors", "% with invalid addresses", OPTIONAL },
	{ "ForwDatagrams", "% forwarded", ALWAYS },
	{ "InUnknownProtos", "% with unknown protocol", OPTIONAL },
	{ "InDiscards", "% incoming packets discarded", ALWAYS },
	{ "InDelivers", "% incoming packets delivered", ALWAYS },
	{ "OutRequests", "% requests sent out", ALWAYS },
	{ "OutDiscards", "% outgoing packets dropped", OPTIONAL },
	{ "OutNoRoutes", "% dropped because of missing route", OPTIONAL },
	{ "ReasmTimeout", "% fragments dropped after timeout", OPTIONAL },
	{ "ReasmReqds", "% reassemblies required", OPTIONAL },
	{ "ReasmOKs", "% packets reassembled ok", OPTIONAL },
	{ "ReasmFails", "% packet reassemblies failed", OPTIONAL },
	{ "FragOKs", "% outgoing packets fragmented ok", OPTIONAL },
	{ "FragFails", "% outgoing packets failed fragmentation", OPTIONAL },
	{ "FragCreates", "% fragments created", OPTIONAL },
	{ "DefaultTTL", NULL, NEVER },
};

static const struct netstat_words icmp_words[] = {
	{ "InMsgs", "% ICMP messages received", ALWAYS },
	{ "InErrors", "% input ICMP message failed", ALWAYS },
	{ "InDestUnreachs", "destination unreachable: %", INPUT },
	{ "InTimeExcds", "timeout in transit: %", INPUT },
	{ "InParmProbs", "wrong parameters: %", INPUT },
	{ "InSrcQuenchs", "source quenches: %", INPUT },
	{ "InRedirects", "redirects: %", INPUT },
	{ "InEchos", "echo requests: %", INPUT },
	{ "InEchoReps", "echo replies: %", INPUT },
	{ "InTimestamps", "timestamp request: %", INPUT },
	{ "InTimestampReps", "timestamp reply: %", INPUT },
	{ "InAddrMasks", "address mask request: %", INPUT },
	{ "InAddrMaskReps", "address mask replies: %", INPUT },
	{ "OutMsgs", "% ICMP messages sent", ALWAYS },
	{ "OutErrors", "% ICMP messages failed", ALWAYS },
	{ "OutDestUnreachs", "destination unreachable: %", OUTPUT },
	{ "OutTimeExcds", "time exceeded: %", OUTPUT },
	{ "OutParmProbs", "wrong parameters: %", OUTPUT },
	{ "OutSrcQuenchs", "source quench: %", OUTPUT },
	{ "OutRedirects", "redirect: %", OUTPUT },
	{ "OutEchos", "echo requests: %", OUTPUT },
	{ "OutEchoReps", "echo replies: %", OUTPUT },
	{ "OutTimestamps", "timestamp requests: %", OUTPUT },
	{ "OutTimestampReps", "timestamp replies: %", OUTPUT },
	{ "OutAddrMasks", "address mask requests: %", OUTPUT },
	{ "OutAddrMaskReps", "address mask replies: %", OUTPUT },
};

static const struct netstat_words tcp_words[] = {
	{ "ActiveOpens", "% active connection openings", ALWAYS },
	{ "PassiveOpens", "% passive connection openings", ALWAYS },
	{ "AttemptFails", "% failed connection attempts", ALWAYS },
	{ "EstabResets", "% connection resets received", ALWAYS },
	{ "CurrEstab", "% connections established", ALWAYS },
	{ "InSegs", "% segments received", ALWAYS },
	{ "OutSegs", "% segments sent out", ALWAYS },
	{ "RetransSegs", "% segments retransmitted", ALWAYS },
	{ "InErrs", "% bad segments received", ALWAYS },
	{ "OutRsts", "% resets sent", ALWAYS },
	{ "RtoAlgorithm", NULL, NEVER },
	{ "RtoMin", NULL, NEVER },
	{ "RtoMax", NULL, NEVER },
	{ "MaxConn", NULL, NEVER },
};

static const struct netstat_words udp_words[] = {
	{ "InDatagrams", "% packets received", ALWAYS },
	{ "NoPorts", "% packets to unknown port received", ALWAYS },
	{ "InErrors", "% packet receive errors", ALWAYS },
	{ "OutDatagrams", "% packets sent", ALWAYS },
	{ "RcvbufErrors", "% receive buffer errors", ALWAYS },
	{ "SndbufErrors", "% send buffer errors", ALWAYS },
};

static const struct netstat_words tcpext_words[] = {
	{ "SyncookiesSent", "% SYN cookies sent", OPTIONAL },
	{ "SyncookiesRecv", "% SYN cookies received", OPTIONAL },
	{ "SyncookiesFailed", "% invalid SYN cookies received", OPTIONAL },
	{ "EmbryonicRsts", "% resets received for embryonic SYN_RECV sockets", OPTIONAL },
	{ "PruneCalled", "% packets pruned from receive queue because of socket buffer overrun",
	  OPTIONAL },
	{ "RcvPruned", "% packets pruned from receive queue", OPTIONAL },
	{ "OfoPruned", "% packets dropped from out-of-order queue because of socket buffer overrun",
	  OPTIONAL },
	{ "OutOfWindowIcmps", "% ICMP packets dropped because they were out-of-window", OPTIONAL },
	{ "LockDroppedIcmps", "% ICMP packets dropped because socket was locked", OPTIONAL },
	{ "TW", "% TCP sockets finished time wait in fast timer", OPTIONAL },
	{ "TWRecycled", "% time wait sockets recycled by time stamp", OPTIONAL },
	{ "PAWSActive", "% active connections rejected because of time stamp", OPTIONAL },
	{ "PAWSEstab", "% packets rejected in established connections because of timestamp",
	  OPTIONAL },
	{ "DelayedACKs", "% delayed acks sent", OPTIONAL },
	{ "DelayedACKLocked", "% delayed acks further delayed because of locked socket", OPTIONAL },
	{ "DelayedACKLost", "Quick ack mode was activated % times", OPTIONAL },
	{ "ListenOverflows", "% times the listen queue of a socket overflowed", OPTIONAL },
	{ "ListenDrops", "% SYNs to LISTEN sockets dropped", OPTIONAL },
	{ "TCPHPHits", "% packet headers predicted", ALWAYS },
	{ "TCPPureAcks", "% acknowledgments not containing data payload received", OPTIONAL },
	{ "TCPHPAcks", "% predicted acknowledgments", OPTIONAL },
	{ "TCPRenoRecovery", "% times recovered from packet loss due to fast retransmit",
	  OPTIONAL },
	{ "TCPSACKReorder", "Detected reordering % times using SACK", OPTIONAL },
	{ "TCPRenoReorder", "Detected reordering % times using reno fast retransmit", OPTIONAL },
	{ "TCPTSReorder", "Detected reordering % times using time stamp", OPTIONAL },
	{ "TCPFullUndo", "% congestion windows fully recovered without slow start", OPTIONAL },
	{ "TCPPartialUndo", "% congestion windows partially recovered using Hoe heuristic",
	  OPTIONAL },
	{ "TCPLossUndo", "% congestion windows recovered without slow start after partial ack",
	  OPTIONAL },
	{ "TCPRenoFailures", "% timeouts after reno fast retransmit", OPTIONAL },
	{ "TCPLossFailures", "% timeouts in loss state", OPTIONAL },
	{ "TCPFastRetrans", "% fast retransmits", OPTIONAL },
	{ "TCPSlowStartRetrans", "% retransmits in slow start", OPTIONAL },
	{ "TCPRcvCollapsed", "% packets collapsed in receive queue due to low socket buffer",
	  OPTIONAL },
	{ "TCPAbortOnData", "% connections reset due to unexpected data", OPTIONAL },
	{ "TCPAbortOnClose", "% connections reset due to early user close", OPTIONAL },
	{ "TCPAbortOnMemory", "% connections aborted due to memory pressure", OPTIONAL },
	{ "TCPAbortOnTimeout", "% connections aborted due to timeout", OPTIONAL },
	{ "TCPAbortOnLinger", "% connections aborted after user close in linger timeout",
	  OPTIONAL },
	{ "TCPAbortFailed", "% times unable to send RST due to no memory", OPTIONAL },
	{ "TCPMemoryPressures", "TCP ran low on memory % times", OPTIONAL },
	{ "PAWSPassive", "% passive connections rejected because of time stamp", OPTIONAL },
	{ "SockMallocOOM", "Ran % times out of system memory during packet sending", OPTIONAL },
	{ "TCPAbortOnSyn", "% connections reset due to unexpected SYN", OPTIONAL },
	{ "TCPDirectCopyFromBacklog", "% bytes directly in process context from backlog",
	  OPTIONAL },
	{ "TCPFACKReorder", "Detected reordering % times using FACK", OPTIONAL },
	{ "TCPForwardRetrans", "% forward retransmits", OPTIONAL },
	{ "TCPHPHitsToUser", "% packet headers predicted and directly queued to user", OPTIONAL },
	{ "TCPLostRetransmits", "% retransmits lost", OPTIONAL },
	{ "TCPPrequeued", "% packets directly queued to recvmsg prequeue", OPTIONAL },
	{ "TCPSchedulerFailed", "% times receiver scheduled too late for direct processing",
	  OPTIONAL },
};

static const struct netstat_words sctp_words[] = {
	{ "Aborteds", "% Number of Aborteds ", ALWAYS },
	{ "ActiveEstabs", "% Active Associations", ALWAYS },
	{ "ChecksumErrors", "% Number of Packets with invalid Checksum", ALWAYS },
	{ "CurrEstab", "% Current Associations", ALWAYS },
	{ "FragUsrMsgs", "% Number of messages fragmented", ALWAYS },
	{ "InCtrlChunks", "% Number of control chunks received", ALWAYS },
	{ "InOrderChunks", "% Number of ordered chunks received", ALWAYS },
	{ "InSCTPPacks", "% Number of SCTP packets received", ALWAYS },
	{ "InUnorderChunks", "% Number of Unordered chunks received", ALWAYS },
	{ "OutCtrlChunks", "% Number of control chunks sent", ALWAYS },
	{ "OutOfBlues", "% Number of Out of Blue packets", ALWAYS },
	{ "OutOrderChunks", "% Number of ordered chunks sent", ALWAYS },
	{ "OutSCTPPacks", "% Number of SCTP packets sent", ALWAYS },
	{ "OutUnorderChunks", "% Number of Unordered chunks sent", ALWAYS },
	{ "PassiveEstabs", "% Passive Associations", ALWAYS },
	{ "ReasmUsrMsgs", "% Number of messages reassembled ", ALWAYS },
	{ "Shutdowns", "% Number of Graceful Terminations", ALWAYS },
};

static const struct netstat_words ip6_words[] = {
	{ "InReceives", "% total packets received", ALWAYS },
	{ "InHdrErrors", "% with invalid headers", OPTIONAL },
	{ "InTooBigErrors", "% with packets too big", OPTIONAL },
	{ "InNoRoutes", "% incoming packets with no route", OPTIONAL },
	{ "InAddrErrors", "% with invalid addresses", OPTIONAL },
	{ "InUnknownProtos", "% with unknown protocol", OPTIONAL },
	{ "InTruncatedPkts", "% with truncated packets", OPTIONAL },
	{ "InDiscards", "% incoming packets discarded", ALWAYS },
	{ "InDelivers", "% incoming packets delivered", ALWAYS },
	{ "OutForwDatagrams", "% forwarded", ALWAYS },
	{ "OutRequests", "% requests sent out", ALWAYS },
	{ "OutDiscards", "% outgoing packets dropped", OPTIONAL },
	{ "OutNoRoutes", "% dropped because of missing route", OPTIONAL },
	{ "ReasmTimeout", "% fragments dropped after timeout", OPTIONAL },
	{ "ReasmReqds", "% reassemblies required", OPTIONAL },
	{ "ReasmOKs", "% packets reassembled ok", OPTIONAL },
	{ "ReasmFails", "% packet reassemblies failed", OPTIONAL },
	{ "FragOKs", "% outgoing packets fragmented ok", OPTIONAL },
	{ "FragFails", "% outgoing packets failed fragmentation", OPTIONAL },
	{ "FragCreates", "% fragments created", OPTIONAL },
	{ "InMcastPkts", "% incoming multicast packets", OPTIONAL },
	{ "OutMcastPkts", "% outgoing multicast packets", OPTIONAL },
};

static const struct netstat_words icmp6_words[] = {
	{ "InMsgs", "% ICMP messages received", ALWAYS },
	{ "InErrors", "% input ICMP message failed", ALWAYS },
	{ "OutMsgs", "% ICMP messages sent", ALWAYS },
	{ "InDestUnreachs", "destination unreachable: %", INPUT },
	{ "InPktTooBigs", "packets too big: %", INPUT },
	{ "InTimeExcds", "received ICMPv6 time exceeded: %", INPUT },
	{ "InParmProblems", "parameter problem: %", INPUT },
	{ "InEchos", "echo requests: %", INPUT },
	{ "InEchoReplies", "echo replies: %", INPUT },
	{ "InGroupMembQueries", "group member queries: %", INPUT },
	{ "InGroupMembResponses", "group member responses: %", INPUT },
	{ "InGroupMembReductions", "group member reductions: %", INPUT },
	{ "InRouterSolicits", "router solicits: %", INPUT },
	{ "InRouterAdvertisements", "router advertisement: %", INPUT },
	{ "InNeighborSolicits", "neighbour solicits: %", INPUT },
	{ "InNeighborAdvertisements", "neighbour advertisement: %", INPUT },
	{ "InRedirects", "redirects: %", INPUT },
	{ "OutDestUnreachs", "destination unreachable: %", OUTPUT },
	{ "OutPktTooBigs", "packets too big: %", OUTPUT },
	{ "OutTimeExcds", "sent ICMPv6 time exceeded: %", OUTPUT },
	{ "OutParmProblems", "parameter problem: %", OUTPUT },
	{ "OutEchos", "echo requests: %", OUTPUT },
	{ "OutEchoReplies", "echo replies: %", OUTPUT },
	{ "OutGroupMembQueries", "group member queries: %", OUTPUT },
	{ "OutGroupMembResponses", "group member responses: %", OUTPUT },
	{ "OutGroupMembReductions", "group member reductions: %", OUTPUT },
	{ "OutRouterSolicits", "router solicits: %", OUTPUT },
	{ "OutNeighborSolicits", "neighbor solicits: %", OUTPUT },
	{ "OutNeighborAdvertisements", "neighbor advertisements: %", OUTPUT },
	{ "OutRedirects", "redirects: %", OUTPUT },
};

static const struct netstat_words udp6_words[] = {
	{ "InDatagrams", "% packets received", ALWAYS },
	{ "NoPorts", "% packets to unknown port received", ALWAYS },
	{ "InErrors", "% packet receive errors", ALWAYS },
	{ "OutDatagrams", "% packets sent", ALWAYS },
};

static const struct netstat_sentences {
	const char *name;
	const struct netstat_words *words;
	size_t n;
} sections[] = {
#define SECTION(name)                                         \
	{                                                     \
#name, name##_words, ARRAY_SIZE(name##_words) \
	}
	SECTION(ip),   SECTION(icmp), SECTION(tcp),   SECTION(udp),  SECTION(tcpext),
	SECTION(sctp), SECTION(ip6),  SECTION(icmp6), SECTION(udp6),
#undef SECTION
};

const struct netstat_sentences *netstat_find_sentences(const char *section)
{
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		if (strcmp(sections[i].name, section) == 0)
			return &sections[i];
	return NULL;
}

const struct netstat_words *netstat_find_words(const struct netstat_sentences *sentences,
					       const char *name)
{
	for (size_t i = 0; sentences && i < sentences->n; i++)
		/* Most differ here, and many are asked for. */
		if (sentences->words[i].name[0] == name[0] &&
		    strcmp(sentences->words[i].name, name) == 0)
			return &sentences->words[i];
	return NULL;
}
