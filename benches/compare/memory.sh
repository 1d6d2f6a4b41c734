#!/usr/bin/env bash
# Prints the peak memory and the time of a scan of one file of 1 GiB and of a tree of 100,000 files.
#
#     benches/compare/memory.sh [SEKISHO]
#
# SEKISHO is the program to measure (default: target/release/sekisho of this checkout). The inputs are
# made in a temporary directory, 2 GiB in all, and removed again.
set -eu

here=$(cd "$(dirname "$0")/../.." && pwd)
sekisho=${1:-${CARGO_TARGET_DIR:-$here/target}/release/sekisho}
[ -x "$sekisho" ] || {
    echo "no sekisho found: run cargo build --release, or name the program" >&2
    exit 2
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 - "$work" "$here/src" <<'PYTHON'
import os, sys
work, sources = sys.argv[1:]
text = b"".join(
    open(os.path.join(folder, name), "rb").read()
    for folder, _, names in sorted(os.walk(sources)) for name in sorted(names)
)
with open(f"{work}/one", "wb") as out:
    written = 0
    while written < 1 << 30:
        written += out.write(text)
for number in range(100_000):
    folder = f"{work}/tree/{number // 1000}"
    if number % 1000 == 0:
        os.makedirs(folder)
    start = number * 4099 % len(text)
    with open(f"{folder}/{number}.rs", "wb") as out:
        out.write(text[start : start + 4096])
PYTHON

for input in one tree; do
    python3 - "$input" "$sekisho" scan --no-config --quiet --format json "$work/$input" <<'PYTHON'
import json, resource, subprocess, sys, time
start = time.monotonic()
run = subprocess.run(sys.argv[2:], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
elapsed = time.monotonic() - start
stats = json.loads(run.stdout)["stats"]
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(f"{sys.argv[1]}: {stats['inputs']} inputs, {stats['bytes'] / 1e6:.0f} MB, "
      f"peak {used.ru_maxrss / 1024:.0f} MiB, {elapsed:.2f} s, CPU {used.ru_utime + used.ru_stime:.2f} s")
PYTHON
done
