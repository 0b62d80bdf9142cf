"""Writes activations.json beside this file: values and derivatives of activations, by arithmetic with 400 digits.

    python3 activations.py        (needs mpmath; shares no formula with the Rust code that could cancel there)

The values of x are exact in float32, so that one file serves both types.
"""
import json, pathlib
import mpmath
from mpmath import mp, mpf, diff, erf, exp, log, sqrt, tanh, pi

mp.dps = 400  # 1 + erf(-30/sqrt(2)) loses 196 of them.

positive = [2.0**-30, 2.0**-10, 0.125, 0.375, 0.5, 0.75, 1.0, 1.25, 2.0, 3.0, 5.0, 8.0, 10.5, 12.0, 16.0, 20.25, 21.0, 30.0,
            37.0, 100.0, 1000.0]
xs = [-x for x in reversed(positive)] + [0.0] + positive

sigmoid = lambda x: 1 / (1 + exp(-x))
phi, Phi = lambda x: exp(-x * x / 2) / sqrt(2 * pi), lambda x: (1 + erf(x / sqrt(2))) / 2
cubic = mpf("0.044715")
u, du = lambda x: sqrt(2 / pi) * (x + cubic * x**3), lambda x: sqrt(2 / pi) * (1 + 3 * cubic * x**2)
functions = {  # value and derivative, as the papers write them
    "sigmoid": (sigmoid, lambda x: sigmoid(x) * (1 - sigmoid(x))),
    "tanh": (tanh, lambda x: 1 - tanh(x) ** 2),
    "elu": (lambda x: x if x > 0 else exp(x) - 1, lambda x: mpf(1) if x > 0 else exp(x)),
    "silu": (lambda x: x * sigmoid(x), lambda x: sigmoid(x) * (1 + x * (1 - sigmoid(x)))),
    "softplus": (lambda x: log(1 + exp(x)), sigmoid),
    "gelu": (lambda x: x * Phi(x), lambda x: Phi(x) + x * phi(x)),
    "gelu-tanh": (lambda x: x * (1 + tanh(u(x))) / 2,
                  lambda x: (1 + tanh(u(x))) / 2 + x / 2 * (1 - tanh(u(x)) ** 2) * du(x)),
}
for name, (f, df) in functions.items():  # The derivatives against numerical ones.
    for x in (mpf("-2.3"), mpf("-0.4"), mpf("0.7"), mpf("3.1")):
        assert abs(diff(f, x) - df(x)) < mpf(10) ** -100, (name, x)

layers = {name: {"y": [float(f(mpf(x))) for x in xs], "slope": [float(df(mpf(x))) for x in xs]}
          for name, (f, df) in functions.items()}
text = json.dumps({"made_by": f"mpmath {mpmath.__version__}, {mp.dps} digits, rounded to float64", "x": xs, "layers": layers})
(pathlib.Path(__file__).parent / "activations.json").write_text(text + "\n")
