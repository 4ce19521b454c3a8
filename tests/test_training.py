"""What every training needs: functions of arrays, and a way back from a fit that fails."""

import numpy as np
import pytest
import torch
from torch import nn

from halkit.training import (
    Interrupted,
    evaluate,
    load_parameters,
    parameter_arrays,
    unchanged_on_error,
)


class Line(nn.Module):
    """slope·x + y, and a method of it."""

    def __init__(self):
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(2.0, dtype=torch.float64))

    def forward(self, x, y):
        return self.slope * x + y

    def twice(self, x):
        return 2 * self(x, x)


def test_modules_and_methods_are_functions_of_arrays():
    line, x = Line(), np.arange(3)[::-1]
    np.testing.assert_array_equal(evaluate(line, x, 1.0), 2.0 * x + 1)
    np.testing.assert_array_equal(evaluate(line.twice, x), 6.0 * x)
    load_parameters(line, {"slope": np.array(5.0)})
    assert evaluate(line, 1, 0).shape == ()
    assert parameter_arrays(line) == {"slope": 5.0} == {"slope": evaluate(line, 1, 0)}


class Model:
    def change(self, error=None):
        with unchanged_on_error(self):
            self.kept, self.new_ = 2, 3
            del self.net_
            if error is not None:
                raise error


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_model_is_given_back_as_it_was(error):
    model, net = Model(), object()
    model.kept, model.net_ = 1, net
    with pytest.raises(error):
        model.change(error)
    offered = {"interrupted_": None} if error is KeyboardInterrupt else {}
    assert vars(model) == {"kept": 1, "net_": net, **offered}
    model.change()
    assert vars(model) == {"kept": 2, "new_": 3, "interrupted_": None}


def test_what_was_found_is_offered_apart():
    model = Model()
    model.kept, model.net_ = 1, object()
    with pytest.raises(KeyboardInterrupt):
        model.change(Interrupted("of another model", Model()))
    assert model.interrupted_ is None
    with pytest.raises(KeyboardInterrupt):
        model.change(Interrupted("of this model", model))
    assert type(model.interrupted_) is Model
    assert vars(model.interrupted_) == {"kept": 2, "new_": 3, "interrupted_": None}
    assert model.kept == 1
