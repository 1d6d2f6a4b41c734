#!/usr/bin/env bash
# Counts what scanners find in sources that hold no secrets, in findings per million lines: first for each
# directory, then by rule, then what peers find there, where they are installed.
#
#     benches/compare/noise.sh DIRECTORY...
#
# SEKISHO names the program to measure (default: target/release/sekisho of this checkout, else the one on
# the path). A finding is one rule and one secret, however often it stands there. Settings and ignore files
# of the directories do not count.
set -eu

[ $# -gt 0 ] || { echo "usage: benches/compare/noise.sh DIRECTORY..." >&2; exit 2; }
here=$(cd "$(dirname "$0")/../.." && pwd)
sekisho=${SEKISHO:-${CARGO_TARGET_DIR:-$here/target}/release/sekisho}
[ -x "$sekisho" ] || sekisho=$(command -v sekisho) || {
    echo "no sekisho found: run cargo build --release, or name the program in SEKISHO" >&2
    exit 2
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

rate() { awk -v found="$1" -v lines="$2" 'BEGIN { printf "%.1f", lines ? found * 1e6 / lines : 0 }'; }
row() { printf '%-40s %10s %9s %12s\n' "$@"; }

row directory lines findings "per million"
total=0
all=0
for directory in "$@"; do
    lines=$(find "$directory" -type f -not -path '*/.git/*' -print0 | xargs -0 -r cat | wc -l)
    # Status 1 tells of findings, 2 of files that could not be read.
    "$sekisho" scan --no-config --no-ignore --quiet --format jsonl "$directory" >"$work/found" 2>/dev/null || true
    grep '"type":"finding"' "$work/found" >>"$work/findings" || true
    found=$(grep -c '"type":"finding"' "$work/found" || true)
    row "$(basename "$directory")" "$lines" "$found" "$(rate "$found" "$lines")"
    total=$((total + lines))
    all=$((all + found))
done
row all "$total" "$all" "$(rate "$all" "$total")"

echo
row rule "" findings "per million"
sed -n 's/.*"type":"finding","rule":"\([^"]*\)".*/\1/p' "$work/findings" | sort | uniq -c | sort -rn |
    while read -r found rule; do row "$rule" "" "$found" "$(rate "$found" "$total")"; done

# peer NAME: the number of findings that `list DIRECTORY` writes to $work/report, summed over all directories.
peer() {
    command -v "$1" >/dev/null 2>&1 || return 0
    local found=0 counted
    for directory in "${directories[@]}"; do
        rm -f "$work/report"
        list "$directory" >"$work/out" 2>/dev/null || true
        [ -s "$work/report" ] || cp "$work/out" "$work/report"
        counted=$(python3 -c '
import json, sys
text = open(sys.argv[1], errors="replace").read()
try:
    value = json.loads(text or "[]")
    value = value.get("results", value) if isinstance(value, dict) else value
    print(sum(map(len, value.values())) if isinstance(value, dict) else len(value or []))
except ValueError:
    print(sum("\"rule\"" in line or not line.startswith("{") for line in text.splitlines()))
' "$work/report")
        found=$((found + counted))
    done
    row "$1" "$total" "$found" "$(rate "$found" "$total")"
}

directories=("$@")
echo
row peer lines findings "per million"
list() { gitleaks dir "$1" --no-banner --report-format json --report-path "$work/report"; }
peer gitleaks
list() { betterleaks dir "$1" --no-banner --report-format json --report-path "$work/report"; }
peer betterleaks
list() { kingfisher scan "$1" --no-validate --git-history none --format jsonl; }
peer kingfisher
list() { detect-secrets -C "$1" scan --all-files .; }
peer detect-secrets
list() { ripsecrets "$1"; }
peer ripsecrets
