/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "json-text.h"

void json_put_string(struct buf *buf, const char *text)
{
	buf_char(buf, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buf_char(buf, '\\');
		buf_char(buf, *text);
	}
	buf_char(buf, '"');
}

void json_put_versions(struct buf *buf)
{
	buf_str(buf, "\"schema\":");
	buf_u64(buf, ESTAB_SCHEMA);
	buf_str(buf, ",\"version\":");
	json_put_string(buf, estab_version());
}
