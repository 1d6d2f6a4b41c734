"""Fits the judgement's trees to measured assignments and writes src/engine/noise/trees.rs.

    labels="cargo run --release --example labels --"
    python3 benches/tables/humanise.py train.jsonl /usr/share/dict/american-english > human.jsonl
    mkdir measured
    $labels measures train.jsonl > measured/train.tsv
    $labels measures train.jsonl --paths > measured/train-paths.tsv
    $labels measures human.jsonl > measured/human.tsv
    $labels measures human.jsonl --paths > measured/human-paths.tsv
    $labels clean DIRECTORY... > measured/clean.tsv
    cargo run --release --example planted -- DIRECTORY... --lines --seed=5 > planted.jsonl
    $labels measures planted.jsonl --paths > measured/planted.tsv
    python3 benches/tables/trees.py measured [--folds] > src/engine/noise/trees.rs

Needs numpy and scikit-learn (1.9 wrote the tables in use). The result is the same for the same input.

The tables come from labelled lines (see examples/labels.rs), once as they are and once with passwords as
people choose them (humanise.py), each with and without the directories it stood in; and from sources of
popular repositories, packages and standard libraries, whose every assignment is taken for no secret, and in
which generated secrets were planted (examples/planted.rs). What is kept of them is numbers of trees, no text.

With --folds it prints how models fitted without a repository judge that repository instead, line by line
and through all rules: a line is found where another rule finds it or a value on it is judged a secret.
"""
import sys
import zlib

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier

# Few people would call these leaks; lines of nothing else are not counted.
SOFT = {"UUID", "Nonce", "Salt", "AWS S3 Bucket", "Tencent WeChat API App ID"}
# A weak password is as often made of words as it is random.
HUMAN_SHARE = 0.5
# Lines are measured in two places, so that each counts half; passwords in two more ways.
PLACES = 0.5
WAYS = 0.5
# There are many planted secrets, as many as one likes.
PLANTED = 0.1
FOLDS = 5
# The measure that tells of tests, examples and documents.
FIXTURE = 89
# Scores from which on a value is a secret; in tests, examples and documents more is asked.
THRESHOLDS = ((0.0, 0.0), (-0.5, 0.5), (-0.5, 1.0), (0.0, 1.0), (0.0, 1.5), (0.5, 2.0))


def load(folder, name):
    """Rows of number or path, label, repository, categories, other rules, which value, measures."""
    rows = []
    for line in open(f"{folder}/{name}.tsv", errors="replace"):
        number, label, group, categories, rules, own, measures, _ = line.rstrip("\n").split("\t", 7)
        measured = None if measures == "-" else np.array(measures.split(","), dtype=np.float32)
        rows.append((number, label, group, set(categories.split(":")), rules, own, measured))
    return rows


def table(rows):
    return np.array([row[6] for row in rows])


def fold(row):
    """Repositories stay whole."""
    return zlib.crc32(row[2].encode()) % FOLDS


def usable(rows):
    """What can be learnt from: measured values that are the labelled ones, or on lines without a secret."""
    return [row for row in rows if row[6] is not None and not row[3] <= SOFT and not (row[1] == "T" and row[5] == "other")]


def weighted(folder):
    parts = []
    for name in ("train", "train-paths"):
        for row in usable(load(folder, name)):
            password = row[1] == "T" and "Password" in row[3]
            parts.append((row, PLACES * (1 - HUMAN_SHARE if password else 1.0)))
    for name in ("human", "human-paths"):
        parts += [(row, PLACES * WAYS * HUMAN_SHARE) for row in usable(load(folder, name)) if row[1] == "T"]
    parts += [(row, 1.0) for row in load(folder, "clean")]
    parts += [(row, PLANTED) for row in usable(load(folder, "planted"))]
    return parts


def fit(parts):
    model = GradientBoostingClassifier(
        max_depth=6, n_estimators=200, learning_rate=0.06, subsample=0.6, min_samples_leaf=20,
        max_features=0.3, random_state=1,
    )
    labels = np.array([row[1] == "T" for row, _ in parts])
    return model.fit(table([row for row, _ in parts]), labels, sample_weight=np.array([weight for _, weight in parts]))


def write(model):
    """Nodes in the order of a walk that takes the left branch first: (measure, threshold, right branch);
    a leaf has no measure and holds its value in thousandths."""
    print("//! The judgement's trees; written by benches/tables/trees.py, not by hand.\n")
    print("use super::model::{Node, leaf, node};\n")
    trees = []
    nodes = []
    for tree in model.estimators_[:, 0]:
        tree = tree.tree_
        trees.append(len(nodes))

        def walk(at):
            if tree.children_left[at] < 0:
                value = round(float(tree.value[at][0][0]) * model.learning_rate * 1000)
                nodes.append(f"leaf({max(-32768, min(32767, value))})")
                return
            here = len(nodes)
            nodes.append(None)
            walk(tree.children_left[at])
            right = len(nodes)
            walk(tree.children_right[at])
            threshold = int(np.floor(tree.threshold[at]))
            nodes[here] = f"node({tree.feature[at]}, {threshold}, {right})"

        walk(0)
    prior = float(np.log(model.init_.class_prior_[1] / model.init_.class_prior_[0]))
    print("/// Score before the first tree, in thousandths.")
    print(f"pub(super) const PRIOR: i32 = {round(prior * 1000)};\n")
    print("/// The first node of each tree.")
    print(f"#[rustfmt::skip]\npub(super) static TREES: [u16; {len(trees)}] = [")
    print("    " + ", ".join(map(str, trees)) + ",\n];\n")
    print("/// The nodes of all trees.")
    print(f"#[rustfmt::skip]\npub(super) static NODES: [Node; {len(nodes)}] = [")
    for first, behind in zip(trees, trees[1:] + [len(nodes)]):
        print("    " + ", ".join(nodes[first:behind]) + ",")
    print("];")


def best(models, rows, fixture):
    """The highest score, less its threshold, of the values of each line."""
    scores = judged(models, rows)
    out = {}
    for row, score in zip(rows, scores):
        out[row[0]] = max(out.get(row[0], -np.inf), score - fixture[int(row[6][FIXTURE])])
    return out


def judged(models, rows):
    measures = table(rows)
    groups = np.array([fold(row) for row in rows])
    scores = np.zeros(len(rows))
    for held, model in enumerate(models):
        if (groups == held).any():
            scores[groups == held] = model.decision_function(measures[groups == held])
    return scores


def score(found, lost, wrong):
    recall, precision = found / (found + lost), found / (found + wrong)
    return f"precision {precision:.3f} recall {recall:.3f} F1 {2 * found / (2 * found + lost + wrong):.3f}"


def folds(folder):
    parts = weighted(folder)
    models = [fit([part for part in parts if fold(part[0]) != held]) for held in range(FOLDS)]
    clean = load(folder, "clean")
    quiet = judged(models, clean)
    for thresholds in THRESHOLDS:
        print("threshold", *thresholds)
        for lines, human in (("train", "human"), ("train-paths", "human-paths")):
            rows = [row for row in load(folder, lines) if not row[3] <= SOFT]
            values = best(models, [row for row in rows if row[6] is not None], thresholds)
            found = {row[0] for row in rows if row[4] or values.get(row[0], -1) > 0}
            secret = {row[0] for row in rows if row[1] == "T"}
            passwords = {row[0] for row in rows if row[1] == "T" and "Password" in row[3]}
            hit, wrong = len(found & secret), len(found - secret)
            chosen = load(folder, human)
            weak = best(models, [row for row in chosen if row[6] is not None], thresholds)
            kept = np.mean([bool(row[4]) or weak.get(row[0], -1) > 0 for row in chosen])
            life = hit - len(found & passwords) + kept * len(passwords)
            print(f"  {lines:12} {score(hit, len(secret) - hit, wrong)};"
                  f" all passwords weak: {score(life, len(secret) - life, wrong)}")
        planted = load(folder, "planted")
        kept = best(models, [row for row in planted if row[6] is not None], thresholds)
        found = np.array([bool(row[4]) or kept.get(row[0], -1) > 0 for row in planted])
        print(f"  planted: recall {found.mean():.3f}")
        fixture = np.array([bool(row[6][FIXTURE]) for row in clean])
        print(f"  clean: {(quiet[~fixture] > thresholds[0]).sum()} in sources,"
              f" {(quiet[fixture] > thresholds[1]).sum()} in tests, examples and documents")


def main():
    folder = next(argument for argument in sys.argv[1:] if not argument.startswith("--"))
    if "--folds" in sys.argv:
        folds(folder)
    else:
        write(fit(weighted(folder)))


main()
