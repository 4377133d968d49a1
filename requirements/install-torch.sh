#!/bin/sh
# Installs torch and torchvision: `install-torch.sh INDEX PIP...`, e.g. with `python -m pip` or `uv pip`.
#
# The CPU wheels of INDEX are a fifth of the ordinary ones. Their hashes are in torch-cpu.txt once somebody has run the
# workflow "Look up pins" and reviewed what it wrote; until then they are taken by exact version. Where INDEX does
# not answer the ordinary wheels are taken, by hash. No two indexes are asked for one package: either would be believed.
set -eu
here=$(dirname "$0")
index=$1
shift
words=$#
set -- "$@" install
case $1 in
    uv | */uv) ;;
    *) set -- "$@" --retries 1 --timeout 30 ;;
esac
if [ -f "$here/torch-cpu.txt" ]; then
    set -- "$@" --no-deps --index-url "$index" --require-hashes -r "$here/torch-cpu.txt"
else
    set -- "$@" --no-deps --index-url "$index" -r "$here/torch.txt"
fi
# What pip says of an index that is gone is a score of warnings.
complaints=$(mktemp)
trap 'rm -f "$complaints"' EXIT
if "$@" 2>"$complaints"; then
    exit 0
fi
echo "the CPU build of torch can't be had from $index ($(grep -i error "$complaints" | tail -n 1 | cut -c 1-200)): taking the ordinary one, 2.8 GB" >&2
# The same words, up to `install`.
all=$#
for word in "$@"; do
    [ "$words" -eq 0 ] && break
    words=$((words - 1))
    set -- "$@" "$word"
done
shift "$all"
"$@" install --require-hashes -r "$here/torch-locked.txt"
