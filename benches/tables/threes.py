"""Writes src/engine/anchors/threes.rs: which three bytes are common in text, letters in any case.

    python3 benches/tables/threes.py DIRECTORY_WITH_SOURCES... > src/engine/anchors/threes.rs

The sources are any large body of code in several languages; of each directory as much counts.
"""
import collections
import os
import random
import sys

FIRST, LAST = 7, 13  # rows: from 1/256 to 1/128 of all places, ..., from 1/16384 to 1/8192
EACH = 4 << 20  # bytes of text of a directory
FOLD = bytes(byte | 0x20 for byte in range(256))


def texts(root):
    """The text files below a directory in an order that is mixed but the same in every run."""
    files = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name != ".git")
        files += [os.path.join(folder, name) for name in sorted(names)]
    random.Random(1).shuffle(files)
    for path in files:
        if os.path.isfile(path) and not os.path.islink(path) and os.path.getsize(path) < 200_000:
            text = open(path, "rb").read()
            if b"\0" not in text:
                yield text


def main():
    counts, total = collections.Counter(), 0
    for root in sys.argv[1:]:
        seen = 0
        for text in texts(root):
            folded = text.translate(FOLD)
            counts.update(folded[at : at + 3] for at in range(len(folded) - 2))
            seen += len(text)
            if seen > EACH:
                break
        total += seen
    rows = [[] for _ in range(FIRST, LAST + 1)]
    for three, count in counts.most_common():
        row = next(row for row in range(64) if count > total >> row + 1)
        if row <= LAST and all(0x20 <= byte < 0x80 for byte in three):
            rows[max(row - FIRST, 0)].append(three.decode().replace("\x7f", "_"))
    print("//! Three bytes that are common in text; written by benches/tables/threes.py, not by hand.\n")
    print("/// Three bytes, the sixth bit of each set (`_` stands for 0x7f). Of all places in source code the first")
    print("/// row's begin at one in 256 to one in 128 each, every other row's at half as many as those before.")
    print("#[rustfmt::skip]")
    print(f"pub(super) static THREES: [&str; {len(rows)}] = [")
    for row in rows:
        print('    r#"' + "".join(sorted(row)) + '"#,')
    print("];")


main()
