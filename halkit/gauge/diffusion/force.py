r"""What was learned of one plaquette: a force −Σ_k a_k k sin kP, and the action Σ_k a_k cos kP.

Of all scores s = Σ_k a_k F_k with F_k the curl of −k sin kP, the one nearest to a given score of
links is the projection

    G a = r,    G_kl = ⟨F_k · F_l⟩,    r_k = ⟨F_k · s⟩.

A trained network gives the score at its smallest width; the known loss of the baseline by noise is
given back, and terms of rectangles, of neighbours or without a curl drop out. Without a network and
without noise, partial integration gives the projection of the score of the links themselves (score
matching: A. Hyvärinen, J. Mach. Learn. Res. 6, 695 (2005)):

    r_k = −⟨∇ · F_k⟩ = 4 ⟨Σ_x k² cos kP(x)⟩.

a_1 alone is found first. From links the others follow only where they are significant, for their
errors grow on the way to other couplings. A ridge keeps harmonics small that are not resolved, as
at large couplings, where sin kP ≈ kP for all k.
"""

import numpy as np

from halkit.gauge.theory.su2 import add_curl, plaquettes
from halkit.gauge.theory.torus import curl, plaquette_sum

__all__ = ["N_HARMONICS", "plaquette_force"]

N_HARMONICS = 3
RIDGE = 1e-3
BATCH = 2**15
# χ² of what one harmonic leaves, from which on more are taken from links; configurations for it.
SIGNIFICANT, FEW = 20.0, 20


def plaquette_force(links, score=None, n_harmonics=N_HARMONICS):
    """Return a_1, a_2, a_3.

    Parameters
    ----------
    links : array of shape (n, 2, L0, L1), (n, 2, L0, L1, 4) or (n, n_plaquettes)
        Angles in radians, unit quaternions of SU(2), or class angles of its plaquettes.
    score : callable, optional
        From links of U(1) to their score; by default the score of the density of the links.
    n_harmonics : int, default 3

    Returns
    -------
    array of shape (n_harmonics,)

    Examples
    --------
    >>> import numpy as np
    >>> from halkit.gauge import force, sample_exact
    >>> from halkit.gauge.diffusion.force import plaquette_force
    >>> links = sample_exact(1000, 2.0, (8, 8), random_state=0)
    >>> plaquette_force(links, lambda theta: force(theta, 2.0)).round(6) + 0
    array([2., 0., 0.])
    >>> bool(np.abs(plaquette_force(links) - [2, 0, 0]).max() < 0.1)
    True
    """
    size = max(1, BATCH // links[0].size)
    parts = [
        _projection(links[i : i + size], score, n_harmonics) for i in range(0, len(links), size)
    ]
    gram, product = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    total, first = gram.sum(axis=0), np.zeros(n_harmonics)
    if not total[0, 0]:  # all plaquettes are 0 or π
        return first
    first[0] = product[:, 0].sum() / total[0, 0]
    if n_harmonics == 1:
        return first
    rest = product - gram @ first
    if score is None and not _is_significant(rest - rest[:, :1] * total[0] / total[0, 0]):
        return first
    ridge = RIDGE * np.diag(np.diag(total))
    return first + np.linalg.solve(total + ridge, rest.sum(axis=0))


def _projection(links, score, n_harmonics):
    """F_k · F_l and F_k · s, added up in each configuration."""
    if links.ndim != 4:
        return _projection_su2(links, n_harmonics)
    k, P = np.arange(1, N_HARMONICS + 1), plaquette_sum(links.astype(float))
    s, c = np.sin(P), np.cos(P)
    sines = np.stack([s, 2 * s * c, s * (3 - 4 * s * s)], axis=1)
    pull = curl(-k[:, None, None] * sines).reshape(len(links), N_HARMONICS, -1)
    if score is None:
        cosines = np.stack([c, 2 * c * c - 1, c * (4 * c * c - 3)], axis=1)
        product = 4 * k**2 * cosines.sum(axis=(2, 3))
    else:
        product = (pull @ score(links).reshape(len(links), -1, 1).astype(float))[..., 0]
    return pull @ pull.transpose(0, 2, 1), product


def _projection_su2(links, n_harmonics):
    """The same for SU(2), Δ cos ka = −k² cos ka − 2k cot a sin ka on the group."""
    k = np.arange(1, n_harmonics + 1)
    P = plaquettes(links) if links.ndim == 5 else np.stack([np.cos(links), np.sin(links)], -1)
    c, (cosines, ratios) = P[..., 0], ([P[..., 0]], [np.ones(P.shape[:-1])])
    for _ in k[1:]:  # cos ka and sin ka/sin a
        ratios.append(cosines[-1] + c * ratios[-1])
        cosines.append(c * cosines[-1] - (1 - c * c) * ratios[-2])
    pull = np.zeros((n_harmonics, *(links[..., 1:] if links.ndim == 5 else links).shape))
    for number, ratio in enumerate(ratios):
        h = -k[number] * ratio[..., None] * P[..., 1:]
        if links.ndim == 5:
            add_curl(pull[number], links, h)
        else:
            pull[number] = h[..., 0]
    pull = np.moveaxis(pull.reshape(n_harmonics, len(links), -1), 0, 1)
    loss = [n * (n * cos + 2 * c * ratio) for n, cos, ratio in zip(k, cosines, ratios, strict=True)]
    product = np.stack([term.reshape(len(links), -1).sum(axis=1) for term in loss], axis=1)
    return pull @ pull.transpose(0, 2, 1), (4 if links.ndim == 5 else 1) * product


def _is_significant(rest):
    """Whether the sum over configurations differs from zero by χ² > 20, of two degrees."""
    rest = rest[:, 1:]
    total, covariance = rest.sum(axis=0), rest.T @ rest
    if len(rest) < FEW or np.linalg.cond(covariance) > 1e12:
        return False
    return bool(total @ np.linalg.solve(covariance, total) > SIGNIFICANT)
