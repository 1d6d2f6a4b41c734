"""Rewrites the labelled lines so that passwords look as people choose them: the labelled values are
random ones, in life many are not. Each password is written twice: with words of a dictionary in the
place of its runs of letters, and as one of the passwords that lists of the worst begin with.

    python3 benches/tables/humanise.py train.jsonl /usr/share/dict/american-english > humanised.jsonl

The dictionary is Debian's package wamerican.
"""
import json
import random
import re
import sys

random.seed(7)
WORST = [
    "password", "secret", "admin", "test", "pass", "welcome", "letmein", "qwerty", "changeme", "dragon",
    "monkey", "hunter", "master", "root", "guest", "default", "login", "foobar", "topsecret", "testpass",
    "mypassword", "supersecret", "sesame", "postgres", "mysql", "demo", "passw0rd", "hello", "trustno",
]
TAILS = ["", "", "", "1", "2", "12", "123", "1234", "!", "1!", "123!", "@123", "#1", "2020"]
LEET = str.maketrans("aeos", "@30$")
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


def worst():
    word = random.choice(WORST)
    form = random.random()
    if form < 0.2:
        word = word.translate(LEET)
    elif form < 0.4:
        word = word.capitalize()
    return word + random.choice(TAILS)


for row in open(sys.argv[1], encoding="utf-8"):
    row = json.loads(row)
    if row["label"] == "T" and row["value"] and "Password" in row["categories"]:
        start, end = row["value"]
        line = row["lines"][0]
        value = line[start:end]
        if len(value) <= 24:
            for chosen in re.sub(r"[A-Za-z]{3,}", word_like, value), worst():
                row["lines"][0] = line[:start] + chosen + line[end:]
                row["value"] = [start, start + len(chosen)]
                print(json.dumps(row))
