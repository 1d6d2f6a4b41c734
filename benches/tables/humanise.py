"""Rewrites the labelled lines so that secret passwords look as people choose them: runs of letters
become words of the same length. The labelled values are random ones, in life many are not.

    python3 benches/tables/humanise.py train.jsonl /usr/share/dict/american-english > humanised.jsonl
"""
import json
import random
import re
import sys

random.seed(7)
words = {}
for line in open(sys.argv[2], encoding="utf-8"):
    word = line.strip()
    if word.isascii() and word.isalpha() and word.islower():
        words.setdefault(len(word), []).append(word)


def word_like(match):
    run = match.group()
    choice = words.get(len(run))
    if not choice:
        first = len(run) // 2
        if first not in words or len(run) - first not in words:
            return run
        word = random.choice(words[first]) + random.choice(words[len(run) - first])
    else:
        word = random.choice(choice)
    return "".join(new.upper() if old.isupper() else new for old, new in zip(run, word))


for row in open(sys.argv[1], encoding="utf-8"):
    row = json.loads(row)
    if row["label"] == "T" and row["value"] and "Password" in row["categories"]:
        start, end = row["value"]
        line = row["lines"][0]
        value = line[start:end]
        if len(value) <= 24:
            row["lines"][0] = line[:start] + re.sub(r"[A-Za-z]{3,}", word_like, value) + line[end:]
            print(json.dumps(row))
