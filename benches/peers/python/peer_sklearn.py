"""scikit-learn's MLPClassifier with its solver sgd; it keeps the data's 32-bit floats."""

import time
import warnings

import numpy as np
import sklearn
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_info

from common import initial

warnings.filterwarnings("ignore")


class Peer:
    def __init__(self, data, threads, name):
        self.data = data

    def info(self):
        blas = [f"{i['internal_api']} with {i['num_threads']}" for i in threadpool_info()]
        return {"name": "scikit-learn", "version": sklearn.__version__, "settings": ", ".join(blas)}

    def training(self, recipe):
        return Training(self.data, recipe)

    def predictor(self, training):
        return training.model.predict_proba, lambda x: x


class Classifier(MLPClassifier):
    """MLPClassifier whose weights begin as the work says, and which times its loop over mini-batches alone: every call
    of fit also checks the data, which a longer run does once."""

    def _initialize(self, y, layer_units, dtype):
        super()._initialize(y, layer_units, dtype)
        w1, b1, w2, b2 = initial(self.recipe)
        self.coefs_, self.intercepts_ = [w1, w2], [b1, b2]

    def _fit_stochastic(self, *arguments, **options):
        begun = time.perf_counter()
        super()._fit_stochastic(*arguments, **options)
        self.seconds = time.perf_counter() - begun


class Training:
    def __init__(self, data, recipe):
        n = recipe.batch * recipe.steps
        self.recipe, self.x, self.t = recipe, data.of(recipe)[0], data.t
        self.random = np.random.default_rng(2)
        self.n = n
        self.model = Classifier(
            hidden_layer_sizes=(recipe.n_hidden,),
            activation="relu" if recipe.relu else "logistic",
            solver="sgd",
            alpha=0.0,
            batch_size=recipe.batch,
            learning_rate_init=recipe.rate,
            momentum=recipe.momentum,
            nesterovs_momentum=False,
            shuffle=True,
            # One call of fit is one epoch; the next call goes on from where it ended.
            warm_start=True,
            max_iter=1,
            tol=0,
            random_state=0,
        )
        self.model.recipe = recipe

    def epoch(self):
        whole = self.n == len(self.x)
        samples = slice(None) if whole else self.random.permutation(len(self.x))[: self.n]
        # A new order in every epoch.
        self.model.random_state += 1
        self.model.fit(self.x[samples], self.t[samples])
        return self.model.seconds

    def logits(self, x):
        return np.log(self.model.predict_proba(x) + 1e-30)
