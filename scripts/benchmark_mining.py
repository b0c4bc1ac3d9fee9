"""Times exact top-k, the core of hard-negative mining, on random vectors of length 1, and prints the peak memory.

    python scripts/benchmark_mining.py --size 100000 --dimension 512 --k 100

The peer, beside it, is the plain matrix product of the same chunks: what no exact search can do without.
"""

import argparse
import resource
import sys
import time

import numpy as np

from tfsiamese.search import top_k

QUERY_CHUNK, CORPUS_CHUNK = 1024, 8192


def main() -> None:
    options = _options()
    random = np.random.default_rng(options.seed)
    queries, corpus = (_unit_vectors(random, options.size, options.dimension) for _ in range(2))
    print(f"{options.size:,} queries x {options.size:,} vectors of dimension {options.dimension}, top {options.k}")
    print(f"{'vectors':<28}{'':>10}{_peak_gigabytes():>8.2f} GB at the peak so far")
    start = time.perf_counter()
    found = top_k(queries, corpus, options.k, query_chunk=QUERY_CHUNK, corpus_chunk=CORPUS_CHUNK)
    seconds = time.perf_counter() - start
    print(f"{'top_k':<28}{seconds:>8.1f} s{_peak_gigabytes():>8.2f} GB at the peak so far")
    products = _seconds_of_products(queries, corpus)
    print(f"{'matrix products alone':<28}{products:>8.1f} s")
    print(f"ratio {seconds / products:.2f}; mean best score {found.scores[:, 0].mean():.4f}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=100_000, help="queries, and vectors of the corpus (100000)")
    parser.add_argument("--dimension", type=int, default=512, help="the length of a vector (512)")
    parser.add_argument("--k", type=int, default=100, help="neighbours a query (100)")
    parser.add_argument("--seed", type=int, default=0, help="of the random vectors (0)")
    return parser.parse_args()


def _unit_vectors(random: np.random.Generator, size: int, dimension: int) -> np.ndarray:
    vectors = random.standard_normal([size, dimension], dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def _seconds_of_products(queries: np.ndarray, corpus: np.ndarray) -> float:
    start = time.perf_counter()
    for first in range(0, len(queries), QUERY_CHUNK):
        for column in range(0, len(corpus), CORPUS_CHUNK):
            np.matmul(queries[first : first + QUERY_CHUNK], corpus[column : column + CORPUS_CHUNK].T)
    return time.perf_counter() - start


def _peak_gigabytes() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e9 if sys.platform == "darwin" else 1e6)


if __name__ == "__main__":
    main()
