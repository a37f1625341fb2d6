"""L3 fitted by SciPy's L-BFGS-B from given starts: the peer of bench/fit.ts. Vectorised NumPy, float64."""

import json
import sys
import time

import numpy as np
from scipy.optimize import minimize

with open(sys.argv[1], encoding="utf-8") as file:
    problem = json.load(file)
n, d, ratio, log_loss = (np.array(problem[name]) for name in ("n", "d", "ratio", "logLoss"))
delta = problem["delta"]
log_n, log_d = np.log(n), np.log(d)
log_r = np.log(np.where(ratio > 0, ratio, 1.0))
has = (ratio > 0).astype(float)


def terms(v):
    e, a, b, c, alpha, beta, eta, gamma, epsilon = v
    size = np.exp(-alpha * log_n)
    tokens = has * np.exp(eta * log_r - beta * log_d)
    floor = (ratio + epsilon) ** -gamma
    return size, tokens, floor


def objective(v):
    size, tokens, floor = terms(v)
    value = v[0] + v[1] * size + v[2] * tokens + v[3] * floor
    residual = np.log(np.maximum(value, 1e-12)) - log_loss
    far = np.abs(residual)
    return np.sum(np.where(far <= delta, 0.5 * residual**2, delta * (far - 0.5 * delta)))


def with_gradient(v):
    e, a, b, c, alpha, beta, eta, gamma, epsilon = v
    size, tokens, floor = terms(v)
    value = np.maximum(e + a * size + b * tokens + c * floor, 1e-12)
    residual = np.log(value) - log_loss
    far = np.abs(residual)
    total = np.sum(np.where(far <= delta, 0.5 * residual**2, delta * (far - 0.5 * delta)))
    pull = np.clip(residual, -delta, delta) / value
    columns = [
        np.ones_like(size),
        size,
        tokens,
        floor,
        -a * log_n * size,
        -b * log_d * tokens,
        b * log_r * tokens,
        -c * np.log(ratio + epsilon) * floor,
        -c * gamma * floor / (ratio + epsilon),
    ]
    return total, np.array([pull @ column for column in columns])


analytic = sys.argv[3] == "analytic"
options = {"maxiter": 5000, "maxfun": 200000, "ftol": 1e-15, "gtol": 1e-12}
# The objective is about 1e-4: scaled up, so that the tolerances do not end it early.
scale = 1e4
began = time.perf_counter()
best = float("inf")
for start in problem["starts"]:
    if analytic:
        result = minimize(
            lambda v: tuple(scale * part for part in with_gradient(v)),
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=problem["bounds"],
            options=options,
        )
    else:
        result = minimize(
            lambda v: scale * objective(v), start, method="L-BFGS-B", bounds=problem["bounds"], options=options
        )
    best = min(best, result.fun / scale)
with open(sys.argv[2], "w", encoding="utf-8") as file:
    json.dump({"seconds": time.perf_counter() - began, "objective": best}, file)
