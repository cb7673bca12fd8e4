#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Makes the header that holds a program: skeleton.sh BPFTOOL OBJECT NAME. It is not made for the
# warnings that we compile with, and repeats the names of the types that the program's variables have.
set -eu
cat <<END
#pragma GCC system_header
#include <errno.h>
#include <stdint.h>
typedef uint32_t u32;
END
"$1" gen skeleton -L "$2" name "$3"
