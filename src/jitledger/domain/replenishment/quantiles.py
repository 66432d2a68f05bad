"""Quantiles of lead-time demand: negative binomial, Poisson, and a gamma for large means.

``s`` is the smallest whole k with F(k) >= level (REPLENISHMENT.md 4). The negative binomial is
given by mean and variance: r = mean² / (variance - mean), p = mean / variance, and
F(k) = I_p(r, k + 1), the regularised incomplete beta function (NIST DLMF 8.17.5). Worked number:
mean 8, variance 24, level .95 gives 17.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]
LARGE_MEAN = 400.0


def cdf(k: Floats, mean: Floats, variance: Floats) -> Floats:
    """Return P(demand <= k) for whole k, elementwise; 1 where the mean is 0."""
    k, mean, variance = np.broadcast_arrays(
        np.asarray(k, float), np.asarray(mean, float), np.asarray(variance, float)
    )
    found: Floats = np.ones(k.shape)
    found[k < 0] = np.where(mean[k < 0] > 0, 0.0, 0.0)
    some = (mean > 0) & (k >= 0)
    large = some & (mean > LARGE_MEAN)
    over = some & ~large & (variance > mean * (1 + 1e-9))
    poisson = some & ~large & ~over
    if over.any():
        m, v = mean[over], variance[over]
        found[over] = special.betainc(m * m / (v - m), k[over] + 1.0, m / v)
    if poisson.any():
        found[poisson] = special.pdtr(k[poisson], mean[poisson])
    if large.any():
        m, v = mean[large], np.maximum(variance[large], mean[large])
        found[large] = special.ndtr(_wilson_hilferty_z(k[large], m, v))
    return np.asarray(found)


def _wilson_hilferty_z(k: Floats, mean: Floats, variance: Floats) -> Floats:
    """Return the normal score of a gamma's value (Wilson and Hilferty 1931)."""
    shape = mean * mean / variance
    return np.asarray((np.cbrt(k / mean) - (1 - 1 / (9 * shape))) * 3 * np.sqrt(shape))


def _guess(mean: Floats, variance: Floats, level: Floats) -> Floats:
    """Return the Wilson-Hilferty gamma quantile, never below 0."""
    variance = np.maximum(variance, mean)
    shape = np.maximum(mean * mean / np.maximum(variance, 1e-300), 1e-12)
    z = special.ndtri(level)
    root = 1 - 1 / (9 * shape) + z / (3 * np.sqrt(shape))
    return np.asarray(np.maximum(mean * np.maximum(root, 0.0) ** 3, 0.0))


def quantile(mean: Floats, variance: Floats, level: Floats | float) -> Floats:
    """Return the smallest whole k with F(k) >= level, elementwise.

    >>> quantile(np.array([.5, 2., 8., 30., 100.]), np.array([1., 6., 24., 150., 900.]),
    ...          np.array([.9, .95, .95, .95, .98])).tolist()
    [2.0, 7.0, 17.0, 52.0, 170.0]
    """
    mean, variance, level = (
        np.array(a) for a in np.broadcast_arrays(mean, variance, np.asarray(level, float))
    )
    found = np.zeros(mean.shape)
    large = mean > LARGE_MEAN
    found[large] = np.ceil(_guess(mean[large], variance[large], level[large]))
    open_ = np.flatnonzero((mean > 0) & ~large)
    if open_.size:
        found[open_] = _search(mean[open_], variance[open_], level[open_])
    return found


def _search(mean: Floats, variance: Floats, level: Floats) -> Floats:
    """Step from a good guess to the smallest k; the steps double while they go astray."""
    k = np.floor(_guess(mean, variance, level))
    below = cdf(k, mean, variance) < level
    low = np.where(below, k, -1.0)
    high = np.where(below, np.inf, k)
    step = np.ones(k.shape)
    active = np.flatnonzero(below)
    while active.size:  # Upwards until F >= level.
        trial = low[active] + step[active]
        enough = cdf(trial, mean[active], variance[active]) >= level[active]
        high[active[enough]] = trial[enough]
        low[active[~enough]] = trial[~enough]
        step[active] *= 2
        active = active[~enough]
    active = np.flatnonzero(~below & (k > 0))
    step[:] = 1
    while active.size:  # Downwards until F < level or 0 is reached.
        trial = np.maximum(high[active] - step[active], -1.0)
        short = cdf(trial, mean[active], variance[active]) < level[active]
        low[active[short]] = np.maximum(low[active[short]], trial[short])
        high[active[~short]] = trial[~short]
        step[active] *= 2
        active = active[~short & (trial > 0)]
    active = np.flatnonzero(high - low > 1)
    while active.size:  # Between the two by halves.
        middle = np.floor((low[active] + high[active]) / 2)
        enough = cdf(middle, mean[active], variance[active]) >= level[active]
        high[active[enough]] = middle[enough]
        low[active[~enough]] = middle[~enough]
        active = active[high[active] - low[active] > 1]
    return high
