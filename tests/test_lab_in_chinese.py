"""The labs, their still pictures, readings and errors in Chinese: no word of English is left but names and code."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator

import ipywidgets as widgets
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from dropnorm import datasets, figures, network_picture
from dropnorm.curves import LearningCurves
from dropnorm.datasets.__main__ import main
from dropnorm.experiments.placement import BEFORE
from dropnorm.lab import BatchNormLab, DropoutLab, MaskView, PlacementLab, placement_setting
from dropnorm.lab.picture import CurvesPicture
from dropnorm.lab.placement_reading import placement_reading
from dropnorm.lab.placement_setting import ORDERS, PlacementSetting
from dropnorm.lab.presets import PRESETS
from dropnorm.lab.reading import reading, reading_of_part
from dropnorm.lab.setting import Setting
from dropnorm.lab.vehicle_batches import MAKE_UPS
from dropnorm.lab.view import View
from dropnorm.language import current, shown, use, using, width
from dropnorm.lettering import abreast, fitting
from dropnorm.sweep import background, cache
from dropnorm.symptoms import Problem
from dropnorm.vehicles import COLOURS, draw
from tests.test_diagnosis import JUMPS, LEARNS, MADE_UP, MEMORISES, WORKS, T, diagnosed
from tests.widget_tree import find, outputs_of

# The same in all languages: layers and functions of Keras, optimizers, what a history calls its losses.
NAMES = {"Dropout", "BatchNormalization", "BN", "Dense", "relu", "Adam", "adam", "SGD", "sgd", "Keras", "fit", "NaN"}
NAMES |= {"loss", "val_loss", "accuracy", "val_accuracy", "nan", "inf"}
# Code; and a problem by the name that learners type, where what it means stands behind it.
CODE = re.compile(rf"`[^`]*`|\b\w+Lab\([^)]*\)|\b(?:{'|'.join(Problem)})(?=（)")


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    """All threads speak Chinese."""
    before = current().code
    use("zh")
    yield
    use(before)


def english(texts: Iterable[str]) -> dict[str, list[str]]:
    """The texts in which words of English are left, and those words."""
    left = {text: re.findall(r"[A-Za-z][A-Za-z_]+", CODE.sub(" ", text)) for text in texts}
    return {text: words for text, found in left.items() if (words := [each for each in found if each not in NAMES])}


def seen(markup: str) -> list[str]:
    """What is read of HTML or SVG: its words, and what screen readers say of it."""
    without_style = re.sub(r"<style>.*?</style>|<!--.*?-->", "", markup, flags=re.DOTALL)
    said = re.findall(r'(?:aria-label|title)="([^"]*)"', without_style)
    return [html.unescape(text) for text in [*said, *re.split(r"<[^>]*>", without_style)]]


def told(box: widgets.Widget) -> Iterator[str]:
    """Every text of a box of controls."""
    for name in ("description", "tooltip"):
        yield getattr(box, name, None) or ""
    yield from getattr(box, "tooltips", None) or ()
    yield from getattr(box, "_options_labels", ())
    if isinstance(box, widgets.HTML):
        yield from seen(box.value)
    elif isinstance(box, widgets.Label):
        yield box.value
    for child in getattr(box, "children", ()):
        yield from told(child)


def drawn(figure: Figure) -> list[str]:
    """The labels of a figure."""
    return [text.get_text() for text in figure.findobj(Text)]


def whole(view: View) -> None:
    """All that an open view says is Chinese, and it says something."""
    texts = [text for text in told(view.open()) if text.strip()]
    assert not english(texts)
    assert sum(width(text) > len(text) for text in texts) > 10


def test_the_dropout_lab_in_all_its_states(instant) -> None:
    lab = DropoutLab(0.3)
    whole(lab)
    assert not english(drawn(lab._picture.axes.figure))
    controls = lab.controls
    for preset in controls.presets:
        preset.click()
        whole(lab)
    for control in (controls.batch_norm, controls.inputs, controls.width, controls.optimizer):
        for value in control.options:
            control.value = value[1]
            whole(lab)
    controls.seed.value = 3
    controls.rate_field.value = 0.33
    whole(lab)
    assert "0.35 离 0.33 最近" in find(lab.open(), "dropnorm-reading").value
    instant.hold = True
    controls.rate.value = 0.9
    controls.batch_norm.value = "off"
    whole(lab)
    assert "正在计算" in find(lab.open(), "dropnorm-curves").value
    lab.close()


def test_values_and_code_are_the_same_in_both_languages(instant) -> None:
    def values() -> list[object]:
        lab = DropoutLab(0.3, batch_norm="after", inputs="raw")
        controls = lab.open() and lab.controls
        found = [controls.code.value, controls.batch_norm.value, [value for _, value in controls.batch_norm.options]]
        lab.close()
        return found

    spoken = values()
    with using("en"):
        assert values() == spoken
    assert spoken[0] == "DropoutLab(rate=0.3, batch_norm='after', inputs='raw')"


def test_the_placement_lab_in_all_its_orders(instant) -> None:
    lab = PlacementLab()
    whole(lab)
    for order in ORDERS:
        lab.controls.order.value = order
        whole(lab)
    lab.controls.bias.value = False
    lab.controls.input_dropout.value = 0.1
    lab.controls.inputs.value = "raw"
    whole(lab)
    instant.hold = True
    lab.controls.order.value = BEFORE
    lab.controls.input_dropout.value = 0.5
    lab.controls.bias.value = True
    whole(lab)
    assert "正在计算" in lab.controls.layers.value
    lab.close()


@pytest.mark.parametrize("make_up", MAKE_UPS)
def test_the_batch_norm_lab_on_vehicles(make_up: str) -> None:
    lab = BatchNormLab(activations="vehicles", make_up=make_up, gamma=1.5, momentum=0.9)
    for _ in range(30):
        whole(lab)
        lab._next_batch()
    assert not english([*seen(lab.fallback()[0]), lab.fallback()[1]])
    lab.close()


def test_the_batch_norm_lab_on_drawn_activations() -> None:
    lab = BatchNormLab(scale=3, shift=4)
    whole(lab)
    (frame,) = lab._drawing._frames.values()
    assert not english(drawn(frame._averages.figure))
    field = find(lab.open(), "dropnorm-batch-size-field")
    for typed in (7.5, 9999, 64.5, float("nan")):
        field.value = typed
        whole(lab)
    assert not english([*seen(lab.static()[0]), lab.static()[1]])
    lab.close()


def test_the_mask_view_in_both_modes() -> None:
    view = MaskView()
    whole(view)
    find(view.open(), "dropnorm-mode").value = False
    whole(view)
    find(view.open(), "dropnorm-rate-field").value = 7
    whole(view)
    for rate in (0.0, 0.5, 0.9):
        drawing, alt = MaskView(rate, units=2).static()
        assert not english([*seen(drawing), alt])
    view.close()


def test_where_no_page_listens_still_pictures_and_their_words_are_chinese(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(placement_setting, "EPOCHS", 12)
    monkeypatch.setattr(placement_setting, "WIDTH", 8)
    monkeypatch.setattr(cache, "FOLDER", tmp_path)
    monkeypatch.setattr(background, "computed", lambda plan, *_: small(plan.seed))
    for view in (DropoutLab(0.3), PlacementLab()):
        said = [text for output in outputs_of(view) for text in (*seen(output["text/html"]), output["text/plain"])]
        assert not english(said) and "学习曲线" in "".join(said)
    masks = np.eye(6, dtype=bool)
    network = network_picture.network_svg(masks)
    assert not english([*seen(network), network_picture.alternative_text(masks)]) and "隐藏层" in network


def small(seed: int) -> LearningCurves:
    """Curves as a run of a small network has them."""
    return LearningCurves(LEARNS, WORKS, LEARNS, seeds=(seed,))


def several(*runs: np.ndarray) -> LearningCurves:
    return LearningCurves.stack([LearningCurves(run, run + 0.2, run, seeds=(seed,)) for seed, run in enumerate(runs)])


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_readings_of_curves_of_every_kind(preset) -> None:
    overfitted = LearningCurves(MEMORISES, WORKS + T, MEMORISES)
    apart = LearningCurves(LEARNS, WORKS + 3, LEARNS + 3)
    kinds = [overfitted, apart, several(LEARNS, 2 + LEARNS), several(LEARNS, np.nan * T), small(0), several(JUMPS + T)]
    said = [reading(each, without) for each in kinds for without in (None, several(LEARNS), overfitted)]
    said += [reading_of_part(each, 200) for each in (overfitted, LearningCurves(np.nan * T, T, T))]
    said += [preset.setting.words, *(figures.describe(each, title) for each in kinds for title in ("", "甲"))]
    assert not english(said)


def test_labels_of_figures() -> None:
    broken = several(LEARNS, np.nan * T)
    for each in (small(0), several(LEARNS), broken, broken.run(1)):
        figure = figures.drawn_curves({"甲": each})
        assert not english(drawn(figure)) and "损失" in drawn(figure)
    from dropnorm.masks import draw_mask

    figure = Figure()
    draw_mask(figure.subplots(), np.eye(3, dtype=bool))
    figures.legend_above(figure, figure.axes)
    assert not english(drawn(figure)) and "保留" in drawn(figure)


def test_a_training_told_while_it_goes_on() -> None:
    from dropnorm.lab.live_curves import ENDED, FAILED, INTERRUPTED, GrowingCurves

    for losses in ([2.0, 1.0], [2.0, np.nan], [np.inf, np.inf], []):
        growing = GrowingCurves("training", "loss")
        growing.set_params({"epochs": 4})
        for epoch, loss in enumerate(losses, 1):
            growing._epoch, growing._logs[epoch] = epoch, {"loss": loss, "val_loss": loss}
        lines = [growing._line(state) for state in ("", ENDED, FAILED, INTERRUPTED)]
        assert not english([*lines, *seen(growing._html(lines[0]))]) and all(line.startswith("训练") for line in lines)


def test_a_reading_is_read_again_in_another_language() -> None:
    curves = small(0)
    assert reading(curves).startswith("验证损失")
    with using("en"):
        assert reading(curves).startswith("Validation loss")


@pytest.mark.parametrize("name", MADE_UP)
def test_diagnoses_in_words(name: str) -> None:
    found = diagnosed(name)
    assert found.problem == MADE_UP[name][0]
    assert not english([found.sentence.replace("（`baseline`）", "")])


def test_a_problem_keeps_its_name_and_is_told_with_its_meaning() -> None:
    assert Problem.OVERFITS == "overfits" and Problem.OVERFITS.words == "overfits（过拟合）"
    found = several(LEARNS, LEARNS, np.nan * T).diagnosis()
    assert "unstable（不稳定）" in found.sentence and not english([found.sentence])
    assert str(found) == f"{found.problem.words}：{found.sentence}"
    with using("en"):
        assert [each.words for each in Problem] == list(Problem)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("bias", [True, False])
def test_readings_of_every_order(order: str, bias: bool) -> None:
    setting = PlacementSetting(order, bias=bias)
    shifts = [(0.5, 1.2, 1.01), (0.6, 1.1, 0.99)]
    constant = LearningCurves(*[2 + 0 * T] * 3)
    for curves in (small(0), several(LEARNS, np.nan * T), constant):
        for met in (shifts, [(1.0, 1.0, 1.0)], []):
            assert not english([placement_reading(setting, curves, met, 0.665), setting.words])


# Each with the names that it quotes.
ERRORS: dict[str, tuple[Callable[[], object], str]] = {
    "a rate": (lambda: MaskView(rate=2), "rate"),
    "units": (lambda: MaskView(units=2.5), "units"),
    "a momentum": (lambda: BatchNormLab(momentum=0.5), "momentum"),
    "a make-up": (lambda: BatchNormLab(make_up=3), "make_up mixed only blue red in turn"),
    "no setting": (lambda: MaskView(colour=3, number=4), "MaskView colour number rate units rows seed"),
    "an object": (lambda: PlacementLab([1]), "PlacementLab list"),
    "a rate between": (lambda: Setting(rate=0.33), ""),
    "a width": (lambda: Setting(width=7), "width"),
    "a bias": (lambda: PlacementSetting(bias=3), "bias True False"),
    "a seed": (lambda: PlacementSetting(seed=-1), ""),
    "no alternative text": (lambda: figures.svg(Figure(), " "), ""),
    "no epochs": (lambda: LearningCurves([], []), ""),
    "no loss at inference": (lambda: LearningCurves([1.0], [1.0]).gap, "loss_at_inference"),
    "no validation": (lambda: LearningCurves.from_history({"loss": [1.0]}), "history"),
    "no history": (lambda: LearningCurves.from_history(3), "int"),
    "other lengths": (lambda: LearningCurves([1.0], [1.0, 2.0]), ""),
    "a baseline": (lambda: small(0).diagnosis(baseline=-1), "baseline"),
    "a colour": (lambda: draw(1, 0, "mauve"), f"mauve None {' '.join(COLOURS)}"),
    "a count": (lambda: draw(0, 0), "count"),
    "a data set": (lambda: datasets.dataset("white"), "white red wine spotify concrete"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors_are_chinese(name: str) -> None:
    call, quoted = ERRORS[name]
    with pytest.raises((ValueError, TypeError, datasets.DataError)) as raised:
        call()
    said = str(raised.value)
    assert set(english([said]).get(said, [])) <= set(quoted.split())
    assert width(said) > len(said)


def test_what_the_data_sets_print(monkeypatch, tmp_path, capsys) -> None:
    monkeypatch.setenv("DROPNORM_SOURCE", "stand-in")
    monkeypatch.delenv("DROPNORM_DATA", raising=False)
    assert main(["status"]) == 0
    assert "concrete：替代数据，" in capsys.readouterr().out
    found = datasets.dataset("concrete")
    assert datasets.line(found).startswith("concrete：替代数据，仿照官方文件")
    assert main(["import", str(tmp_path)]) == 1
    assert "请写出存放 CSV 文件的文件夹" in capsys.readouterr().err


def test_labels_have_the_room_that_their_words_take(instant) -> None:
    def rooms() -> list[str]:
        lab = DropoutLab()
        controls = lab.open() and lab.controls
        named = (controls.batch_norm, controls.inputs, controls.width)
        found = [each.style.description_width for each in named] + [controls.rate_field.layout.width]
        lab.close()
        return found

    assert rooms() == ["5.5em", "2.5em", "6.5em", "8.5em"]
    with using("en"):
        assert rooms() == ["10em", "3.5em", "10em", "11.5em"]


def test_words_that_would_not_fit_have_smaller_letters_and_legends_more_rows() -> None:
    assert fitting("hidden layer", 13, 90) == fitting("隐藏层", 13, 90) == 13
    assert fitting("a hidden layer of units", 13, 90) < 9
    names = [*figures.LABELS.values(), figures.BEST]
    assert abreast(names, 547) == 4
    assert abreast([f"{name}, {name}" for name in names], 547) < 4
    assert abreast(["a name longer than there is room"], 20) == 1
    figure = CurvesPicture(100, 0.1, 7.0, "mean absolute error").axes.figure
    assert not english(drawn(figure))


def test_names_that_were_set_on_an_axis_are_told_in_chinese_and_numbers_stay() -> None:
    figure = Figure()
    axes = figure.add_subplot()
    axes.set(yticks=[1, 2], yticklabels=["masks", "trees"], xticks=[8, 32], xticklabels=[8, 32])
    with using("zh"):
        figures.svg(figure, "Two rows.")
    assert [text.get_text() for text in axes.get_yticklabels()] == ["掩码", "树"]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["8", "32"]


def test_printed_columns_stay_even_where_wide_letters_are_not_two_columns() -> None:
    with using("zh"):
        said = [
            shown(f"{name:13} largest step that helped, seed by seed: 1", aligned=True)
            for name in ("raw", "standardised")
        ]
        assert [len(each.split("有")[0]) for each in said] == [8, 8]
        assert "0.589 到" in shown("members    0.589 to 0.673, on average 0.627", aligned=True)
