"""How a set of configurations compares with the exact formulas: one row per observable.

    z = (mean − exact)/error

for Wilson loops and Q², and the χ² test of the charges against P(Q): the outermost two sectors
are pooled with all beyond them, so that every bin expects at least 5 entries. Where that leaves
fewer than two bins, the number of configurations with Q ≠ 0 is tested against its binomial law.
"""

from typing import NamedTuple

import numpy as np
from scipy import stats
from scipy.special import logsumexp

from halkit.checks import check_array
from halkit.gauge.theory import scalar
from halkit.gauge.theory.charge import topological_charge
from halkit.gauge.theory.exact import charge_probability, exact_susceptibility, exact_wilson_loop
from halkit.gauge.theory.lattice import wilson_loop
from halkit.gauge.theory.theories import U1, Phi4, as_theory

__all__ = ["Observable", "SampleReport", "effective_fraction", "sample_report"]

LEAST_EXPECTED = 5
# Expected configurations with Q ≠ 0 below which none of them is no surprise: e^−3 = 5 %.
TELLING = 3
ROUNDING = 1e-13
BINS = 64


class Observable(NamedTuple):
    """Mean of an observable beside its exact value.

    Attributes
    ----------
    name : str
    mean, error : float
        Mean over the configurations and its standard error, for independent configurations.
    exact : float
        On the same torus; the mean of another sample if one is given; NaN if nothing is known.
    z : float
        (mean − exact)/error; infinite, or NaN if mean and exact agree, without a scatter: the
        table has "–" then. For Q² the error in it is the exact one: where Q ≠ 0 is rare, a sample
        may hold none.
    """

    name: str
    mean: float
    error: float
    exact: float
    z: float


class SampleReport(NamedTuple):
    """What `sample_report` returns; printed, it is a table.

    Attributes
    ----------
    rows : tuple of Observable
        The loops, named W(RxT), then Q^2.
    charge_p_value : float
        Of the χ² test of the charges against P(Q), or of the binomial test of Q ≠ 0.
    n_samples : int
    lattice_shape : (int, int)
    beta : float
    ess : float
        Of a model: effective size of one of its raw configurations with weights, 0 to 1. This
        and the next two are NaN where no model reports.
    plaquette_acceptance, acceptance : float
        Of a model: parts of the plaquettes and of the configurations that rejection keeps.
    label : str
        Name and couplings of a theory other than U(1), whose `charge_p_value` is NaN.
    """

    rows: tuple
    charge_p_value: float
    n_samples: int
    lattice_shape: tuple
    beta: float
    ess: float = np.nan
    plaquette_acceptance: float = np.nan
    acceptance: float = np.nan
    label: str = ""

    def __str__(self):
        width = max(8, *(len(row.name) for row in self.rows))
        size = " x ".join(map(str, self.lattice_shape))
        lines = [
            f"{self.n_samples} configurations, {self.label or f'beta = {self.beta:g}'}, {size}",
            f"{'':{width}} {'mean':>12} {'error':>10} {'exact':>12} {'z':>7}",
            *(
                f"{row.name:{width}} {row.mean:12.7f} {row.error:10.7f} "
                f"{'–' if np.isnan(row.exact) else format(row.exact, '.7f'):>12} "
                f"{'–' if np.isnan(row.z) else format(row.z, '.2f'):>7}"
                for row in self.rows
            ),
        ]
        if not self.label:
            lines.append(self._charges())
        if not np.isnan(self.plaquette_acceptance):
            lines.append(
                f"raw configurations: effective size {self.ess:.3f}; rejection keeps "
                f"{self.plaquette_acceptance:.3f} of the plaquettes, {self.acceptance:.3f} of the "
                "configurations"
            )
        elif not np.isnan(self.ess):
            lines.append(f"effective size of a configuration: {self.ess:.3f}")
        return "\n".join(lines)

    def _charges(self):
        line = f"charges: p = {self.charge_p_value:.3g}"
        charged = self.n_samples * _charged(self.beta, self.lattice_shape)
        if charged < TELLING:
            line += (
                f"; {charged:.2g} configurations with Q ≠ 0 are expected, too few to tell a frozen "
                "charge from a free one"
            )
        return line


def sample_report(theta, beta, *, loops=None, lattice_shape=None, log_weight=None, reference=None):
    """Compare the Wilson loops and topological charges of configurations with exact values.

    SU(2) has loops alone. For φ⁴, with M the mean of φ over the lattice, the rows are the mean of
    ``|M|``, χ₂ = V⟨M²⟩, its part that is connected with the mean of ``|M|``, U_L, ⟨φ²⟩, S/V, the
    identity ⟨2S/V + 2λφ⁴⟩ = 1 and G(t) = ⟨φ(x) φ(x + t μ̂)⟩; U_L = 1 − ⟨M⁴⟩/(3⟨M²⟩²). Errors are
    jackknife errors over up to 64 bins of successive fields, which may come from a Markov chain.

    Parameters
    ----------
    theta : array of shape (n, 2, L0, L1) or (n, 2·L0·L1)
        Independent configurations, n ≥ 2, angles in radians.
    beta : float or theory
        Coupling β ≥ 0 of U(1) that they are meant for, or a `halkit.gauge.U1`, `SU2` or `Phi4`.
    loops : sequence of (int, int), optional
        Sides (R, T) of the loops; R·T ≤ L0·L1, R ≤ L0, T ≤ L1. By default squares of 1, 2 and 4
        that leave a part of the lattice outside: a loop of U(1) around all of it is 1.
    lattice_shape : (int, int), optional
        (L0, L1), needed for rows.
    log_weight : array of shape (n,), optional
        Logarithms of weights of φ⁴ fields.
    reference : array of shape (m, L0, L1), optional
        Independent fields of φ⁴: where no closed form is known, their means stand in the column
        "exact", and z is the difference over both errors. Without them both are NaN there.

    Returns
    -------
    SampleReport
        Named tuple of ``rows``, one `Observable` each, ``charge_p_value`` and what they are of.

    Raises
    ------
    ValueError, TypeError
        If theta is not on a lattice or has fewer than two configurations, a loop does not fit,
        or beta is negative or not finite.

    Examples
    --------
    >>> from halkit.gauge import sample_exact, sample_report
    >>> report = sample_report(sample_exact(2000, 2.0, (4, 4), random_state=0), 2.0)
    >>> [row.name for row in report.rows]
    ['W(1x1)', 'W(2x2)', 'Q^2']
    >>> all(abs(row.z) < 3 for row in report.rows), report.charge_p_value > 1e-3
    (True, True)
    """
    theory = as_theory(beta)
    links = theory.space.as_field(theta, lattice_shape)
    if len(links) < 2:
        raise ValueError("an error needs at least two configurations; got one")
    if isinstance(theory, Phi4):
        if loops is not None:
            raise ValueError(f"loops must be None for a scalar field, got {loops!r}")
        return _report_fields(links, theory, log_weight, reference)
    if log_weight is not None or reference is not None:
        raise ValueError("log_weight and reference must be None for a gauge theory")
    shape = theory.space.lattice_shape(links)
    if loops is None:
        inside = [n for n in (1, 2, 4) if n <= min(shape) and n**2 < shape[0] * shape[1]]
        loops = [(n, n) for n in inside]
    rows = [
        _observable(
            f"W({R}x{T})", wilson_loop(links, R, T), exact_wilson_loop(R * T, theory, shape)
        )
        for R, T in loops
    ]
    beta = theory.beta
    if not isinstance(theory, U1):
        return SampleReport(tuple(rows), np.nan, len(links), shape, beta, label=theory.label)
    charge = topological_charge(links)
    rows.append(_square(charge, beta, shape))
    p_value = _charge_p_value(charge, beta, shape)
    return SampleReport(tuple(rows), p_value, len(links), shape, beta)


def effective_fraction(log_weight):
    """Return (Σ w)²/(n Σ w²), between 1/n and 1."""
    return float(np.exp(2 * logsumexp(log_weight) - logsumexp(2 * log_weight)) / len(log_weight))


def _report_fields(fields, theory, log_weight, reference):
    """The report of φ⁴: means and jackknife errors, beside closed forms or another sample."""
    shape, ess = fields.shape[1:], np.nan
    if log_weight is not None:
        log_weight = check_array(log_weight, "log_weight", shape=(len(fields),))
        ess = effective_fraction(log_weight)
    exact = scalar.exact(theory.kappa, theory.lam, shape)
    expected = {name: (float(value), 0.0) for name, value in exact.items()}
    if reference is not None:
        reference = theory.space.as_field(reference, shape, "reference")
        expected = _means(reference, theory, None) | expected
    rows = []
    for name, (mean, error) in _means(fields, theory, log_weight).items():
        value, its_error = expected.get(name, (np.nan, 0.0))
        z = _z(mean - value, np.hypot(error, its_error))
        rows.append(Observable(name, mean, error, value, z))
    return SampleReport(
        tuple(rows), np.nan, len(fields), shape, np.nan, ess=ess, label=theory.label
    )


def _means(fields, theory, log_weight):
    """Return name → (mean, error), by a jackknife over bins of successive fields."""
    n = len(fields)
    weight = np.full(n, 1 / n) if log_weight is None else np.exp(log_weight - logsumexp(log_weight))
    rows, values = scalar.observables(fields, theory.kappa, theory.lam)
    edges = np.linspace(0, n, min(n, BINS) + 1).astype(int)[:-1]
    part = np.add.reduceat(weight[:, None] * values, edges)
    share = np.add.reduceat(weight, edges)
    left = (part.sum(axis=0) - part) / (1 - share)[:, None]
    found = {}
    for name, function in rows:
        samples = function(left.T)
        spread = (len(edges) - 1) * np.mean((samples - samples.mean()) ** 2)
        found[name] = float(function(part.sum(axis=0))), float(np.sqrt(spread))
    return found


def _observable(name, values, exact):
    mean, error = float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))
    return Observable(name, mean, error, float(exact), _z(mean - float(exact), error))


def _square(charge, beta, lattice_shape):
    """The row of Q², its z with the exact scatter of Q²."""
    charges = np.arange(np.prod(lattice_shape) // 2 + 1)
    probability = charge_probability(charges, beta, lattice_shape)
    exact = float(exact_susceptibility(beta, lattice_shape) * np.prod(lattice_shape))
    spread = np.sqrt(2 * float(probability @ charges.astype(float) ** 4) - exact**2)
    row = _observable("Q^2", charge**2, exact)
    return row._replace(z=_z(row.mean - exact, spread / np.sqrt(len(charge))))


def _z(difference, error):
    difference = 0.0 if abs(difference) < ROUNDING else difference
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.divide(difference, error))


def _charged(beta, lattice_shape):
    """The probability of Q ≠ 0."""
    charges = np.arange(1, np.prod(lattice_shape) // 2 + 1)
    return min(2 * float(charge_probability(charges, beta, lattice_shape).sum()), 1.0)


def _charge_p_value(charge, beta, lattice_shape):
    """Return the p-value of the counts of Q = −q … q, the outer two with all beyond them."""
    n = len(charge)
    probability = charge_probability(
        np.arange(np.prod(lattice_shape) // 2 + 1), beta, lattice_shape
    )
    beyond = np.cumsum(probability[::-1])[::-1]
    filled = np.minimum(beyond[1:], probability[:-1]) * n >= LEAST_EXPECTED
    if filled.any():
        q = 1 + int(np.flatnonzero(filled).max())
        half = np.append(probability[1:q], beyond[q])
        expected = n * np.concatenate([half[::-1], probability[:1], half])
        observed = np.bincount(np.clip(charge, -q, q) + q, minlength=2 * q + 1)
    else:
        expected = n * np.array([probability[0], 2 * beyond[1]])
        observed = np.bincount(np.minimum(np.abs(charge), 1), minlength=2)
    if expected.min() < LEAST_EXPECTED:
        charged = _charged(beta, lattice_shape)
        return float(stats.binomtest(int(np.count_nonzero(charge)), n, charged).pvalue)
    return float(stats.chi2.sf(np.sum((observed - expected) ** 2 / expected), len(expected) - 1))
