"""Writes src/engine/noise/pairs.rs: how much likelier a pair of letters is in words and identifiers
than in random text, in eighths of a bit.

    python3 benches/tables/pairs.py /usr/share/dict/american-english DIRECTORY_WITH_SOURCES...

The word list is Debian's package wamerican; the sources are any large body of code.
"""
import math
import os
import re
import sys

SYMBOLS = 28  # a-z, a digit, the border of a word


def symbol(char):
    if char.isalpha():
        return ord(char) - 97
    return 26 if char.isdigit() else 27


def parts(identifier):
    """The words of an identifier, in lower case: split at capitals, digits and signs."""
    return [part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", identifier)]


def main():
    counts = [[0.5] * SYMBOLS for _ in range(SYMBOLS)]

    def add(word, weight):
        before = 27
        for char in word + " ":
            now = symbol(char)
            counts[before][now] += weight
            before = now

    for line in open(sys.argv[1], encoding="utf-8"):
        word = line.strip().lower().removesuffix("'s")
        if word.isascii() and word.isalpha():
            add(word, 1)
    seen = {}
    for root in sys.argv[2:]:
        for folder, _, names in os.walk(root):
            for name in names:
                if name.endswith((".rs", ".go", ".py", ".js", ".c", ".md")):
                    path = os.path.join(folder, name)
                    text = open(path, encoding="utf-8", errors="ignore").read(60000)
                    for identifier in set(re.findall(r"[A-Za-z_][A-Za-z0-9_]{2,40}", text)):
                        seen[identifier] = seen.get(identifier, 0) + 1
    for identifier, files in seen.items():
        if files >= 2:
            for part in parts(identifier):
                add(part, math.log2(1 + files))
    print("//! Pairs of letters; written by benches/tables/pairs.py, not by hand.\n")
    print("/// Eighths of a bit by which the second symbol is likelier behind the first than by chance: rows and")
    print("/// columns are a to z, a digit, the border of a word.")
    print("#[rustfmt::skip]")
    print(f"pub(super) static PAIRS: [[i8; {SYMBOLS}]; {SYMBOLS}] = [")
    for row in counts:
        total = sum(row)
        bits = [max(-127, min(127, round(8 * math.log2(count / total * SYMBOLS)))) for count in row]
        print("    [" + ", ".join(map(str, bits)) + "],")
    print("];")


main()
