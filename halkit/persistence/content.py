"""A digest of the values of a model, whatever objects hold them."""

import hashlib
import pickle

import numpy as np

__all__ = ["content"]


def content(model):
    """A digest of a model; pickle refuses code that its name does not stand for."""
    pickler = _Content()
    pickler.dump(model)
    return pickler.sha256.hexdigest()


class _Content(pickle.Pickler):
    """The digest of a pickle in which shared parts are repeated: it depends on values alone."""

    def __init__(self):
        self.sha256 = hashlib.sha256()
        super().__init__(self, 4)
        self.fast = True

    def write(self, data):
        self.sha256.update(data)

    def reducer_override(self, value):
        """Leave out what has no meaning: seeds of random states, gaps between fields."""
        if isinstance(value, np.random.RandomState):
            return dict, (value.get_state(legacy=False),)
        if isinstance(value, np.random.Generator):
            return dict, (value.bit_generator.state,)
        if isinstance(value, np.ndarray) and value.dtype.names:
            return list, ([value[name] for name in value.dtype.names],)
        return NotImplemented
