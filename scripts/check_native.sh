#!/usr/bin/env bash
# Runs a SavedModel by TensorFlow's C library, without Python, and compares what it gives with what Python gives.
#
#   scripts/check_native.sh FOLDER [TEXTS.txt]
#
# FOLDER is one version of a model (it holds saved_model.pb); TEXTS.txt has one text a line. The library is that of the
# TensorFlow wheel of $PYTHON (python3), and $CC (gcc) compiles check_native.c against it. The exit status is not 0 where
# a value differs by more than $TOLERANCE (1e-5), a string differs, or anything is missing.
set -euo pipefail

fail() {
    echo "check_native: $1" >&2
    exit 1
}

# The folder of an installed package; it is not imported.
package_folder() {
    "$python" -c "
import importlib.util, sys
found = importlib.util.find_spec(sys.argv[1])
print(found.submodule_search_locations[0] if found else '')" "$1"
}

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
python=${PYTHON:-python3}
compiler=${CC:-gcc}

[[ $# -eq 1 || $# -eq 2 ]] || fail "expected the arguments FOLDER [TEXTS.txt]"
[[ -f $1/saved_model.pb ]] || fail "there is no SavedModel in $1: expected a version, such as models/jobs/1"
[[ $# -eq 1 || -r $2 ]] || fail "$2 cannot be read"
command -v "$python" >/dev/null || fail "there is no Python '$python': set PYTHON"
command -v "$compiler" >/dev/null || fail "there is no C compiler '$compiler': install gcc, or set CC"
tensorflow=$(package_folder tensorflow)
text=$(package_folder tensorflow_text)
[[ -n $tensorflow ]] || fail "$python has no tensorflow: install it, or set PYTHON to one that has it"
[[ -n $text ]] || fail "$python has no tensorflow_text: install it, or set PYTHON to one that has it"
for file in libtensorflow_cc.so.2 libtensorflow_framework.so.2 include/tensorflow/c/c_api.h; do
    [[ -f $tensorflow/$file ]] || fail "$tensorflow has no $file: expected TensorFlow's wheel for Linux"
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TF_CPP_MIN_LOG_LEVEL=${TF_CPP_MIN_LOG_LEVEL:-2}

"$compiler" -std=c11 -O2 -Wall -Wextra -I"$tensorflow/include" "$scripts/check_native.c" -o "$work/check_native" \
    -L"$tensorflow" -l:libtensorflow_cc.so.2 -l:libtensorflow_framework.so.2 -Wl,-rpath,"$tensorflow" -lm \
    || fail "check_native.c cannot be compiled by $compiler"

# What a program said, without TensorFlow's log.
said() {
    grep -vE '^(WARNING: All log|[IWE][0-9]{4} )' "$work/errors" >&2 || true
}
"$python" "$scripts/check_native.py" "$1" "$work/cases" "${@:2}" 2>"$work/errors" || {
    said
    fail "Python cannot run $1"
}
"$work/check_native" "$1" "$work/cases" "${TOLERANCE:-1e-5}" "$text"/python/ops/_*.so 2>"$work/errors" || {
    status=$?
    said
    ((status < 128)) || fail "the C program was ended by signal $((status - 128))"
    exit 1
}
