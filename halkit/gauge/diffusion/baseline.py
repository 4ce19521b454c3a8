r"""The score of one plaquette, a(σ) sin P: where the training of every network on links starts.

Of all scores s = curl of a sin P, the one nearest to the score of the configurations with
noise of width σ on their links has, by partial integration (A. Hyvärinen, J. Mach. Learn. Res.
6, 695 (2005)),

    a(σ) = −⟨∇·f⟩/⟨f²⟩,    f = curl of sin P,
    ⟨∇·f⟩ = 4V e^{−2σ²} ⟨cos P⟩,    ⟨f²⟩ = 2V ⟨(sin P − sin P')²⟩,

P and P' the plaquettes on both sides of a link. The noise on the links averages out in closed
form: with m links in common, m = 1 but on lattices of two sites in one direction,

    ⟨(sin P − sin P')²⟩ = 1 − e^{−8σ²} ⟨cos 2P⟩ − e^{−(4+m)σ²} ⟨cos(P − P')⟩
                          + e^{−(4−m)σ²} ⟨cos(P + P')⟩,

with the means over the configurations. At σ → 0 this is −β by the equation of motion of the
links, at large σ it is −2⟨cos P⟩e^{−2σ²}; between them the score has more terms, which the
networks learn.
"""

import numpy as np
import torch
from torch import nn

from halkit.gauge.theory.torus import plaquette_sum

__all__ = ["Baseline", "plaquette_moments"]

NO_MOMENTS = (0.0,) * 8
BATCH = 2**15


def plaquette_moments(links):
    """Return ⟨cos P⟩, 1 − ⟨cos 2P⟩ and, for the links of both directions, m and two more.

    Parameters
    ----------
    links : array of shape (n, 2, L0, L1)
        Angles in radians.

    Returns
    -------
    tuple of 8 floats
        ⟨cos P⟩, 1 − ⟨cos 2P⟩, then m, 1 − ⟨cos(P − P')⟩ and 1 − ⟨cos(P + P')⟩ for links along
        0̂ and along 1̂.
    """
    size = max(1, BATCH // links[0].size)
    parts = [_moments(links[i : i + size]) for i in range(0, len(links), size)]
    return tuple(np.average(parts, axis=0, weights=[n for n, *_ in parts])[1:].tolist())


def _moments(links):
    """The number of configurations, and their moments."""
    P = plaquette_sum(links.astype(np.float64))
    moments = [len(links), np.cos(P).mean(), _loss(P)]
    for axis in (-1, -2):
        other = np.roll(P, 1, axis)
        shared = 2.0 if P.shape[axis] == 2 else 1.0
        moments += [shared, _loss((P - other) / 2), _loss((P + other) / 2)]
    return moments


def _loss(half):
    """1 − ⟨cos 2x⟩, which keeps its digits at small x."""
    return 2 * np.square(np.sin(half)).mean()


class Baseline(nn.Module):
    """The strength a(σ); zero without moments.

    Parameters
    ----------
    moments : tuple of 8 floats
        From `plaquette_moments`.
    """

    def __init__(self, moments=NO_MOMENTS):
        super().__init__()
        moments = torch.tensor(moments, dtype=torch.float64)
        self.register_buffer("moments", moments, persistent=False)

    def forward(self, sigma):
        """a(σ) of widths (n,)."""
        cosine, double, *pairs = self.moments.to(sigma)
        square, spread = sigma**2, torch.exp(-8 * sigma**2) * double
        for shared, minus, plus in (pairs[:3], pairs[3:]):
            lost, kept = torch.exp(-(4 + shared) * square), torch.exp(-(4 - shared) * square)
            noise = -torch.expm1(-(4 + shared) * square) * (1 + kept)
            spread = spread + (noise + lost * minus - kept * plus) / 2
        return -2 * torch.exp(-2 * square) * cosine / spread

    def opening(self, sigma):
        """1 − e^{−4(1 + β̂)σ²} with β̂ = −a(0), of widths (n,); 1 without moments."""
        if not self.moments[0]:
            return torch.ones_like(sigma)
        beta = -self(torch.zeros_like(sigma))
        return -torch.expm1(-4 * (1 + beta) * sigma**2)
