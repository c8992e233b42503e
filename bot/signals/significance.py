"""Probabilities: of Kolmogorov-Smirnov distances and of chi-squared sums."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_STIRLING_FROM = 20.0  # from here on Stirling's series is good to 1e-13
_TINY = 1e-300


def chi_squared_sf(statistic: float, df: int) -> float:
    """Return the probability that a chi-squared variable exceeds `statistic`.

    Args:
        statistic: at least 0, in the unit of the sum; infinity gives 0.
        df: degrees of freedom; below 1 the answer is NaN, as in SciPy.

    Returns:
        A probability, exact to about 1e-12 of itself.

    Source:
        Abramowitz and Stegun 6.5.29 and 6.5.31 (series, continued fraction).

    >>> round(chi_squared_sf(3.841458820694124, 1), 12)
    0.05

    """
    if df < 1 or math.isnan(statistic):
        return math.nan
    if statistic <= 0:
        return 1.0
    if math.isinf(statistic):
        return 0.0
    a, x = df / 2, statistic / 2
    if x < a + 1:
        return 1.0 - _power_term(a, x) * _series(a, x)
    return _power_term(a, x) * a * _fraction(a, x)


def _power_term(a: float, x: float) -> float:
    """Return x^a e^-x / gamma(a + 1), without losing digits at large `a`."""
    if a < _STIRLING_FROM:
        return math.exp(a * math.log(x) - x - math.lgamma(a + 1))
    mu = (x - a) / a
    correction = 1 / (12 * a) - 1 / (360 * a**3) + 1 / (1260 * a**5)
    log = math.log1p(mu) if mu > -0.5 else math.log(x / a)  # noqa: PLR2004
    exponent = -a * (mu - log) - correction
    return math.exp(exponent) / math.sqrt(2 * math.pi * a)


def _series(a: float, x: float) -> float:
    term = total = 1.0
    while term > total * 1e-17:
        a += 1
        term *= x / a
        total += term
    return total


def _fraction(a: float, x: float) -> float:
    """Return the continued fraction of gamma(a, x) by Lentz's method."""
    b = x + 1 - a
    c, d = 1 / _TINY, 1 / b
    h, i = d, 1
    while True:
        step = -i * (i - a)
        b += 2
        d = 1 / ((step * d + b) or _TINY)
        c = (b + step / c) or _TINY
        h *= d * c
        if abs(d * c - 1) < 1e-16:  # noqa: PLR2004 (one rounding of a double)
            return h
        i += 1


def chi_squared_quantile(level: float, df: float) -> float:
    """Return about where `level` of a chi-squared variable lies below (2 digits).

    Source: Wilson and Hilferty (1931), good enough for a noise floor.

    >>> round(chi_squared_quantile(0.95, 9), 1)
    16.9
    """
    if df <= 0:
        return 0.0
    spread = 2 / (9 * df)
    root: float = 1 - spread + _normal_quantile(level) * math.sqrt(spread)
    return df * max(0.0, root) ** 3


def _normal_quantile(level: float) -> float:
    """Return the standard normal quantile by Newton's method."""
    z = 0.0
    for _ in range(60):
        density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        z -= (0.5 * math.erfc(-z / math.sqrt(2)) - level) / density
    return z


def kolmogorov_p(n: int, m: int, lattice: int) -> float:
    """Return about how likely a distance this large is between undrifted samples.

    Args:
        n, m: sizes, at least 1.
        lattice: the distance times lcm(n, m), a whole number.

    Source: Stephens (1970); within 1 % of the exact value from about 100 rows.
    """
    distance = lattice / math.lcm(n, m)
    root: float = math.sqrt(n * m / (n + m))
    x = (root + 0.12 + 0.11 / root) * distance
    if x < 0.2:  # noqa: PLR2004 (the series needs many terms; 1 to 10 digits)
        return 1.0
    j = np.arange(1, 101)
    terms = np.exp(-2.0 * (j * x) ** 2) * np.where(j % 2, 1.0, -1.0)
    return float(min(1.0, max(0.0, 2 * terms.sum())))


def kolmogorov_exact_p(n: int, m: int, lattice: int) -> float:
    """Return exactly how likely a distance this large is between undrifted samples.

    The share of lattice paths from (0, 0) to (n, m) that touch the line where the two
    step functions are `lattice` apart. Takes n + m vector steps; equal sizes have a
    closed form.

    Args:
        n, m: sizes, at least 1.
        lattice: the distance times lcm(n, m), a whole number.

    Source: Hodges (1957), "The significance probability of the Smirnov test".

    >>> round(kolmogorov_exact_p(5, 8, lattice=24), 12)  # distance 0.6
    0.164724164724
    """
    if lattice <= 0:
        return 1.0
    if n == m:
        return _outside_square(n, lattice)
    g = math.gcd(n, m)
    up, right = m // g, n // g
    outside = np.ones(n + 2)  # by i + 1; a cell outside the band stays 1
    outside[1] = 0.0
    for s in range(1, n + m + 1):
        # i with |up * i - right * (s - i)| < lattice, inside the rectangle
        low = max(0, s - m, (right * s - lattice) // (up + right) + 1)
        high = min(n, s, -((-right * s - lattice) // (up + right)) - 1)
        if low > high:
            return 1.0
        i = np.arange(low, high + 1)
        before, here = outside[low : high + 1], outside[low + 1 : high + 2]
        outside[low + 1 : high + 2] = (before * i + here * (s - i)) / s
        outside[low] = 1.0
    return float(outside[n + 1])


_FACTORIAL = 100


def kolmogorov_scipy_p(n: int, m: int, lattice: int) -> float:
    """Return the same as SciPy 1.11 has it.

    Where rounding carries its exact answer for equal sizes over 1, SciPy takes the
    one-sample distribution instead. That differs for the least of distances only, and
    visibly for seven rows a side: 0.99996 where every pair is at least as far apart.
    """
    exact = kolmogorov_exact_p(n, m, lattice)
    if n != m or lattice != 1 or _twice_outside(n, lattice) <= 1:
        return exact
    rows = round(n / 2)
    inside = max(0.0, 2 * rows / n - 1)
    if not inside or rows > _FACTORIAL:
        return 1.0  # the term is below the last bit long before its factors overflow
    return 1.0 - math.factorial(rows) * (inside / rows) ** rows


def _outside_square(n: int, lattice: int) -> float:
    """Return the share of paths in an n by n square that leave the band."""
    return min(1.0, _twice_outside(n, lattice))


def _twice_outside(n: int, lattice: int) -> float:
    answer = 0.0
    for k in range(n // lattice, -1, -1):
        j = np.arange(lattice, dtype=np.float64)
        ratio = (n - k * lattice - j) / (n + k * lattice + j + 1)
        answer = float(np.prod(ratio)) * (1.0 - answer)
    return 2 * answer


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Return each p-value adjusted for how many were looked at.

    Source: Benjamini and Hochberg (1995): the share of false findings among all that
    stay below a limit is at most that limit.

    >>> benjamini_hochberg([0.01, 0.04, 0.5])
    [0.03, 0.06, 0.5]
    """
    order = np.argsort(p_values)[::-1]
    count = len(order)
    adjusted = np.empty(count)
    least = 1.0
    for rank, index in enumerate(order):
        least = min(least, p_values[index] * count / (count - rank))
        adjusted[index] = least
    return [float(p) for p in adjusted]
