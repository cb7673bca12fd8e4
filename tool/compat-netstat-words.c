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

/* Each in the order of strcmp(): netstat_find_words() bisects. */
static const struct netstat_words ip_words[] = {
	{ "DefaultTTL", NULL, NEVER },
	{ "ForwDatagrams", "% forwarded", ALWAYS },
	{ "FragCreates", "% fragments created", OPTIONAL },
	{ "FragFails", "% outgoing packets failed fragmentation", OPTIONAL },
	{ "FragOKs", "% outgoing packets fragmented ok", OPTIONAL },
	{ "InAddrErrors", "% with invalid addresses", OPTIONAL },
	{ "InDelivers", "% incoming packets delivered", ALWAYS },
	{ "InDiscards", "% incoming packets discarded", ALWAYS },
	{ "InHdrErrors", "% with invalid headers", OPTIONAL },
	{ "InReceives", "% total packets received", ALWAYS },
	{ "InUnknownProtos", "% with unknown protocol", OPTIONAL },
	{ "OutDiscards", "% outgoing packets dropped", OPTIONAL },
	{ "OutNoRoutes", "% dropped because of missing route", OPTIONAL },
	{ "OutRequests", "% requests sent out", ALWAYS },
	{ "ReasmFails", "% packet reassemblies failed", OPTIONAL },
	{ "ReasmOKs", "% packets reassembled ok", OPTIONAL },
	{ "ReasmReqds", "% reassemblies required", OPTIONAL },
	{ "ReasmTimeout", "% fragments dropped after timeout", OPTIONAL },
};

static const struct netstat_words icmp_words[] = {
	{ "InAddrMaskReps", "address mask replies: %", INPUT },
	{ "InAddrMasks", "address mask request: %", INPUT },
	{ "InDestUnreachs", "destination unreachable: %", INPUT },
	{ "InEchoReps", "echo replies: %", INPUT },
	{ "InEchos", "echo requests: %", INPUT },
	{ "InErrors", "% input ICMP message failed", ALWAYS },
	{ "InMsgs", "% ICMP messages received", ALWAYS },
	{ "InParmProbs", "wrong parameters: %", INPUT },
	{ "InRedirects", "redirects: %", INPUT },
	{ "InSrcQuenchs", "source quenches: %", INPUT },
	{ "InTimeExcds", "timeout in transit: %", INPUT },
	{ "InTimestampReps", "timestamp reply: %", INPUT },
	{ "InTimestamps", "timestamp request: %", INPUT },
	{ "OutAddrMaskReps", "address mask replies: %", OUTPUT },
	{ "OutAddrMasks", "address mask requests: %", OUTPUT },
	{ "OutDestUnreachs", "destination unreachable: %", OUTPUT },
	{ "OutEchoReps", "echo replies: %", OUTPUT },
	{ "OutEchos", "echo requests: %", OUTPUT },
	{ "OutErrors", "% ICMP messages failed", ALWAYS },
	{ "OutMsgs", "% ICMP messages sent", ALWAYS },
	{ "OutParmProbs", "wrong parameters: %", OUTPUT },
	{ "OutRedirects", "redirect: %", OUTPUT },
	{ "OutSrcQuenchs", "source quench: %", OUTPUT },
	{ "OutTimeExcds", "time exceeded: %", OUTPUT },
	{ "OutTimestampReps", "timestamp replies: %", OUTPUT },
	{ "OutTimestamps", "timestamp requests: %", OUTPUT },
};

static const struct netstat_words tcp_words[] = {
	{ "ActiveOpens", "% active connection openings", ALWAYS },
	{ "AttemptFails", "% failed connection attempts", ALWAYS },
	{ "CurrEstab", "% connections established", ALWAYS },
	{ "EstabResets", "% connection resets received", ALWAYS },
	{ "InErrs", "% bad segments received", ALWAYS },
	{ "InSegs", "% segments received", ALWAYS },
	{ "MaxConn", NULL, NEVER },
	{ "OutRsts", "% resets sent", ALWAYS },
	{ "OutSegs", "% segments sent out", ALWAYS },
	{ "PassiveOpens", "% passive connection openings", ALWAYS },
	{ "RetransSegs", "% segments retransmitted", ALWAYS },
	{ "RtoAlgorithm", NULL, NEVER },
	{ "RtoMax", NULL, NEVER },
	{ "RtoMin", NULL, NEVER },
};

static const struct netstat_words udp_words[] = {
	{ "InDatagrams", "% packets received", ALWAYS },
	{ "InErrors", "% packet receive errors", ALWAYS },
	{ "NoPorts", "% packets to unknown port received", ALWAYS },
	{ "OutDatagrams", "% packets sent", ALWAYS },
	{ "RcvbufErrors", "% receive buffer errors", ALWAYS },
	{ "SndbufErrors", "% send buffer errors", ALWAYS },
};

static const struct netstat_words tcpext_words[] = {
	{ "DelayedACKLocked", "% delayed acks further delayed because of locked socket", OPTIONAL },
	{ "DelayedACKLost", "Quick ack mode was activated % times", OPTIONAL },
	{ "DelayedACKs", "% delayed acks sent", OPTIONAL },
	{ "EmbryonicRsts", "% resets received for embryonic SYN_RECV sockets", OPTIONAL },
	{ "ListenDrops", "% SYNs to LISTEN sockets dropped", OPTIONAL },
	{ "ListenOverflows", "% times the listen queue of a socket overflowed", OPTIONAL },
	{ "LockDroppedIcmps", "% ICMP packets dropped because socket was locked", OPTIONAL },
	{ "OfoPruned", "% packets dropped from out-of-order queue because of socket buffer overrun",
	  OPTIONAL },
	{ "OutOfWindowIcmps", "% ICMP packets dropped because they were out-of-window", OPTIONAL },
	{ "PAWSActive", "% active connections rejected because of time stamp", OPTIONAL },
	{ "PAWSEstab", "% packets rejected in established connections because of timestamp",
	  OPTIONAL },
	{ "PAWSPassive", "% passive connections rejected because of time stamp", OPTIONAL },
	{ "PruneCalled", "% packets pruned from receive queue because of socket buffer overrun",
	  OPTIONAL },
	{ "RcvPruned", "% packets pruned from receive queue", OPTIONAL },
	{ "SockMallocOOM", "Ran % times out of system memory during packet sending", OPTIONAL },
	{ "SyncookiesFailed", "% invalid SYN cookies received", OPTIONAL },
	{ "SyncookiesRecv", "% SYN cookies received", OPTIONAL },
	{ "SyncookiesSent", "% SYN cookies sent", OPTIONAL },
	{ "TCPAbortFailed", "% times unable to send RST due to no memory", OPTIONAL },
	{ "TCPAbortOnClose", "% connections reset due to early user close", OPTIONAL },
	{ "TCPAbortOnData", "% connections reset due to unexpected data", OPTIONAL },
	{ "TCPAbortOnLinger", "% connections aborted after user close in linger timeout",
	  OPTIONAL },
	{ "TCPAbortOnMemory", "% connections aborted due to memory pressure", OPTIONAL },
	{ "TCPAbortOnSyn", "% connections reset due to unexpected SYN", OPTIONAL },
	{ "TCPAbortOnTimeout", "% connections aborted due to timeout", OPTIONAL },
	{ "TCPDirectCopyFromBacklog", "% bytes directly in process context from backlog",
	  OPTIONAL },
	{ "TCPFACKReorder", "Detected reordering % times using FACK", OPTIONAL },
	{ "TCPFastRetrans", "% fast retransmits", OPTIONAL },
	{ "TCPForwardRetrans", "% forward retransmits", OPTIONAL },
	{ "TCPFullUndo", "% congestion windows fully recovered without slow start", OPTIONAL },
	{ "TCPHPAcks", "% predicted acknowledgments", OPTIONAL },
	{ "TCPHPHits", "% packet headers predicted", ALWAYS },
	{ "TCPHPHitsToUser", "% packet headers predicted and directly queued to user", OPTIONAL },
	{ "TCPLossFailures", "% timeouts in loss state", OPTIONAL },
	{ "TCPLossUndo", "% congestion windows recovered without slow start after partial ack",
	  OPTIONAL },
	{ "TCPLostRetransmits", "% retransmits lost", OPTIONAL },
	{ "TCPMemoryPressures", "TCP ran low on memory % times", OPTIONAL },
	{ "TCPPartialUndo", "% congestion windows partially recovered using Hoe heuristic",
	  OPTIONAL },
	{ "TCPPrequeued", "% packets directly queued to recvmsg prequeue", OPTIONAL },
	{ "TCPPureAcks", "% acknowledgments not containing data payload received", OPTIONAL },
	{ "TCPRcvCollapsed", "% packets collapsed in receive queue due to low socket buffer",
	  OPTIONAL },
	{ "TCPRenoFailures", "% timeouts after reno fast retransmit", OPTIONAL },
	{ "TCPRenoRecovery", "% times recovered from packet loss due to fast retransmit",
	  OPTIONAL },
	{ "TCPRenoReorder", "Detected reordering % times using reno fast retransmit", OPTIONAL },
	{ "TCPSACKReorder", "Detected reordering % times using SACK", OPTIONAL },
	{ "TCPSchedulerFailed", "% times receiver scheduled too late for direct processing",
	  OPTIONAL },
	{ "TCPSlowStartRetrans", "% retransmits in slow start", OPTIONAL },
	{ "TCPTSReorder", "Detected reordering % times using time stamp", OPTIONAL },
	{ "TW", "% TCP sockets finished time wait in fast timer", OPTIONAL },
	{ "TWRecycled", "% time wait sockets recycled by time stamp", OPTIONAL },
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
	{ "FragCreates", "% fragments created", OPTIONAL },
	{ "FragFails", "% outgoing packets failed fragmentation", OPTIONAL },
	{ "FragOKs", "% outgoing packets fragmented ok", OPTIONAL },
	{ "InAddrErrors", "% with invalid addresses", OPTIONAL },
	{ "InDelivers", "% incoming packets delivered", ALWAYS },
	{ "InDiscards", "% incoming packets discarded", ALWAYS },
	{ "InHdrErrors", "% with invalid headers", OPTIONAL },
	{ "InMcastPkts", "% incoming multicast packets", OPTIONAL },
	{ "InNoRoutes", "% incoming packets with no route", OPTIONAL },
	{ "InReceives", "% total packets received", ALWAYS },
	{ "InTooBigErrors", "% with packets too big", OPTIONAL },
	{ "InTruncatedPkts", "% with truncated packets", OPTIONAL },
	{ "InUnknownProtos", "% with unknown protocol", OPTIONAL },
	{ "OutDiscards", "% outgoing packets dropped", OPTIONAL },
	{ "OutForwDatagrams", "% forwarded", ALWAYS },
	{ "OutMcastPkts", "% outgoing multicast packets", OPTIONAL },
	{ "OutNoRoutes", "% dropped because of missing route", OPTIONAL },
	{ "OutRequests", "% requests sent out", ALWAYS },
	{ "ReasmFails", "% packet reassemblies failed", OPTIONAL },
	{ "ReasmOKs", "% packets reassembled ok", OPTIONAL },
	{ "ReasmReqds", "% reassemblies required", OPTIONAL },
	{ "ReasmTimeout", "% fragments dropped after timeout", OPTIONAL },
};

static const struct netstat_words icmp6_words[] = {
	{ "InDestUnreachs", "destination unreachable: %", INPUT },
	{ "InEchoReplies", "echo replies: %", INPUT },
	{ "InEchos", "echo requests: %", INPUT },
	{ "InErrors", "% input ICMP message failed", ALWAYS },
	{ "InGroupMembQueries", "group member queries: %", INPUT },
	{ "InGroupMembReductions", "group member reductions: %", INPUT },
	{ "InGroupMembResponses", "group member responses: %", INPUT },
	{ "InMsgs", "% ICMP messages received", ALWAYS },
	{ "InNeighborAdvertisements", "neighbour advertisement: %", INPUT },
	{ "InNeighborSolicits", "neighbour solicits: %", INPUT },
	{ "InParmProblems", "parameter problem: %", INPUT },
	{ "InPktTooBigs", "packets too big: %", INPUT },
	{ "InRedirects", "redirects: %", INPUT },
	{ "InRouterAdvertisements", "router advertisement: %", INPUT },
	{ "InRouterSolicits", "router solicits: %", INPUT },
	{ "InTimeExcds", "received ICMPv6 time exceeded: %", INPUT },
	{ "OutDestUnreachs", "destination unreachable: %", OUTPUT },
	{ "OutEchoReplies", "echo replies: %", OUTPUT },
	{ "OutEchos", "echo requests: %", OUTPUT },
	{ "OutGroupMembQueries", "group member queries: %", OUTPUT },
	{ "OutGroupMembReductions", "group member reductions: %", OUTPUT },
	{ "OutGroupMembResponses", "group member responses: %", OUTPUT },
	{ "OutMsgs", "% ICMP messages sent", ALWAYS },
	{ "OutNeighborAdvertisements", "neighbor advertisements: %", OUTPUT },
	{ "OutNeighborSolicits", "neighbor solicits: %", OUTPUT },
	{ "OutParmProblems", "parameter problem: %", OUTPUT },
	{ "OutPktTooBigs", "packets too big: %", OUTPUT },
	{ "OutRedirects", "redirects: %", OUTPUT },
	{ "OutRouterSolicits", "router solicits: %", OUTPUT },
	{ "OutTimeExcds", "sent ICMPv6 time exceeded: %", OUTPUT },
};

static const struct netstat_words udp6_words[] = {
	{ "InDatagrams", "% packets received", ALWAYS },
	{ "InErrors", "% packet receive errors", ALWAYS },
	{ "NoPorts", "% packets to unknown port received", ALWAYS },
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
	size_t low = 0, high = sentences ? sentences->n : 0;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(name, sentences->words[middle].name);

		if (order == 0)
			return &sentences->words[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}
