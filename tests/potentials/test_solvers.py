"""Solvers: exact on linear problems, never uphill, and stopped for a stated reason."""

import threading

import numpy as np
import pytest
import torch
from torch import nn

from halkit.callbacks import ProgressBar
from halkit.potentials import solvers
from halkit.potentials.networks import LocalTerm
from halkit.potentials.objective import Potential
from halkit.potentials.solvers import LevenbergMarquardt, make_net, train
from halkit.training import one_thread


class Residual(nn.Module):
    """ρ(θ) with its Jacobian from autograd."""

    def __init__(self, function, start):
        super().__init__()
        self.function = function
        self.theta = nn.Parameter(torch.tensor(start, dtype=torch.float64))

    def loss(self):
        return torch.sum(self.function(self.theta) ** 2)

    def blocks(self, pieces=1):
        rho = self.function(self.theta).detach()
        J = torch.autograd.functional.jacobian(self.function, self.theta.detach())
        return list(zip(rho.chunk(pieces), J.chunk(pieces), strict=True))

    def minimise(self, n_steps, pieces=1):
        solver = LevenbergMarquardt(self.parameters())
        losses = [self.loss().item()]
        losses += [solver.step(self.loss, self.blocks(pieces)) for _ in range(n_steps)]
        return np.array(losses)


def linear(n_residuals, n_parameters):
    rng = np.random.default_rng(0)
    A = rng.normal(size=(n_residuals, n_parameters))
    b = rng.normal(size=n_residuals)
    return A, b, Residual(lambda t: torch.tensor(A) @ t - torch.tensor(b), np.zeros(n_parameters))


@pytest.mark.parametrize("pieces", [1, 3])
def test_levenberg_marquardt_solves_least_squares(pieces):
    A, b, problem = linear(12, 4)
    problem.minimise(25, pieces)
    exact = np.linalg.lstsq(A, b, rcond=None)[0]
    np.testing.assert_allclose(problem.theta.detach(), exact, atol=1e-7)


@pytest.mark.parametrize("pieces", [1, 3])
def test_more_parameters_than_residuals_give_the_shortest_solution(pieces):
    A, b, problem = linear(5, 9)
    losses = problem.minimise(25, pieces)
    assert losses[-1] < 1e-14 * losses[0]
    np.testing.assert_allclose(problem.theta.detach(), np.linalg.pinv(A) @ b, atol=1e-6)


def test_rosenbrock_valley():
    problem = Residual(lambda t: torch.stack([10 * (t[1] - t[0] ** 2), 1 - t[0]]), [-1.2, 1.0])
    losses = problem.minimise(60)
    np.testing.assert_allclose(problem.theta.detach(), [1.0, 1.0], rtol=1e-8)
    assert np.all(np.diff(losses) <= 0)


def test_a_loss_that_is_not_finite_is_refused():
    problem = Residual(lambda t: torch.log(t) - 3.0, [1e-3])
    losses = problem.minimise(80)
    assert np.all(np.isfinite(losses))
    np.testing.assert_allclose(problem.theta.detach(), np.exp(3.0), rtol=1e-6)


def test_no_step_leaves_a_minimum():
    problem = Residual(lambda t: t - 2.0, [2.0])
    assert problem.minimise(3).max() == 0.0
    assert problem.theta.item() == 2.0


def local_problem():
    """Sources of a local potential that is a sum of the basis Gaussians."""
    r = np.linspace(0.1, 4.0, 30)
    widths, exact = [0.6, 1.5], np.array([1.2, -0.7])
    rng = np.random.default_rng(2)
    X = rng.normal(size=(6, len(r)))
    y = X * (np.exp(-((r[:, None] / widths) ** 2)) @ exact)
    module = Potential(
        None, LocalTerm(widths, 1.0), r=r, weights=np.ones(30), r_out=r, out_columns=np.arange(30)
    )
    return module, exact, (torch.tensor(X), torch.tensor(np.stack([y, np.ones_like(y)], axis=1)))


@pytest.mark.parametrize(("solver", "max_iter"), [("lm", 30), ("lbfgs", 30), ("adam", 2000)])
def test_all_solvers_find_the_same_minimum(solver, max_iter):
    module, exact, data = local_problem()
    net = make_net(module, solver=solver, max_iter=max_iter, tol=1e-7, learning_rate=0.01)
    loss = train(net, *data)
    assert loss < 1e-10
    np.testing.assert_allclose(net.module_.local.coefficients.detach(), exact, atol=1e-4)
    assert net.stopped_


def test_history_has_one_entry_for_each_epoch():
    module, _, data = local_problem()
    net = make_net(module, solver="lm", max_iter=5, tol=0.0)
    train(net, *data)
    losses = net.history[:, "train_loss"]
    assert len(losses) == solvers.n_iterations(net) == 5
    assert np.all(np.diff(losses) <= 0)
    assert not net.stopped_


def test_iterations_of_lbfgs_are_counted_not_its_epochs():
    module, _, data = local_problem()
    net = make_net(module, solver="lbfgs", max_iter=30, tol=0.0)
    train(net, *data)
    assert len(net.history) == 3
    assert len(net.history) < solvers.n_iterations(net) <= 30


def test_progress_bar_ends_with_the_fit(capsys):
    module, _, data = local_problem()
    net = make_net(module, solver="lm", max_iter=4, tol=0.0, callbacks=[ProgressBar("start 1/1")])
    train(net, *data)
    assert "start 1/1" in capsys.readouterr().err


@pytest.fixture
def two_threads():
    """Whatever OMP_NUM_THREADS says."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield 2
    torch.set_num_threads(before)


def test_every_thread_restores_its_own_number(two_threads):
    before, seen = two_threads, []
    inside, leave = threading.Event(), threading.Event()

    def other():
        with one_thread():
            seen.append(torch.get_num_threads())
            inside.set()
            leave.wait(10)
        seen.append(torch.get_num_threads())

    thread = threading.Thread(target=other)
    with one_thread():
        thread.start()
        inside.wait(10)
        with one_thread():
            assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before
    leave.set()
    thread.join()
    assert seen == [1, before]
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before
