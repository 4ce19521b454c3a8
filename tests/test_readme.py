"""The code in README.md and docs/*.md, pasted, runs, and gives the numbers that stand beside it.

All blocks marked ``python`` in one file run in order, in an empty folder: those of README.md each
alone, those of a document in one namespace. A traceback names the file and line of the document.
Blocks marked ``py`` need a file, minutes or a cluster: each has a test of its own, which makes it
smaller. The block on SLURM, which no test can run, has to write the job script that it describes.
"""

import ast
import re
from pathlib import Path

import numpy as np
import pytest

from halkit.datasets import make_separable

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
CLUSTERS = ROOT / "docs" / "clusters.md"
DOCUMENTS = [README, *sorted((ROOT / "docs").glob("*.md"))]
STATED = {
    "README.md": 5,
    "femtoscopy.md": 6,
    "install.md": 1,
    "masses.md": 4,
    "own_interaction.md": 1,
    "quickstart.md": 2,
}  # statements with numbers beside them
BY_THEMSELVES = {"README.md": 2, "clusters.md": 2}  # blocks marked py
NUMBER = r"[-−]?\d+\.\d+"


def blocks(text, language):
    """Return (line number of the first line of code, code) of every block of a language."""
    fences = re.finditer(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [(text.count("\n", 0, fence.start(1)) + 1, fence[1]) for fence in fences]


def python_blocks(text):
    return blocks(text, "python")


def run_blocks(path):
    """Run the blocks of a document in order; their namespace, and (numbers, value) of comments."""
    namespace, stated = {"__name__": "__main__"}, []
    text = path.read_text()
    for line, code in python_blocks(text):
        if path == README:
            namespace = {"__name__": "__main__"}
        padded = "\n" * (line - 1) + code
        for node in ast.parse(padded).body:
            exec(compile(ast.Module([node], []), str(path), "exec"), namespace)
            numbers = numbers_beside(text.splitlines()[node.end_lineno - 1])
            if numbers:
                value = eval(compile(ast.Expression(shown(node)), str(path), "eval"), namespace)
                stated.append((numbers, np.ravel(value)))
    return namespace, stated


def numbers_beside(line):
    """Return the decimal numbers, as texts, with which the comment of a line begins."""
    comment = re.search(rf"# ({NUMBER}(?:, {NUMBER})*)", line)
    return comment[1].replace("−", "-").split(", ") if comment else []


def shown(node):
    """Return what a statement prints, or its value."""
    value = node.value
    printed = isinstance(value, ast.Call) and getattr(value.func, "id", "") == "print"
    return value.args[0] if printed else value


def assert_stated(numbers, values, *, units):
    """Numbers, as texts, are the values, to so many units of their last digits."""
    digits = [10.0 ** -len(number.partition(".")[2]) for number in numbers]
    assert len(values) == len(numbers)
    distance = np.abs(np.array(numbers, float) - values) / digits
    assert np.all(distance <= units), f"{numbers} should be {values}"


WITH_CODE = [path for path in DOCUMENTS if python_blocks(path.read_text())]


@pytest.mark.filterwarnings("ignore:.*where the data end:halkit.exceptions.UnderdeterminedWarning")
@pytest.mark.parametrize("path", WITH_CODE, ids=lambda path: path.name)
def test_the_code_of_a_document_runs(path, tmp_path, monkeypatch):
    """What is printed is what the comment says, to one in its last digit."""
    from matplotlib import pyplot

    monkeypatch.chdir(tmp_path)
    pyplot.switch_backend("Agg")
    _, stated = run_blocks(path)
    pyplot.close("all")
    assert len(stated) == STATED.get(path.name, 0)
    for numbers, value in stated:
        assert_stated(numbers, value, units=1)


def test_the_readme_has_code():
    assert README in WITH_CODE
    assert len(python_blocks(README.read_text())) == 4


def test_each_block_that_is_not_run_here_has_a_test():
    counts = {path.name: len(blocks(path.read_text(), "py")) for path in DOCUMENTS}
    assert {name: count for name, count in counts.items() if count} == BY_THEMSELVES


def test_the_closed_form_of_the_readme():
    """Its numbers are those of the closed form, rounded."""
    lines = [line for line in README.read_text().splitlines() if line.endswith("in closed form")]
    U, m = make_separable(n_k=10).interaction, 3.3
    delta = np.rad2deg(U.phase_shift([0.05, 0.5, 1.0], reduced_mass=m))
    kappa = U.bound_states(reduced_mass=m).kappa
    for line, exact in zip(lines, (delta, kappa), strict=True):
        assert_stated(numbers_beside(line), exact, units=0.5)


def other_block(word, path=README):
    """Return the ``py`` block of a document that has a word."""
    (code,) = (code for _, code in blocks(path.read_text(), "py") if word in code)
    return code


@pytest.mark.data
def test_the_block_of_real_correlators(data_dir, monkeypatch):
    """δ of all bins agrees with the published phases of t = 13, within errors."""
    monkeypatch.chdir(data_dir)
    namespace = {}
    exec(other_block("load_correlators"), namespace)
    with np.load("xixi_1s0_published.npz", allow_pickle=False) as archive:
        k = np.sqrt(archive["k2_n2lo_w_v2_t13"])
        bins = archive["delta_n2lo_w_v2_t13_jk"]
    published = np.array([np.interp([0.05, 0.1], k, delta) for delta in bins])
    error = np.hypot(namespace["error"], np.sqrt(len(bins) - 1) * published.std(axis=0))
    assert np.all(np.abs(namespace["delta"] - published.mean(axis=0)) < 2 * error)
    assert np.all(namespace["error"] < 0.04)


def test_the_block_of_links_on_a_smaller_lattice():
    """The corrected samples are exact, whatever the network has learned."""
    code = other_block("make_u1_configurations")
    for large, small in {
        "(10240, 1.0, 16": "(512, 1.0, 8",
        "(1024, beta": "(256, beta",
        "=32": "=8",
    }.items():
        assert large in code
        code = code.replace(large, small)
    namespace = {}
    exec(code, namespace)
    report = namespace["model"].sample_report(namespace["theta"], 7.0)
    assert namespace["theta"].shape == (256, 2, 8, 8)
    assert max(abs(row.z) for row in report.rows) < 4


@pytest.mark.filterwarnings("ignore")  # of sockets and loops that Dask leaves to the collector
def test_the_block_of_dask(tmp_path, monkeypatch):
    """Two workers, here threads of this process, give the numbers of the block before."""
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    monkeypatch.chdir(tmp_path)
    namespace, _ = run_blocks(CLUSTERS)
    code = other_block("LocalCluster", CLUSTERS)
    processes = "threads_per_worker=1"
    assert processes in code
    code = code.replace(processes, f"{processes}, processes=False, dashboard_address=None")
    exec(code, namespace)
    k = [0.05, 0.1]
    expected = namespace["model"].phase_shift(k, return_std=True)
    assert np.array_equal(namespace["again"].phase_shift(k, return_std=True), expected)


def test_the_block_of_slurm_writes_a_job():
    """The options are known, and one job has a worker for each of 16 cores and its 32 GB."""
    slurm = pytest.importorskip("dask_jobqueue.slurm", reason="dask-jobqueue is not installed")
    statements = ast.parse(other_block("SLURMCluster", CLUSTERS)).body
    (call,) = (
        node.value for node in statements
        if isinstance(node, ast.Assign) and node.value.func.id == "SLURMCluster"
    )  # fmt: skip
    options = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
    script = slurm.SLURMJob("tcp://127.0.0.1:8786", "halkit", **options).job_script()
    lines = script.splitlines()
    assert set(options["job_script_prologue"]) <= set(lines)
    wanted = ("-n 1", "--cpus-per-task=16", "-t 02:00:00", "--mem=30G")  # 32 GB are 30 GiB
    assert {f"#SBATCH {option}" for option in wanted} <= set(lines)
    assert re.search(r" --nthreads 1 .* --nworkers 16 ", lines[-1])


def test_the_readme_is_short_and_starts_with_code():
    text = README.read_text()
    assert len(text.splitlines()) <= 120
    first, _ = python_blocks(text)[0]
    assert first <= 30


@pytest.mark.parametrize(
    "path", [*DOCUMENTS, *sorted(set(ROOT.glob("*.md")) - {README})], ids=lambda path: path.name
)
def test_local_links_lead_somewhere(path):
    links = re.findall(r"\]\(([^)#\s]+)", path.read_text())
    local = [link for link in links if not re.match(r"[a-z]+:", link)]
    assert [link for link in local if not (path.parent / link).exists()] == []


def test_blocks_share_a_namespace_and_keep_their_lines(tmp_path):
    document = tmp_path / "document.md"
    document.write_text(
        "# Title\n\n```python\na = 1\n```\n\n```sh\nls\n```\n\n```python\nb = a + 1\n```\n"
    )
    assert [line for line, _ in python_blocks(document.read_text())] == [4, 12]
    assert run_blocks(document)[0]["b"] == 2


def test_numbers_beside_the_code_are_found(tmp_path):
    document = tmp_path / "document.md"
    document.write_text("```python\nprint([1, -0.5])  # 1.00, −0.50 and more\n2 / 4  # 0.5\n```\n")
    _, stated = run_blocks(document)
    assert [numbers for numbers, _ in stated] == [["1.00", "-0.50"], ["0.5"]]
    assert [value.tolist() for _, value in stated] == [[1.0, -0.5], [0.5]]
    for numbers, value in stated:
        assert_stated(numbers, value, units=0)
    with pytest.raises(AssertionError, match=r"\['1.00'\] should be"):
        assert_stated(["1.00"], np.array([1.006]), units=0.5)


def test_an_error_names_the_line_of_the_document(tmp_path):
    document = tmp_path / "document.md"
    document.write_text("```python\nx = 1\n```\n\ntext\n\n```python\n1 / 0\n```\n")
    with pytest.raises(ZeroDivisionError) as caught:
        run_blocks(document)
    assert caught.traceback[-1].lineno + 1 == 8
