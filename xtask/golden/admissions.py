"""Writes synthetic.json into the example t4_admissions: the table that the example makes, and the fourth tutorial's
training on it, in NumPy and float64.

    python admissions.py            (needs numpy; the random numbers are those of the script beside tensor's tests)
    python admissions.py FOLDER     (writes nothing: compares the training with reference.json on admissions.csv there)

Written from the tutorial: one record after the other, one record a row. It shares nothing with the Rust code.
"""
import csv, importlib.util, json, math, pathlib, sys

import numpy as np

crates = pathlib.Path(__file__).parents[2] / "crates"
spec = importlib.util.spec_from_file_location("chainrule_random", crates / "tensor/tests/reference/random.py")
rng = importlib.util.module_from_spec(spec)
spec.loader.exec_module(rng)

SEED, ROWS = 4, 400
EPOCHS, RATE, LARGER_RATE = 900, 0.005, 2.0
MSE = "mean_squared_error_on_train_after_epochs_0_90_to_810"
LAST = "loss_as_the_tutorial_prints_it_from_the_last_record_only"


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def applicant(row):
    """One made-up record, from random numbers of its own."""
    g = rng.words(SEED, rng.DRAW, row, 0)
    z1, z2 = rng.normals(g, 2)
    gre = min(max(20 * math.floor((580 + 110 * z1) / 20 + 0.5), 200), 800)
    gpa = min(max(math.floor(100 * (3.4 + 0.4 * z2) + 0.5) / 100, 2), 4)
    rank = 1 + rng.index(g, 4)
    logit = 0.8 * (gre - 580) / 110 + 0.8 * (gpa - 3.4) / 0.4 - 0.8 * (rank - 2.5) - 0.8
    return int(rng.uniform(g) < 1 / (1 + math.exp(-logit))), gre, gpa, rank


def prepare(table):
    """Features, one record a row, and targets."""
    table = np.array(table, float)
    scaled = (table[:, 1:3] - table[:, 1:3].mean(0)) / table[:, 1:3].std(0, ddof=1)
    return np.hstack([scaled, table[:, 3:] == np.arange(1, 5)]), table[:, 0]


def train(features, targets, start, rate=RATE):
    """The tutorial's program, but for the loss that it means to print."""
    rows = start["train_rows"]
    held_out = sorted(set(range(len(targets))) - set(rows))
    w1, w2 = np.array(start["w_input_hidden"]), np.array(start["w_hidden_output"])
    result = {MSE: [], LAST: []}
    for epoch in range(EPOCHS):
        dw1, dw2 = np.zeros(w1.shape), np.zeros(w2.shape)
        for x, y in zip(features[rows], targets[rows]):
            hidden = sigmoid(x @ w1)
            output = sigmoid(hidden @ w2)
            delta = (y - output) * output * (1 - output)
            dw1 += x[:, None] * (delta * w2 * hidden * (1 - hidden))
            dw2 += delta * hidden
        w1 += rate * dw1 / len(rows)
        w2 += rate * dw2 / len(rows)
        if epoch % (EPOCHS // 10) == 0:
            outputs = sigmoid(sigmoid(features[rows] @ w1) @ w2)
            result[MSE].append(float(np.mean((outputs - targets[rows]) ** 2)))
            result[LAST].append(float(np.mean((outputs[-1] - targets[rows]) ** 2)))
    answers = sigmoid(sigmoid(features[held_out] @ w1) @ w2) > 0.5
    return result | dict(w_input_hidden_after=w1.tolist(), w_hidden_output_after=w2.tolist(),
                         test_accuracy=float(np.mean(answers == targets[held_out])))


def synthetic():
    table = [applicant(row) for row in range(ROWS)]
    # Weights are drawn input by input: the two of gre, the two of gpa, and so on.
    weights = lambda layer, n: [z / math.sqrt(6) for z in rng.normals(rng.words(SEED, rng.INITIALISE, layer, 0), n)]
    start = dict(
        train_rows=rng.shuffled(rng.words(SEED, rng.SHUFFLE, 0, 0), ROWS)[: ROWS * 9 // 10],
        w_input_hidden=np.reshape(weights(0, 12), (6, 2)).tolist(), w_hidden_output=weights(1, 2))
    made_by = f"admissions.py with NumPy {np.__version__}; the table is synthetic: admit, gre, gpa, rank"
    larger = train(*prepare(table), start, LARGER_RATE)
    result = dict(made_by=made_by, **start, **train(*prepare(table), start), with_rate_2=larger, table=table)
    text = ",\n".join(f'"{key}": {json.dumps(value)}' for key, value in result.items())
    (crates / "chainrule/examples/t4_admissions/synthetic.json").write_text("{" + text + "}\n")


def compare(folder):
    with open(folder / "admissions.csv") as file:
        table = [[row[name] for name in ("admit", "gre", "gpa", "rank")] for row in csv.DictReader(file)]
    reference = json.loads((folder / "reference.json").read_text())
    for key, value in train(*prepare(table), reference).items():
        print(f"{key}: largest difference {np.max(np.abs(np.subtract(value, reference[key]))):.1e}")


if len(sys.argv) > 1:
    compare(pathlib.Path(sys.argv[1]))
else:
    synthetic()
