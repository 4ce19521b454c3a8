"""Random damage of correlator files: what `load_correlators` does with it.

Valid npz and HDF5 files are changed: bits flipped, ranges cut, zeroed, swapped, doubled, inserted;
members of npz archives also get other headers or data and are zipped anew, with fitting check sums.
A child process with 2 GB of address space loads them. A finding is: other numbers without an error
or a warning, an exception other than ValueError and OSError, a time above 5 s, a peak above 1 GB,
the end of the interpreter. Files without a digest (HDF5 of other programs, npz archives with CRC-32
alone) are damaged too and counted apart; re-zipped ones without digest are valid by construction
and left out.

    python benchmarks/fuzz_correlator_files.py --minutes 10 --seed 0
"""

import argparse
import collections
import io
import multiprocessing
import resource
import signal
import sys
import tempfile
import time
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path

import h5py
import numpy as np

from halkit.correlators import Correlators, load_correlators, save_correlators

SECONDS, ADDRESS_SPACE, PEAK = 5, 2 * 2**30, 10**9


def content(seed=0):
    """Groups with every kind of entry."""
    random = np.random.default_rng(seed)
    well = Correlators(
        R={s: random.standard_normal((5, 6, 8)) for s in ("wall", "exp")},
        r=np.linspace(0.5, 4.0, 8), t=np.arange(10, 15), kind="jackknife", bin_size=4,
        hadron_mass=(0.665, 0.7), mass_bins=np.linspace(0.66, 0.7, 12).reshape(6, 2),
        units="lattice", inverse_spacing=2194.0,
        attributes={"remark": "a text, ħ", "names": ["one", "two"], "configs": np.arange(9000)},
    )  # fmt: skip
    short = {**well.attributes, "configs": np.arange(50)}
    return {"well": well, "well/deep": replace(well, attributes=short)}


def originals(folder):
    """The files that are damaged, by what they are."""
    paths = {name: folder / f"original.{name}" for name in ("npz", "h5", "old.npz", "old.h5")}
    save_correlators(paths["npz"], content())
    save_correlators(paths["h5"], content())
    with zipfile.ZipFile(paths["npz"]) as file, zipfile.ZipFile(paths["old.npz"], "w") as other:
        for name in file.namelist():
            if name != "sha256.npy":
                other.writestr(name, file.read(name), zipfile.ZIP_DEFLATED)
    with h5py.File(paths["h5"]) as file, h5py.File(paths["old.h5"], "w") as other:
        file.copy("well", other)
        packed = {"chunks": (1, 3, 2, 4), "compression": "gzip", "shuffle": True}
        for name in ("well", "well/deep"):
            R = other[f"{name}/R"][()]
            del other[f"{name}/R"]
            other.create_dataset(f"{name}/R", data=R, fletcher32=name == "well", **packed)
    return {name: path.read_bytes() for name, path in paths.items()}


def span(random, n):
    """A random range, most often a short one."""
    begin = int(random.integers(n))
    return begin, min(n, begin + int(min(n, 2 ** random.uniform(0, np.log2(n)))))


def flip(data, random):
    for at in random.integers(len(data), size=random.choice([1, 1, 1, 2, 8, 64])):
        data[at] ^= 1 << int(random.integers(8))
    return data


def overwrite(data, random):
    for at in random.integers(len(data), size=random.choice([1, 4])):
        data[at] = int(random.choice([0, 1, 127, 128, 255]))
    return data


def truncate(data, random):
    return data[: int(random.integers(len(data)))]


def cut(data, random):
    a, b = span(random, len(data))
    return data[:a] + data[b:]


def zero(data, random):
    a, b = span(random, len(data))
    data[a:b] = bytes(b - a)
    return data


def swap(data, random):
    a, b = span(random, len(data))
    c, _ = span(random, len(data) - (b - a) + 1)
    data[a:b], data[c : c + b - a] = data[c : c + b - a], data[a:b]
    return data


def double(data, random):
    a, b = span(random, len(data))
    at = int(random.integers(len(data)))
    return data[:at] + data[a:b] + data[at:]


def copy(data, random):
    a, b = span(random, len(data))
    at = int(random.integers(len(data)))
    data[at : at + b - a] = data[a:b][: len(data) - at]
    return data


def insert(data, random):
    at = int(random.integers(len(data)))
    return data[:at] + random.bytes(int(2 ** random.uniform(0, 12))) + data[at:]


RAW = (flip, overwrite, truncate, cut, zero, swap, double, copy, insert)
HEADERS = ("<f8", ">f8", "<i8", "<f4", "<c16", "|O", "<U999999999", "<M8[s]", "|V8", "|b1")
SHAPES = ("()", "(-1,)", "(2,)", "(7, 9)", "(10**9, 99)", "(99999999999,)", "(6, 5, 8, 2)", "None")


def rezip(data, random):
    """One member with another header or other bytes, twice, renamed or left out; sums fit."""
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as file:
        members = {name: bytearray(file.read(name)) for name in file.namelist()}
    what, twice = int(random.integers(6)), None
    kept = {"sha256.npy"} if what == 4 else set()  # without it, it is another valid archive
    name = str(random.choice(sorted(set(members) - kept)))
    member = members[name]
    if what < 3:
        header = member[10 : 10 + int.from_bytes(member[8:10], "little")]
        descr, shape = header.split(b"'")[3], header[header.index(b"(") : header.index(b"), }") + 1]
        old, new = ((descr, HEADERS), (shape, SHAPES), (b"False", ("True ",)))[what]
        header = header.replace(old, str(random.choice(new)).encode())
        member[8:] = len(header).to_bytes(2, "little") + header + member[10 + len(header) :]
    elif what == 3:
        members[name] = RAW[int(random.integers(len(RAW)))](member, random)
    elif what == 4:
        del members[name]
        if random.random() < 0.5:
            members[
                f"{random.choice(['well', 'w', '..', '/'])}/{random.choice(['r', 'x'])}.npy"
            ] = member
    else:
        twice = (name, member)
    stream = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        warnings.simplefilter("ignore")
        for item in [*members.items(), *([twice] if twice else [])]:
            file.writestr(item[0], bytes(item[1]))
    return bytearray(stream.getvalue())


def same(found, expected):
    """Tell whether two records hold the same numbers and texts."""
    names = [entry.name for entry in fields(Correlators)]
    return found.sources == expected.sources and all(
        same_value(getattr(found, name), getattr(expected, name)) for name in names
    )


def same_value(found, expected):
    if isinstance(expected, Mapping):
        return set(found) == set(expected) and all(
            np.array_equal(found[key], expected[key]) for key in expected
        )
    return np.array_equal(found, expected)


def load(path, expected):
    """What a damaged file gives: same, refused, other (with or without a warning), or raised."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found = {name: load_correlators(path, group=name) for name in expected}
        except (ValueError, OSError) as error:
            return "refused" if str(path) in str(error) else f"unnamed: {error!r}"
        except BaseException as error:  # what else is raised is a finding
            return f"raised {type(error).__name__}: {error}"
    if all(same(found[name], expected[name]) for name in expected):
        return "same"
    return "other, warned" if caught else "OTHER NUMBERS"


def serve(connection, expected):
    """Load what is named until there is nothing more."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    while (path := connection.recv()) is not None:
        result = load(path, expected)
        connection.send((result, 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))


class Child:
    """A process that loads; it is replaced when it ends or takes too long."""

    def __init__(self, expected):
        self.expected = expected
        self.start()

    def start(self):
        context = multiprocessing.get_context("fork")
        self.connection, other = context.Pipe()
        self.process = context.Process(target=serve, args=(other, self.expected), daemon=True)
        self.process.start()
        other.close()

    def ask(self, path):
        """The result, with the peak of memory in bytes and the seconds."""
        begin = time.perf_counter()
        self.connection.send(path)
        try:
            result = self.connection.recv() if self.connection.poll(SECONDS) else ("TOO SLOW", 0)
        except EOFError:
            self.process.join()
            result = (f"ENDED by {-self.process.exitcode}", 0)
        seconds = time.perf_counter() - begin
        if result[0].startswith(("TOO SLOW", "ENDED")) or result[1] > PEAK:
            self.process.kill()
            self.start()
        return (*result, seconds)


BENIGN = ("same", "refused", "other, warned")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder for the files of findings")
    options = parser.parse_args()
    random = np.random.default_rng(options.seed)
    counts, findings, peak, slowest = collections.Counter(), 0, 0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        files = originals(Path(folder))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            path = Path(folder, "original.npz")
            child = Child({name: load_correlators(path, group=name) for name in content()})
        begin = time.monotonic()
        while time.monotonic() - begin < 60 * options.minutes:
            form = str(random.choice(list(files)))
            ways = (*RAW, *([rezip] * 4 if form == "npz" else []))
            way = ways[int(random.integers(len(ways)))]
            data = bytes(way(bytearray(files[form]), random))
            path = Path(folder, f"damaged{Path(form).suffix or '.' + form}")
            path.write_bytes(data)
            result, memory, seconds = child.ask(path)
            peak, slowest = max(peak, memory), max(slowest, seconds)
            result = f"MEMORY {memory}" if memory > PEAK else result
            counts[form, way.__name__, result[:60]] += 1
            if result not in BENIGN:
                findings += 1
                print(f"{form}, {way.__name__}: {result}", flush=True)
                if options.keep:
                    options.keep.mkdir(exist_ok=True)
                    (options.keep / f"{findings}.{form}").write_bytes(data)
    report(counts, findings, peak, slowest)
    return 1 if findings else 0


def report(counts, findings, peak, slowest):
    totals = collections.Counter()
    for (form, _, result), n in counts.items():
        totals[form, result if result in BENIGN else "finding"] += n
    for (form, way, result), n in sorted(counts.items()):
        print(f"{form:8} {way:10} {result:60} {n:7}")
    for (form, result), n in sorted(totals.items()):
        print(f"{form:8} {result:20} {n:7}")
    print(f"{sum(counts.values())} files, {findings} findings, peak {peak / 1e6:.0f} MB, "
          f"slowest {slowest:.2f} s")  # fmt: skip


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main())
