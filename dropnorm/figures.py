"""Figures that can be read: in light and dark themes, without colour vision, and without sight.

Colours are those of Okabe and Ito (2008, "Color universal design") that stand out from a white and from a
near-black page (contrast at least 3 : 1), and never alone: each has a line style of its own. What matplotlib draws in
black takes the page's text colour. Every figure is shown with alternative text.
"""

from __future__ import annotations

import hashlib
import io
import itertools
from collections.abc import Mapping
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dropnorm import fonts
from dropnorm.curves import AT_INFERENCE, LOGGED, VALIDATION, LearningCurves
from dropnorm.fonts import label
from dropnorm.labels import translate_labels
from dropnorm.language import N_, _, sentences, shown
from dropnorm.lettering import abreast

BLUE, VERMILLION, GREEN, PURPLE, INK = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000"
COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, INK)  # INK becomes the page's text colour
LINE_STYLES = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)))
CYCLE = mpl.cycler(color=COLOURS, linestyle=LINE_STYLES)  # for plt.rc("axes", prop_cycle=CYCLE)

LABELS = {LOGGED: N_("training, as logged"), AT_INFERENCE: N_("training, at inference"), VALIDATION: N_("validation")}
LOSS, BEST = N_("loss"), N_("best epoch")
LOOKS = {
    LOGGED: {"color": PURPLE, "linestyle": ":", "linewidth": 1.5},
    AT_INFERENCE: {"color": BLUE, "linestyle": "--", "linewidth": 2.0},
    VALIDATION: {"color": VERMILLION, "linestyle": "-", "linewidth": 2.0},
}

in_words = False  # whether figures are told by their alternative text alone, where nobody looks at the page
_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_shown = itertools.count(1)


def show(figure: Figure | Axes, alt: str) -> None:
    """Display a figure below the cell, once, as a drawing that follows the page's theme; a pyplot figure is closed.

    In grading it is told by its alternative text alone (`in_words`).

    Args:
        figure: a matplotlib figure, or axes in it (pandas' ``plot`` returns axes).
        alt: what the figure shows, in a sentence or two, for those who do not see it.

    Raises:
        ValueError: ``alt`` is empty.
    """
    from IPython.display import display
    from matplotlib import pyplot

    figure = figure.figure if isinstance(figure, Axes) else figure
    try:
        told = {"text/plain": shown(_alternative(alt))}
        if not in_words:
            told["text/html"] = svg(figure, alt)
    finally:
        pyplot.close(figure)
    display(told, raw=True)


def svg(figure: Figure, alt: str) -> str:
    """The figure as an ``<svg>`` element to stand inside a page: no background, the page's text colour, ids of its own.

    Raises:
        ValueError: ``alt`` is empty.
    """
    alt, buffer = shown(_alternative(alt)), io.BytesIO()
    translate_labels(figure)
    with mpl.rc_context({"svg.fonttype": "path", "svg.hashsalt": "dropnorm", **fonts.settings()}):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    root = ElementTree.fromstring(buffer.getvalue())
    root.remove(root.find(f"{{{_SVG}}}metadata"))
    for style in root.findall(f"{{{_SVG}}}defs/{{{_SVG}}}style/.."):
        root.remove(style)  # its rule is for `*`: it would reach the whole page
    root.attrib |= {
        "role": "img",
        "aria-label": alt,
        "fill": "currentColor",
        "stroke-linejoin": "round",
        "style": "max-width: 100%; height: auto",
    }
    prefix = f"f{hashlib.sha256(buffer.getvalue()).hexdigest()[:8]}n{next(_shown)}-"
    for element in root.iter():
        _own_ids(element, prefix)
        _page_colours(element)
    ElementTree.register_namespace("", _SVG)
    return ElementTree.tostring(root, encoding="unicode")


def _alternative(alt: str) -> str:
    """The alternative text as it was given. Raises ValueError where it says nothing."""
    if not alt.strip():
        raise ValueError(_("A figure needs alternative text: say in a sentence what it shows, `show(fig, alt='...')`."))
    return alt


def _own_ids(element: ElementTree.Element, prefix: str) -> None:
    """Ids that no other figure of the page has; in JupyterLab all open notebooks are one page."""
    attributes = element.attrib
    if "id" in attributes:
        attributes["id"] = prefix + attributes["id"]
    link = attributes.pop(f"{{{_XLINK}}}href", None)
    if link is not None:
        attributes["href"] = link.replace("#", "#" + prefix) if link.startswith("#") else link
    for name, value in attributes.items():
        if "url(#" in value:
            attributes[name] = value.replace("url(#", "url(#" + prefix)


def _page_colours(element: ElementTree.Element) -> None:
    """Black is the page's ink; a white ground is the page's own."""
    style = element.attrib.get("style")
    if style:
        style = style.replace("#000000", "currentColor").replace("fill: #ffffff", "fill: none")
        element.attrib["style"] = style


def plot_curves(curves: LearningCurves, ax: Axes, *, title: str = "", ylabel: str = LOSS) -> Axes:
    """Draw learning curves on ``ax``: the logged training loss thin, the one at inference and validation's thick.

    Of several runs the mean is drawn, and a band from the lowest to the highest. The best epoch (the lowest mean
    validation loss) is marked. Where a loss is no number any more, that is written.
    """
    epochs = np.arange(1, curves.epochs + 1)
    for name in (LOGGED, AT_INFERENCE, VALIDATION):
        if name == AT_INFERENCE and curves.loss_at_inference is None:
            continue
        series = np.where(np.isfinite(getattr(curves, name)), getattr(curves, name), np.nan)
        ax.plot(epochs, series.mean(axis=0), label=label(LABELS[name]), **LOOKS[name])
        if curves.runs > 1:
            low, high = series.min(axis=0), series.max(axis=0)
            ax.fill_between(epochs, low, high, color=LOOKS[name]["color"], alpha=0.2, linewidth=0)
    _mark_best(curves, ax)
    ax.set(title=title, xlabel=label(N_("epoch")), ylabel=label(ylabel))
    return ax


def _mark_best(curves: LearningCurves, ax: Axes) -> None:
    mean = curves.val_loss.mean(axis=0)
    if np.isfinite(mean).any():
        best = int(np.nanargmin(np.where(np.isfinite(mean), mean, np.nan)))
        ax.plot(best + 1, mean[best], "o", color=VERMILLION, markersize=8, label=label(BEST))
    if not curves.finite.all():
        failed = int(curves.runs - curves.finite.sum())
        said = label(N_("The loss is no number any more"))
        if curves.runs > 1:
            said = label(N_("In {failed} of {runs} runs the loss is no number any more"))
            said = said.format(failed=failed, runs=curves.runs)
        ax.text(0.5, 0.5, said, ha="center", transform=ax.transAxes)
    if not np.isfinite(curves.loss).any():
        ax.set_xlim(1, max(2, curves.epochs))


def show_curves(
    curves: LearningCurves | Mapping[str, LearningCurves],
    *,
    top: float | None = None,
    bottom: float | None = None,
    ylabel: str = LOSS,
    alt: str | None = None,
) -> None:
    """Show learning curves; several, by title, stand side by side on one scale.

    Args:
        curves: what to draw: one `LearningCurves`, or titles and theirs.
        top, bottom: limits of the loss axis; without them, or where no loss lies within one, all of it is shown.
        ylabel: the loss and its unit.
        alt: alternative text; without it, `describe` says what is in the curves.
    """
    by_title = {"": curves} if isinstance(curves, LearningCurves) else dict(curves)
    figure = drawn_curves(by_title, top=top, bottom=bottom, ylabel=ylabel)
    show(figure, alt or sentences(*(describe(each, title) for title, each in by_title.items())))


def drawn_curves(
    by_title: Mapping[str, LearningCurves],
    *,
    top: float | None = None,
    bottom: float | None = None,
    ylabel: str = LOSS,
) -> Figure:
    """The figure that `show_curves` shows."""
    figure = Figure(figsize=(7.5, 3.2), layout="constrained")
    axes = figure.subplots(1, len(by_title), sharey=True, squeeze=False)[0]
    for ax, (title, each) in zip(axes, by_title.items(), strict=True):
        plot_curves(each, ax, title=title, ylabel=ylabel)
        ax.label_outer()
    losses = np.concatenate([line.get_ydata() for ax in axes for line in ax.lines])
    if not np.isfinite(losses).any():
        axes[0].set_yticks([])  # of all, as they share them
    axes[0].set_ylim(
        bottom if bottom is not None and (losses > bottom).any() else None,
        top if top is not None and (losses < top).any() else None,
    )
    legend_above(figure, axes)
    return figure


def legend_above(figure: Figure, axes: np.ndarray | list[Axes]) -> None:
    """One legend for all axes, above them, where it covers no curve. The figure's layout must be "constrained"."""
    entries = {label: line for ax in axes for line, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    ncols = abreast([shown(each) for each in entries], 72 * figure.get_figwidth())
    figure.legend(entries.values(), entries.keys(), loc="outside upper left", ncols=ncols, frameon=False)


def describe(curves: LearningCurves, title: str = "") -> str:
    """Learning curves in words and numbers, as alternative text."""
    what = _("learning curves over {epochs} epochs")
    if curves.runs > 1:
        what = _("learning curves of {runs} runs over {epochs} epochs")
    what = what.format(runs=curves.runs, epochs=curves.epochs)
    what = _("{title}: {curves}").format(title=shown(title), curves=what) if title else what[:1].upper() + what[1:]
    if not curves.finite.all():
        return _("{curves}; the loss ceases to be a number.").format(curves=what)
    middle = {name: f"{float(np.median(curves.last(name))):.3g}" for name in (LOGGED, VALIDATION)}
    if curves.loss_at_inference is None:
        said = _(
            "{curves}. Averaged over the last tenth, training loss is {logged} as logged and validation loss "
            "{validation}; validation loss is lowest, {lowest}, at epoch {epoch}."
        )
    else:
        middle[AT_INFERENCE] = f"{float(np.median(curves.last(AT_INFERENCE))):.3g}"
        said = _(
            "{curves}. Averaged over the last tenth, training loss is {logged} as logged, {inference} at inference and "
            "validation loss {validation}; validation loss is lowest, {lowest}, at epoch {epoch}."
        )
    return said.format(
        curves=what,
        logged=middle[LOGGED],
        inference=middle.get(AT_INFERENCE),
        validation=middle[VALIDATION],
        lowest=f"{float(np.median(curves.best_val_loss)):.3g}",
        epoch=int(np.median(curves.best_epoch)),
    )
