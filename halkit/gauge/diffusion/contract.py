r"""What a score network of the user has to be.

It is a class, a function or a `functools.partial` of one, at the top level of a module that can be
imported. It is called without arguments and returns a new `torch.nn.Module`, the f in

    s(θ, σ) = s_1(θ, σ) + [1 − e^{−4(1 + β̂)σ²}] e^{−σ²/2} f(θ, σ),

with the score s_1 of one plaquette and β̂ of `halkit.gauge.diffusion.baseline`; on rows of angles
without a lattice s = e^{−σ²/2} f.

``forward(theta, sigma)`` takes noisy links θ (n, 2, L0, L1) in radians, not wrapped, or rows of
angles (n, n_angles), and their widths σ (n,), from 0.03/√max(β, 1) to 2.5. It returns n finite
fields f of the shape and type of θ, in 1/radian. Each has the period 2π in every angle and depends
on its own configuration, its own width and the parameters alone: no dropout, no normalisation over
the batch. It may depend on the gauge. The module is converted to float32 and trained in it;
`denoising_score` takes it in float64. All of its parameters are learned and kept; constants drawn
when it is made are kept if they are registered as buffers. It draws from torch's generator, whose
seed `random_state` gives.
"""

import copy

import torch
from torch import nn

from halkit.gauge.diffusion.links import smallest_width
from halkit.gauge.diffusion.noise import SIGMA_MAX
from halkit.gauge.theory.torus import TWO_PI
from halkit.training import check_module, one_thread, output_of, seeded

__all__ = ["check_network", "check_takes"]

# Relative differences of outputs that are equal, in double precision.
ROUNDING = 1e-9
ALONE = (
    "a function of each configuration alone, not of the others or of the number of the call "
    "(dropout, normalisation over the batch?)"
)
# Normal numbers in place of parameters that begin at zero, where nothing could be seen of f.
TRIED = 0.1


def check_network(factory, shape, beta):
    """Refuse a user's network that does not do what the head of this module says.

    Parameters
    ----------
    factory : callable
    shape : tuple of int
        Of one configuration.
    beta : float
        Coupling, for the smallest width.

    Raises
    ------
    ValueError, TypeError
    """
    theta, sigma = _inputs(shape, beta)

    def make():
        module = factory()
        return module.float() if isinstance(module, nn.Module) else module

    def evaluate(module):
        module = _at_random_values(module)
        with torch.no_grad():
            _fields(module, theta.float(), sigma.float())
            module.double()
            f = _fields(module, theta, sigma)
            alone = [
                _fields(module, *pair) for pair in zip(theta[:, None], sigma[:, None], strict=True)
            ]
            turned = _fields(module, theta - TWO_PI * torch.sign(theta), sigma)
        _check_equal(f, torch.cat(alone), ALONE)
        _check_equal(f, turned, "periodic, with 2π in every angle, as cosines and sines are")
        _check_gradient(module, theta, sigma)
        return f

    with one_thread():
        check_module(make, "network", evaluate)


def check_takes(module, name, shape):
    """Refuse another lattice for a network that was made for one.

    Raises
    ------
    ValueError, TypeError
    """
    theta, sigma = (x.float() for x in _inputs(shape, 1.0))
    device = next(module.parameters()).device
    try:
        with torch.no_grad(), one_thread():
            _fields(module, theta.to(device), sigma.to(device))
    except (ValueError, TypeError) as error:
        raise type(error)(
            f"the network {name} cannot change to the lattice {tuple(shape[1:])}: {error}"
        ) from error


def _inputs(shape, beta):
    """Angles and widths, the smallest and the largest among them."""
    generator = torch.Generator().manual_seed(0)
    sigma = torch.tensor([smallest_width(beta), 0.5, SIGMA_MAX], dtype=torch.float64)
    theta = torch.rand((3, *shape), generator=generator, dtype=torch.float64)
    return TWO_PI * theta - TWO_PI / 2, sigma


def _at_random_values(module):
    """A copy with numbers in place of the parameters that begin at zero."""
    try:
        module = copy.deepcopy(module)
    except Exception as error:
        raise ValueError(
            f"network must make a module that can be copied, got {type(error).__name__}: {error}"
        ) from error
    with seeded(0), torch.no_grad():
        for parameter in module.parameters():
            if not parameter.any():
                parameter.normal_(std=TRIED)
    return module


def _fields(module, theta, sigma):
    """The output of a module; what is wrong with it is an error."""
    f = output_of(module, "network", theta, sigma)
    bad = ~f.isfinite()
    if bad.any():
        n = int(bad.flatten(1).any(dim=1).nonzero()[0, 0])
        raise ValueError(
            f"network must be finite, got {float(f[bad][0])} at sigma={float(sigma[n]):.4g}"
        )
    return f


def _check_equal(f, other, what):
    difference = float((f - other).abs().max())
    if difference > ROUNDING * float(f.abs().max()):
        raise ValueError(f"network must be {what}; got values that differ by {difference:.1e}")


def _check_gradient(module, theta, sigma):
    f = _fields(module, theta, sigma)
    if not f.requires_grad:
        raise ValueError(
            "network must be differentiable by its parameters, got an output without a gradient "
            "(no_grad, detach?)"
        )
    slopes = torch.autograd.grad(f.square().sum(), [*module.parameters()], allow_unused=True)
    if not all(slope.isfinite().all() for slope in slopes if slope is not None):
        raise ValueError(
            "network must have finite derivatives by its parameters, got NaN or infinity"
        )
