/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Getters over what the kernel's TLS tells of a connection. */
#include <linux/tls.h>
#include <string.h>

#include "field.h"
#include "util.h"

struct tls_word {
	uint16_t number;
	const char *word;
};

static const struct tls_word versions[] = {
	{ TLS_1_2_VERSION, "1.2" },
	{ TLS_1_2_VERSION + 1, "1.3" },
};

/* TLS_CIPHER_…, some of which are younger than the headers. */
static const struct tls_word ciphers[] = {
	{ 51, "aes-gcm-128" },       { 52, "aes-gcm-256" },  { 53, "aes-ccm-128" },
	{ 54, "chacha20-poly1305" }, { 55, "sm4-gcm" },      { 56, "sm4-ccm" },
	{ 57, "aria-gcm-128" },      { 58, "aria-gcm-256" },
};

static const struct tls_word modes[] = {
	{ TLS_CONF_BASE, "none" },
	{ TLS_CONF_SW, "sw" },
	{ TLS_CONF_HW, "hw" },
	{ TLS_CONF_HW_RECORD, "hw-record" },
};

static int read_tls(const struct estab_socket *sock, struct tls_state *ret_tls)
{
	memset(ret_tls, 0, sizeof(*ret_tls));
	return ext_read(sock->ext, EXT_TLS, ret_tls, sizeof(*ret_tls)) ? 0 : without_ulp(sock);
}

/* Zero: it was not set up yet. */
static int give_word(const struct tls_word *words, size_t n, uint16_t number, struct value *ret)
{
	for (size_t i = 0; i < n; i++) {
		if (words[i].number != number)
			continue;
		ret->text.data = words[i].word;
		ret->text.length = strlen(words[i].word);
		return 0;
	}
	return number == 0 ? FIELD_NONE : FIELD_UNKNOWN;
}

int get_tls_version(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	struct tls_state tls;
	int r = read_tls(sock, &tls);

	(void)field;
	return r < 0 ? r : give_word(versions, ARRAY_SIZE(versions), tls.version, ret);
}

int get_tls_cipher(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	struct tls_state tls;
	int r = read_tls(sock, &tls);

	(void)field;
	return r < 0 ? r : give_word(ciphers, ARRAY_SIZE(ciphers), tls.cipher, ret);
}

int get_tls_mode(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	struct tls_state tls;
	int r = read_tls(sock, &tls);

	return r < 0 ? r
		     : give_word(modes, ARRAY_SIZE(modes), field->offset == 0 ? tls.tx : tls.rx,
				 ret);
}

int get_tls_flag(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	struct tls_state tls;
	int r = read_tls(sock, &tls);

	if (r == 0)
		ret->u64 = field->offset == 0 ? tls.zc_ro_tx : tls.no_pad_rx;
	return r;
}
