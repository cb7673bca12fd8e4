#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
# Makes a manual page: render.sh SCDOC FILE. Names of functions must not be hyphenated, and groff
# forgets that it was told so when the title comes.
set -e
page=$("$1" <"$2")
printf '%s\n' "$page" | sed '/^\.TH /a\
.nh'
