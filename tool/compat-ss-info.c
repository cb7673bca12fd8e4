/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* ss -i: what TCP and MPTCP know of a connection. What is zero is not shown. */
#include <stdio.h>
#include <string.h>

#include "compat-ss.h"
#include "util.h"

/* A field whose value follows its name; of some a value says that there is none. */
struct info_number {
	enum estab_field field;
	const char *name;
};

static void put_numbers(struct buf *buf, const struct estab_socket *sock,
			const struct info_number *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t value = compat_u64(sock, numbers[i].field, 0);

		if (value == 0)
			continue;
		buf_str(buf, numbers[i].name);
		buf_u64(buf, value);
	}
}

static void put_real(struct buf *buf, const char *name, double value)
{
	char text[40];

	snprintf(text, sizeof(text), "%g", value);
	buf_str(buf, name);
	buf_str(buf, text);
}

/* Microseconds as milliseconds. */
static void put_ms(struct buf *buf, const struct estab_socket *sock, const char *name,
		   enum estab_field field)
{
	uint64_t us = compat_u64(sock, field, 0);

	if (us != 0)
		put_real(buf, name, (double)us / 1000);
}

/* Bits a second, "12.3Mbps", all digits with -n. */
static void put_rate(const struct ss *ss, struct buf *buf, const char *name, double rate)
{
	static const struct {
		double from;
		const char *unit;
	} units[] = { { 1e12, "Tbps" }, { 1e9, "Gbps" }, { 1e6, "Mbps" }, { 1e3, "kbps" } };
	char text[400];

	if (rate <= 0)
		return;
	buf_str(buf, name);
	if (ss->options.numeric) {
		snprintf(text, sizeof(text), "%.0fbps", rate);
		buf_str(buf, text);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (rate < units[i].from)
			continue;
		snprintf(text, sizeof(text), "%.3g", rate / units[i].from);
		buf_str(buf, text);
		buf_str(buf, units[i].unit);
		return;
	}
	put_real(buf, "", rate);
	buf_str(buf, "bps");
}

static void put_options(struct buf *buf, const struct estab_socket *sock)
{
	static const struct info_number options[] = {
		{ ESTAB_F_TCP_TIMESTAMPS, " ts" },     { ESTAB_F_TCP_SACK, " sack" },
		{ ESTAB_F_TCP_ECN, " ecn" },           { ESTAB_F_TCP_ECN_SEEN, " ecnseen" },
		{ ESTAB_F_TCP_FASTOPEN, " fastopen" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (compat_u64(sock, options[i].field, 0) != 0)
			buf_str(buf, options[i].name);
}

/* Up to the segment counts. */
static void put_first(struct buf *buf, const struct estab_socket *sock)
{
	static const struct info_number numbers[] = {
		{ ESTAB_F_TCP_SND_MSS, " mss:" },    { ESTAB_F_TCP_PMTU, " pmtu:" },
		{ ESTAB_F_TCP_RCV_MSS, " rcvmss:" }, { ESTAB_F_TCP_ADVMSS, " advmss:" },
		{ ESTAB_F_TCP_SND_CWND, " cwnd:" },
	};
	static const struct info_number counts[] = {
		{ ESTAB_F_TCP_BYTES_SENT, " bytes_sent:" },
		{ ESTAB_F_TCP_BYTES_RETRANS, " bytes_retrans:" },
		{ ESTAB_F_TCP_BYTES_ACKED, " bytes_acked:" },
		{ ESTAB_F_TCP_BYTES_RECEIVED, " bytes_received:" },
		{ ESTAB_F_TCP_SEGS_OUT, " segs_out:" },
		{ ESTAB_F_TCP_SEGS_IN, " segs_in:" },
		{ ESTAB_F_TCP_DATA_SEGS_OUT, " data_segs_out:" },
		{ ESTAB_F_TCP_DATA_SEGS_IN, " data_segs_in:" },
	};
	enum { RTO_FALLBACK_US = 3000000, SSTHRESH_MAX = 0xffff };
	uint64_t rto = compat_u64(sock, ESTAB_F_TCP_RTO_US, 0);
	uint64_t ssthresh = compat_u64(sock, ESTAB_F_TCP_SND_SSTHRESH, 0);

	if (compat_u64(sock, ESTAB_F_TCP_WSCALE, 0) != 0) {
		buf_str(buf, " wscale:");
		buf_u64(buf, compat_u64(sock, ESTAB_F_TCP_SND_WSCALE, 0));
		buf_char(buf, ',');
		buf_u64(buf, compat_u64(sock, ESTAB_F_TCP_RCV_WSCALE, 0));
	}
	if (rto != 0 && rto != RTO_FALLBACK_US)
		put_real(buf, " rto:", (double)rto / 1000);
	put_numbers(buf, sock, &(struct info_number){ ESTAB_F_TCP_BACKOFF, " backoff:" }, 1);
	if (compat_u64(sock, ESTAB_F_TCP_RTT_US, 0) != 0) {
		put_ms(buf, sock, " rtt:", ESTAB_F_TCP_RTT_US);
		put_real(buf, "/", (double)compat_u64(sock, ESTAB_F_TCP_RTTVAR_US, 0) / 1000);
	}
	put_ms(buf, sock, " ato:", ESTAB_F_TCP_ATO_US);
	put_numbers(buf, sock, numbers, ARRAY_SIZE(numbers));
	if (ssthresh != 0 && ssthresh < SSTHRESH_MAX) {
		buf_str(buf, " ssthresh:");
		buf_u64(buf, ssthresh);
	}
	put_numbers(buf, sock, counts, ARRAY_SIZE(counts));
}

static void put_bbr(const struct ss *ss, struct buf *buf, const struct estab_socket *sock)
{
	static const struct {
		enum estab_field field;
		const char *name;
	} gains[] = {
		{ ESTAB_F_TCP_BBR_PACING_GAIN, ",pacing_gain:" },
		{ ESTAB_F_TCP_BBR_CWND_GAIN, ",cwnd_gain:" },
	};
	uint64_t bandwidth;

	if (estab_socket_get_u64(sock, ESTAB_F_TCP_BBR_BANDWIDTH, &bandwidth) < 0)
		return;
	put_rate(ss, buf, " bbr:(bw:", (double)bandwidth * 8);
	if (bandwidth == 0)
		buf_str(buf, " bbr:(bw:0bps");
	put_real(buf, ",mrtt:", (double)compat_u64(sock, ESTAB_F_TCP_BBR_MIN_RTT_US, 0) / 1000);
	for (size_t i = 0; i < ARRAY_SIZE(gains); i++) {
		double gain;

		if (estab_socket_get_f64(sock, gains[i].field, &gain) == 0 && gain > 0)
			put_real(buf, gains[i].name, gain);
	}
	buf_char(buf, ')');
}

static void put_dctcp(struct buf *buf, const struct estab_socket *sock)
{
	static const struct info_number numbers[] = {
		{ ESTAB_F_TCP_DCTCP_CE_STATE, " dctcp:(ce_state:" },
		{ ESTAB_F_TCP_DCTCP_ALPHA, ",alpha:" },
		{ ESTAB_F_TCP_DCTCP_AB_ECN, ",ab_ecn:" },
		{ ESTAB_F_TCP_DCTCP_AB_TOT, ",ab_tot:" },
	};
	uint64_t enabled;

	if (estab_socket_get_u64(sock, ESTAB_F_TCP_DCTCP_ENABLED, &enabled) < 0)
		return;
	if (!enabled) {
		buf_str(buf, " dctcp:fallback_mode");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		buf_str(buf, numbers[i].name);
		buf_u64(buf, compat_u64(sock, numbers[i].field, 0));
	}
	buf_char(buf, ')');
}

static void put_rates(const struct ss *ss, struct buf *buf, const struct estab_socket *sock)
{
	static const struct info_number ages[] = {
		{ ESTAB_F_TCP_LAST_DATA_SENT_MS, " lastsnd:" },
		{ ESTAB_F_TCP_LAST_DATA_RECV_MS, " lastrcv:" },
		{ ESTAB_F_TCP_LAST_ACK_RECV_MS, " lastack:" },
	};
	static const struct info_number delivered[] = {
		{ ESTAB_F_TCP_DELIVERED, " delivered:" },
		{ ESTAB_F_TCP_DELIVERED_CE, " delivered_ce:" },
	};
	double rtt = (double)compat_u64(sock, ESTAB_F_TCP_RTT_US, 0);
	double pacing = (double)compat_u64(sock, ESTAB_F_TCP_PACING_RATE, 0);

	if (rtt > 0)
		put_rate(ss, buf, " send ",
			 (double)compat_u64(sock, ESTAB_F_TCP_SND_CWND, 0) *
				 (double)compat_u64(sock, ESTAB_F_TCP_SND_MSS, 0) * 8000000. / rtt);
	put_numbers(buf, sock, ages, ARRAY_SIZE(ages));
	if (pacing > 0) {
		put_rate(ss, buf, " pacing_rate ", pacing * 8);
		put_rate(ss, buf, "/",
			 (double)compat_u64(sock, ESTAB_F_TCP_MAX_PACING_RATE, 0) * 8);
	}
	put_rate(ss, buf, " delivery_rate ",
		 (double)compat_u64(sock, ESTAB_F_TCP_DELIVERY_RATE, 0) * 8);
	put_numbers(buf, sock, delivered, ARRAY_SIZE(delivered));
	if (compat_u64(sock, ESTAB_F_TCP_APP_LIMITED, 0) != 0)
		buf_str(buf, " app_limited");
}

static void put_limited(struct buf *buf, const struct estab_socket *sock, const char *name,
			enum estab_field field, uint64_t busy)
{
	uint64_t limited = compat_u64(sock, field, 0);
	char text[40];

	if (limited == 0)
		return;
	buf_str(buf, name);
	buf_u64(buf, limited / 1000);
	snprintf(text, sizeof(text), "ms(%.1f%%)", 100.0 * (double)limited / (double)busy);
	buf_str(buf, text);
}

static void put_busy(struct buf *buf, const struct estab_socket *sock)
{
	uint64_t busy = compat_u64(sock, ESTAB_F_TCP_BUSY_TIME_US, 0);

	if (busy == 0)
		return;
	buf_str(buf, " busy:");
	buf_u64(buf, busy / 1000);
	buf_str(buf, "ms");
	put_limited(buf, sock, " rwnd_limited:", ESTAB_F_TCP_RWND_LIMITED_US, busy);
	put_limited(buf, sock, " sndbuf_limited:", ESTAB_F_TCP_SNDBUF_LIMITED_US, busy);
}

static void put_losses(struct buf *buf, const struct estab_socket *sock)
{
	static const struct info_number numbers[] = {
		{ ESTAB_F_TCP_DSACK_DUPS, " dsack_dups:" },
		{ ESTAB_F_TCP_FACKETS, " fackets:" },
	};
	enum { REORDERING_DEFAULT = 3 };
	uint64_t retrans = compat_u64(sock, ESTAB_F_TCP_RETRANS, 0);
	uint64_t total = compat_u64(sock, ESTAB_F_TCP_TOTAL_RETRANS, 0);
	uint64_t reordering = compat_u64(sock, ESTAB_F_TCP_REORDERING, 0);

	put_numbers(buf, sock, &(struct info_number){ ESTAB_F_TCP_UNACKED, " unacked:" }, 1);
	if (retrans != 0 || total != 0) {
		buf_str(buf, " retrans:");
		buf_u64(buf, retrans);
		buf_char(buf, '/');
		buf_u64(buf, total);
	}
	put_numbers(buf, sock, &(struct info_number){ ESTAB_F_TCP_LOST, " lost:" }, 1);
	/* A listener has its backlog's limit there. */
	if (compat_state(sock) != ESTAB_STATE_LISTEN)
		put_numbers(buf, sock, &(struct info_number){ ESTAB_F_TCP_SACKED, " sacked:" }, 1);
	put_numbers(buf, sock, numbers, ARRAY_SIZE(numbers));
	if (reordering != REORDERING_DEFAULT) {
		buf_str(buf, " reordering:");
		buf_u64(buf, reordering);
	}
	put_numbers(buf, sock, &(struct info_number){ ESTAB_F_TCP_REORD_SEEN, " reord_seen:" }, 1);
}

static void put_last(struct buf *buf, const struct estab_socket *sock)
{
	static const struct info_number space[] = {
		{ ESTAB_F_TCP_RCV_SPACE, " rcv_space:" },
		{ ESTAB_F_TCP_RCV_SSTHRESH, " rcv_ssthresh:" },
		{ ESTAB_F_TCP_NOTSENT_BYTES, " notsent:" },
	};
	static const struct info_number numbers[] = {
		{ ESTAB_F_TCP_RCV_OOOPACK, " rcv_ooopack:" },
		{ ESTAB_F_TCP_SND_WND, " snd_wnd:" },
	};

	put_ms(buf, sock, " rcv_rtt:", ESTAB_F_TCP_RCV_RTT_US);
	put_numbers(buf, sock, space, ARRAY_SIZE(space));
	put_ms(buf, sock, " minrtt:", ESTAB_F_TCP_MIN_RTT_US);
	put_numbers(buf, sock, numbers, ARRAY_SIZE(numbers));
}

/* " NAME:HEX" */
static void put_hex(struct buf *buf, const struct estab_socket *sock, const char *name,
		    enum estab_field field, uint64_t otherwise)
{
	uint64_t value = compat_u64(sock, field, otherwise);

	if (value == otherwise)
		return;
	buf_str(buf, name);
	compat_put_hex(buf, value);
}

static void put_token(struct buf *buf, const char *name, uint64_t token, uint64_t id)
{
	char text[40];

	snprintf(text, sizeof(text), "%s%04x(id:%u)", name, (unsigned int)token, (unsigned int)id);
	buf_str(buf, text);
}

/* Which subflow of an MPTCP connection it is. */
static void put_subflow(struct buf *buf, const struct estab_socket *sock)
{
	/* MPTCP_SUBFLOW_FLAG_… from bit 0 on: this order is that of ss(8). */
	static const struct {
		unsigned int bit;
		char letter;
	} letters[] = { { 0, 'M' }, { 1, 'm' }, { 2, 'J' }, { 3, 'j' }, { 4, 'B' },
			{ 5, 'b' }, { 6, 'e' }, { 7, 'c' }, { 8, 'v' } };
	uint64_t flags;

	if (estab_socket_get_u64(sock, ESTAB_F_MPTCP_SUBFLOW_FLAGS, &flags) < 0)
		return;
	if (flags != 0)
		buf_str(buf, " flags:");
	for (size_t i = 0; i < ARRAY_SIZE(letters); i++)
		if (flags & BIT32(letters[i].bit))
			buf_char(buf, letters[i].letter);
	put_token(buf, " token:", compat_u64(sock, ESTAB_F_MPTCP_REMOTE_TOKEN, 0),
		  compat_u64(sock, ESTAB_F_MPTCP_REMOTE_ID, 0));
	put_token(buf, "/", compat_u64(sock, ESTAB_F_MPTCP_TOKEN, 0),
		  compat_u64(sock, ESTAB_F_MPTCP_LOCAL_ID, 0));
	put_hex(buf, sock, " seq:", ESTAB_F_MPTCP_MAP_SEQ, UINT64_MAX);
	put_hex(buf, sock, " sfseq:", ESTAB_F_MPTCP_MAP_SUBFLOW_SEQ, UINT64_MAX);
	put_hex(buf, sock, " ssnoff:", ESTAB_F_MPTCP_SSN_OFFSET, UINT64_MAX);
	put_hex(buf, sock, " maplen:", ESTAB_F_MPTCP_MAP_LENGTH, UINT64_MAX);
}

/* What the kernel's TLS does. */
static void put_tls(struct buf *buf, const struct estab_socket *sock)
{
	static const struct {
		enum estab_field field;
		const char *name;
	} words[] = {
		{ ESTAB_F_TCP_TLS_VERSION, " version: " },
		{ ESTAB_F_TCP_TLS_CIPHER, " cipher: " },
		{ ESTAB_F_TCP_TLS_RX, " rxconf: " },
		{ ESTAB_F_TCP_TLS_TX, " txconf: " },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		const char *word = compat_str(sock, words[i].field);

		if (!word)
			continue;
		buf_str(buf, words[i].name);
		buf_str(buf, word);
	}
	if (compat_u64(sock, ESTAB_F_TCP_TLS_ZC_RO_TX, 0) != 0)
		buf_str(buf, " zc_ro_tx");
	if (compat_u64(sock, ESTAB_F_TCP_TLS_NO_PAD_RX, 0) != 0)
		buf_str(buf, " no_pad_rx");
}

void ss_put_tcp_info(const struct ss *ss, struct buf *buf, const struct estab_socket *sock)
{
	const char *congestion = compat_str(sock, ESTAB_F_TCP_CONGESTION);
	const char *ulp = compat_str(sock, ESTAB_F_TCP_ULP);

	/* One of its first numbers tells whether there is a tcp_info at all. */
	if (compat_u64(sock, ESTAB_F_TCP_SND_MSS, UINT64_MAX) != UINT64_MAX) {
		if (ss->options.timers)
			put_options(buf, sock);
		if (congestion) {
			buf_char(buf, ' ');
			buf_escape(buf, congestion, strlen(congestion));
		}
		put_first(buf, sock);
		put_dctcp(buf, sock);
		put_bbr(ss, buf, sock);
		put_rates(ss, buf, sock);
		put_busy(buf, sock);
		put_losses(buf, sock);
		put_last(buf, sock);
	}
	if (ulp) {
		buf_str(buf, " tcp-ulp-");
		buf_escape(buf, ulp, strlen(ulp));
		put_tls(buf, sock);
		put_subflow(buf, sock);
	}
}

void ss_put_mptcp_info(struct buf *buf, const struct estab_socket *sock)
{
	static const struct info_number numbers[] = {
		{ ESTAB_F_MPTCP_SUBFLOWS, " subflows:" },
		{ ESTAB_F_MPTCP_ADD_ADDR_SIGNAL, " add_addr_signal:" },
		{ ESTAB_F_MPTCP_ADD_ADDR_ACCEPTED, " add_addr_accepted:" },
		{ ESTAB_F_MPTCP_SUBFLOWS_MAX, " subflows_max:" },
		{ ESTAB_F_MPTCP_ADD_ADDR_SIGNAL_MAX, " add_addr_signal_max:" },
		{ ESTAB_F_MPTCP_ADD_ADDR_ACCEPTED_MAX, " add_addr_accepted_max:" },
	};

	put_numbers(buf, sock, numbers, ARRAY_SIZE(numbers));
	if (compat_u64(sock, ESTAB_F_MPTCP_FALLBACK, 0) != 0)
		buf_str(buf, " fallback");
	if (compat_u64(sock, ESTAB_F_MPTCP_REMOTE_KEY_RECEIVED, 0) != 0)
		buf_str(buf, " remote_key");
	put_hex(buf, sock, " token:", ESTAB_F_MPTCP_TOKEN, 0);
	put_hex(buf, sock, " write_seq:", ESTAB_F_MPTCP_WRITE_SEQ, 0);
	put_hex(buf, sock, " snd_una:", ESTAB_F_MPTCP_SND_UNA, 0);
	put_hex(buf, sock, " rcv_nxt:", ESTAB_F_MPTCP_RCV_NXT, 0);
}
