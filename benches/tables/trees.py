"""Fits the judgement's trees to measured assignments and writes src/engine/noise/trees.rs.

    cargo run --release --example labels -- measures train.jsonl > train.tsv
    python3 benches/tables/humanise.py train.jsonl WORDS > human.jsonl
    cargo run --release --example labels -- measures human.jsonl > human.tsv
    cargo run --release --example labels -- clean-measures DIRECTORY... > clean.tsv
    python3 benches/tables/trees.py train.tsv human.tsv clean.tsv [--folds] > src/engine/noise/trees.rs

Needs numpy and scikit-learn. With --folds it prints how models fitted without a repository judge that
repository instead.
"""
import sys
import zlib

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier

NAMED = {"Password", "Secret", "Token", "Key", "Auth", "Credential", "API"}
# A weak password is as often made of words as it is random; each way counts half.
PASSWORD_WEIGHT = 0.5
CLEAN_WEIGHT = 1.0


def load(path):
    rows = []
    for line in open(path, errors="replace"):
        label, group, categories, measures, _ = line.rstrip("\n").split("\t", 4)
        rows.append((label, group, set(categories.split(":")), measures))
    return rows


def table(rows):
    return np.array([list(map(int, row[3].split(","))) for row in rows], dtype=np.float32)


def group(row):
    """Repositories stay whole; clean sources are split by package."""
    return zlib.crc32("/".join(row[1].split("/")[:7]).encode()) % 5


def fit(measures, labels, weights):
    model = GradientBoostingClassifier(
        max_depth=5, n_estimators=120, learning_rate=0.1, subsample=0.6, min_samples_leaf=15,
        max_features=0.3, random_state=1,
    )
    return model.fit(measures, labels, sample_weight=weights)


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


def main():
    files = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    train, human, clean = map(load, files)
    missed = sum(1 for row in train if row[0] == "MISS" and row[2] & NAMED)
    train = [row for row in train if row[0] in "TF" and row[2] & NAMED]
    human = [row for row in human if row[0] == "T"]
    rows = train + human + clean
    measures = table(rows)
    labels = np.array([row[0] == "T" for row in rows])
    weights = np.array(
        [PASSWORD_WEIGHT if row[0] == "T" and "Password" in row[2] else 1.0 for row in train]
        + [PASSWORD_WEIGHT] * len(human)
        + [CLEAN_WEIGHT] * len(clean)
    )
    if "--folds" not in sys.argv:
        write(fit(measures, labels, weights))
        return
    groups = np.array([group(row) for row in rows])
    scores = np.zeros(len(rows))
    for held in range(5):
        model = fit(measures[groups != held], labels[groups != held], weights[groups != held])
        scores[groups == held] = model.decision_function(measures[groups == held])
    own, chosen, quiet = np.split(scores, [len(train), len(train) + len(human)])
    secret = labels[: len(train)]
    other = np.array(["Password" not in row[2] for row in train])

    def f1(found, lost, wrong):
        return f"{2 * found / (2 * found + lost + wrong):.3f}"

    for least in (-1, -0.5, 0, 0.5, 1, 1.5, 2):
        found = (own > least) & secret
        wrong = ((own > least) & ~secret).sum()
        lost = secret.sum() - found.sum() + missed
        kept = (found & other).sum() + (chosen > least).sum()
        gone = (secret & other).sum() + len(human) - kept + missed
        print(f"{least:5} precision {found.sum() / (found.sum() + wrong):.3f} recall {found.sum() / (found.sum() + lost):.3f}"
              f" F1 {f1(found.sum(), lost, wrong)}, with words F1 {f1(kept, gone, wrong)} recall {kept / (kept + gone):.3f},"
              f" clean {(quiet > least).sum()}")


main()
