"""A peer as a contestant of `cargo xtask compare`.

    contestant.py --peer numpy|sklearn|torch|torch-compile|jax|onnxruntime --data FOLDER --threads N [--whole]
"""

import argparse
import importlib
import json
import os

MODULES = {
    "numpy": "peer_numpy",
    "sklearn": "peer_sklearn",
    "torch": "peer_torch",
    "torch-compile": "peer_torch",
    "jax": "peer_jax",
    "onnxruntime": "peer_onnxruntime",
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--peer", required=True, choices=MODULES)
    parser.add_argument("--data", required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--whole", action="store_true")
    options = parser.parse_args()

    # Before the libraries are loaded, which read it once.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(options.threads)

    import common

    data = common.Data(options.data)
    peer = importlib.import_module(MODULES[options.peer]).Peer(data, options.threads, options.peer)
    contestant = common.Contestant(peer, data, options.threads)
    if options.whole:
        print(json.dumps(contestant.whole()))
    else:
        common.serve(contestant)


if __name__ == "__main__":
    main()
