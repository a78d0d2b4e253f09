"""How near the stand-ins come to the official files, where those are."""

import pytest
from test_datasets_sources import official
from test_standins import script

from dropnorm import datasets, places
from dropnorm.datasets import standins

fidelity = script("fidelity")


def hold(name: str, measures: list) -> None:
    """Every measure keeps its bar, and the datasheet says the same (its numbers are rounded)."""
    sheet = (places.DATA / f"{name}.md").read_text(encoding="utf-8").splitlines()
    for measure in measures:
        assert measure.bar is None or measure.difference <= measure.bar, measure.line()
        said = [line.split("|")[2:-1] for line in sheet if line.startswith(f"| {measure.what} |")]
        assert said, f"data/{name}.md lacks {measure.line()}: run data/fidelity.py {name}"
        numbers = [float(cell) for cell in said[0] if cell.strip()]
        measured = [n for n in (measure.official, measure.stand_in, measure.difference, measure.bar) if n is not None]
        assert numbers == pytest.approx(measured, abs=2e-3), f"data/{name}.md: run data/fidelity.py {name}"


@pytest.mark.parametrize("name", datasets.NAMES)
def test_marginals_rank_correlations_and_twins(name: str) -> None:
    hold(name, fidelity.quick(name, official(name), standins.draw(name)))


@pytest.mark.parametrize("name", ["red-wine", "concrete", pytest.param("spotify", marks=pytest.mark.long)])
def test_what_a_line_and_trees_explain(name: str) -> None:
    hold(name, fidelity.slow(name, official(name), standins.draw(name)))


def test_red_wine_repeats_rows_in_the_official_proportion() -> None:
    (_, real), (_, drawn) = fidelity.twins(official("red-wine")), fidelity.twins(standins.draw("red-wine"))
    assert real == pytest.approx(0.188, abs=0.001)
    assert drawn == pytest.approx(real, abs=0.03)


def test_a_plain_copula_would_be_caught() -> None:
    """The measures can fail: columns shuffled apart keep their marginals and lose all else."""
    real = official("concrete")
    apart = real.apply(lambda column: column.sample(frac=1, random_state=len(column.name)).to_numpy())
    marginal, rank, *_ = fidelity.quick("concrete", real, apart)
    assert marginal.difference == 0 and rank.difference > 0.3
    assert fidelity.explained("concrete", apart)[1] < 0.1
