/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "output.h"

const struct output_format *output_find(enum format format)
{
	switch (format) {
	case FORMAT_JSON:
		return &output_json;
	case FORMAT_JSONL:
		return &output_jsonl;
	case FORMAT_CSV:
		return &output_csv;
	case FORMAT_NULL:
		return &output_null;
	case FORMAT_CONNTRACK:
		return &output_conntrack;
	case FORMAT_CONNTRACK_EXTENDED:
		return &output_conntrack_extended;
	case FORMAT_TABLE:
		break;
	}
	return &output_table;
}
