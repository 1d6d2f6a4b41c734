#!/usr/bin/env bash
# Runs Sekisho and whatever peers are installed over one tree and prints time, memory and findings side
# by side.
#
#     benches/compare/run.sh TREE [SEKISHO]
#
# SEKISHO is the program to measure (default: target/release/sekisho of this checkout, else the one on
# the path). Peers that are not installed are left out. Each tool runs twice; the second run counts, so
# that all of them read from memory. `rg` reads the same files for one rare text: the floor.
set -eu

tree=${1:?usage: benches/compare/run.sh TREE [SEKISHO]}
here=$(cd "$(dirname "$0")/../.." && pwd)
default=${CARGO_TARGET_DIR:-$here/target}/release/sekisho
sekisho=${2:-$default}
[ -x "$sekisho" ] || sekisho=$(command -v sekisho) || {
    echo "no sekisho found: run cargo build --release, or name the program" >&2
    exit 2
}
tree=$(cd "$tree" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# measure OUTPUT COMMAND...: prints "seconds kilobytes"; the command's own output goes to OUTPUT.
measure() {
    local output=$1
    shift
    if [ -x /usr/bin/time ] && /usr/bin/time -v true 2>/dev/null; then
        /usr/bin/time -v -o "$work/time" "$@" >"$output" 2>/dev/null || true
        awk -F': ' '/Elapsed/ { n = split($2, part, ":"); s = 0; for (i = 1; i <= n; i++) s = s * 60 + part[i] }
            /Maximum resident/ { kb = $2 } END { printf "%.2f %d\n", s, kb }' "$work/time"
    else
        python3 - "$output" "$@" <<'PYTHON'
import resource, subprocess, sys, time
with open(sys.argv[1], "wb") as output:
    start = time.monotonic()
    subprocess.run(sys.argv[2:], stdout=output, stderr=subprocess.DEVNULL)
    elapsed = time.monotonic() - start
print(f"{elapsed:.2f} {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}")
PYTHON
    fi
}

# count FILE HOW: how many findings a report tells of.
count() {
    python3 - "$1" "$2" <<'PYTHON'
import json, sys
path, how = sys.argv[1:]
try:
    text = open(path, encoding="utf-8", errors="replace").read()
    if how == "lines":
        print(sum(1 for line in text.splitlines() if line.strip()))
    elif how == "array":
        print(len(json.loads(text or "[]") or []))
    elif how == "places":
        print(json.loads(text)["stats"]["places"])
    elif how == "results":
        print(sum(len(found) for found in json.loads(text)["results"].values()))
    elif how == "findings":
        # One JSON document a line; the last tells how many findings there were.
        totals = []
        for line in text.splitlines():
            try:
                value = json.loads(line)
            except ValueError:
                continue
            if isinstance(value, dict) and isinstance(value.get("findings"), int):
                totals.append(value["findings"])
        print(totals[-1] if totals else "?")
except (OSError, ValueError, KeyError):
    print("?")
PYTHON
}

row() { printf '%-16s %9s %10s %9s\n' "$@"; }

# tool NAME COUNTED-FILE HOW COMMAND...
tool() {
    local name=$1 counted=$2 how=$3 numbers
    shift 3
    command -v "$1" >/dev/null 2>&1 || return 0
    measure "$work/out" "$@" >/dev/null
    numbers=$(measure "$work/out" "$@")
    row "$name" "${numbers% *} s" "$((${numbers#* } / 1024)) MB" "$(count "$counted" "$how")"
}

out=$work/out
row tool time memory findings
tool sekisho "$out" places "$sekisho" scan --no-config --quiet --format json "$tree"
tool kingfisher "$out" findings kingfisher scan "$tree" --no-validate --git-history none --format jsonl
tool gitleaks "$work/gitleaks.json" array gitleaks dir "$tree" --no-banner --report-format json --report-path "$work/gitleaks.json"
tool betterleaks "$work/betterleaks.json" array betterleaks dir "$tree" --no-banner --report-format json --report-path "$work/betterleaks.json"
tool detect-secrets "$out" results detect-secrets -C "$tree" scan --all-files .
tool ripsecrets "$out" lines ripsecrets "$tree"
tool "rg (floor)" "$out" lines rg --hidden --glob '!.git' --count sekisho_never_written "$tree"
