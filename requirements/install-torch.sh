#!/bin/sh
# Installs torch and torchvision: `install-torch.sh INDEX PIP...`, e.g. with `python -m pip`.
#
# The CPU wheels of INDEX are a fifth of the ordinary ones. Their hashes are in torch-cpu.txt once somebody has run the
# workflow "Lock the CPU wheels" and reviewed what it wrote; until then they are taken by exact version. Where INDEX does
# not answer the ordinary wheels are taken, by hash. No two indexes are asked for one package: either would be believed.
set -eu
here=$(dirname "$0")
index=$1
shift
if [ -f "$here/torch-cpu.txt" ]; then
    set -- "$@" install --retries 1 --timeout 30 --no-deps --index-url "$index" --require-hashes -r "$here/torch-cpu.txt"
else
    set -- "$@" install --retries 1 --timeout 30 --no-deps --index-url "$index" -r "$here/torch.txt"
fi
if "$@"; then
    exit 0
fi
echo "the CPU wheels can't be had from $index: taking the ordinary ones, which are five times as large" >&2
# The same words, up to `install`.
words=$#
for word in "$@"; do
    [ "$word" = install ] && break
    set -- "$@" "$word"
done
shift "$words"
exec "$@" install --require-hashes -r "$here/torch-locked.txt"
