r"""What was learned of one plaquette: a force −Σ_k a_k k sin kP, and the action Σ_k a_k cos kP.

Of all scores s = Σ_k a_k F_k with F_k the curl of −k sin kP, the one nearest to a given score of
links is the projection

    G a = r,    G_kl = ⟨F_k · F_l⟩,    r_k = ⟨F_k · s⟩.

The score is that of a network at its smallest width, where what the noise takes of the baseline is
known and given back; what it has of rectangles, of neighbours, or no curl, drops out. Or it is
that of the links themselves, by partial integration (score matching: A. Hyvärinen, J. Mach. Learn.
Res. 6, 695 (2005)), with no network and no noise:

    r_k = −⟨∇ · F_k⟩ = 4 ⟨Σ_x k² cos kP(x)⟩.

a_1 alone is found first; a ridge on what is left keeps harmonics small that the data do not
resolve, as at large couplings, where sin kP ≈ kP for all k.
"""

import numpy as np

from halkit.gauge.theory.torus import curl, plaquette_sum

__all__ = ["N_HARMONICS", "plaquette_force"]

N_HARMONICS = 3
RIDGE = 1e-3
BATCH = 2**15


def plaquette_force(links, score=None):
    """Return a_1, a_2, a_3.

    Parameters
    ----------
    links : array of shape (n, 2, L0, L1)
        Angles in radians.
    score : callable, optional
        From links to their score; by default the score is that of the density of the links.

    Returns
    -------
    array of shape (3,)

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
    k = np.arange(1, N_HARMONICS + 1)
    gram, product = np.zeros((N_HARMONICS, N_HARMONICS)), np.zeros(N_HARMONICS)
    size = max(1, BATCH // links[0].size)
    for start in range(0, len(links), size):
        part = links[start : start + size].astype(float)
        P = plaquette_sum(part)
        s, c = np.sin(P), np.cos(P)
        sines = np.stack([s, 2 * s * c, s * (3 - 4 * s * s)])
        pull = curl(-k[:, None, None, None] * sines).reshape(N_HARMONICS, -1)
        gram += pull @ pull.T
        if score is None:
            cosines = (c, 2 * c * c - 1, c * (4 * c * c - 3))
            product += 4 * k**2 * [cosine.sum() for cosine in cosines]
        else:
            product += pull @ np.ravel(score(part)).astype(float)
    first = np.zeros(N_HARMONICS)
    if not gram[0, 0]:  # all plaquettes are 0 or π
        return first
    first[0] = product[0] / gram[0, 0]
    rest = product - gram @ first
    return first + np.linalg.solve(gram + RIDGE * np.diag(np.diag(gram)), rest)
