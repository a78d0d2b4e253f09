"""A damaged notebook, put right: the course's cells as they were handed out, the learner's work where it stood.

Answers are kept whatever else is wrong; where there is more than one way to read a notebook, the rule is told to the
learner. A notebook in which nothing is wrong is returned as it came.
"""

from __future__ import annotations

import copy
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from nbformat.notebooknode import NotebookNode
from nbgrader.nbgraderformat import SCHEMA_VERSION

from dropnorm.language import N_, _, current
from grader.autograde.form import MINOR, named
from grader.autograde.handed_in import RefusedError
from grader.autograde.handed_out import HandedOut, Role, name_of, role_of, told

REPAIRED = "repaired"  # in a graded notebook's metadata: the sentences that say what
NOT_EXECUTED = {"skip-execution", "raises-exception"}  # tags by which Jupyter's own tools run a cell otherwise
FIELDS = {"schema_version", "grade_id", "grade", "solution", "locked", "task", "points", "checksum", "cell_type"}

FOREIGN = N_(
    "None of this notebook's answer cells and tests is in the file: is it another notebook under this name? Put your "
    "answers into the notebook that was handed out, save it and hand it in again."
)
MISSING = N_("These cells were missing and were put back as they were handed out: {cells}.")
MOVED = N_("These cells stood in another place and were put back into theirs: {cells}.")
CHANGED = N_("These cells are read-only but were changed; they were put back as they were handed out: {cells}.")
RETYPED = N_("These answers had become cells of another type and were given their own again: {cells}.")
RENAMED = N_("These cells had lost their names or their roles, and were given them again: {cells}.")
TAGGED = N_("These cells had tags by which they are not run as the others are; the tags were removed: {cells}.")
TWICE = N_("These cells of the course stood there more than once; each was kept once: {cells}.")
ANSWERED_TWICE = N_(
    "These answers stood there more than once; the last one that is not the untouched cell counts, and what the others "
    "say is kept as cells of your own: {cells}."
)
STRANGE = N_(
    "Cells that claim to be nbgrader's but are none of this notebook's were kept as cells of your own: {count}."
)
OTHER_KERNEL = N_("The notebook named another kernel than it was handed out with, and was given that one again.")
SENTENCES = (MISSING, MOVED, CHANGED, RETYPED, RENAMED, TAGGED, TWICE, ANSWERED_TWICE)


def repair(nb: NotebookNode, handed_out: HandedOut) -> list[str]:
    """Put a notebook right, in place; the sentences that tell its learner what was wrong.

    Raises RefusedError where nothing of what was handed out is in it.
    """
    if not handed_out.places:
        return _without_a_clue(nb)
    return _Repair(nb, handed_out).done()


class _Repair:
    def __init__(self, nb: NotebookNode, due: HandedOut) -> None:
        self._nb, self._due = nb, due
        self._said: dict[str, list[str]] = defaultdict(list)
        self._strange = 0

    def done(self) -> list[str]:
        due = self._due
        claims = _claims(self._nb.cells, due)
        asked = {due.roles[place] for place in due.places.values()} & {Role.ANSWER, Role.TEST}
        if asked and not any(due.roles[claim] in asked for claim in claims if claim is not None):
            raise RefusedError(_(FOREIGN))
        _answers_by_place(claims, self._nb.cells, due)
        line = self._in_order(self._each_once(claims))
        for place, cell in line:
            if place is not None and due.roles[place] is not Role.PLAIN:
                self._settle(cell, place)
            elif "nbgrader" in cell.metadata:
                self._strange += role_of(cell) is not Role.PLAIN
                del cell.metadata["nbgrader"]
        self._nb.cells = [cell for _, cell in line]
        _own_ids(self._nb)
        said = [_(sentence).format(cells=self._cells(sentence)) for sentence in SENTENCES if self._said[sentence]]
        if self._strange:
            said.append(_(STRANGE).format(count=self._strange))
        return [*said, *_own_kernel(self._nb, due)]

    def _cells(self, sentence: str) -> str:
        """Those that a sentence is about, in the notebook's order."""
        return current().between_items.join(sorted(set(self._said[sentence]), key=self._due.places.__getitem__))

    def _say(self, sentence: str, place: int) -> None:
        self._said[sentence].append(name_of(self._due.cells[place]) or "")

    def _each_once(self, claims: list[int | None]) -> list[tuple[int | None, NotebookNode]]:
        """The cells, each with its place; what claims a place that another cell has is the learner's own, or gone."""
        cells, gone = self._nb.cells, set()
        holders: dict[int, list[int]] = defaultdict(list)
        for index, claim in enumerate(claims):
            if claim is not None:
                holders[claim].append(index)
        for place, indices in holders.items():
            if len(indices) < 2:
                continue
            text, answer = self._due.cells[place].source.strip(), self._due.roles[place] is Role.ANSWER
            if answer:
                written = [index for index in indices if cells[index].source.strip() not in ("", text)]
                chosen = written[-1] if written else indices[0]
            else:
                right = [index for index in indices if cells[index].source.strip() == text]
                chosen = next((index for index in right if _in_place(claims, index)), (right or indices)[-1])
            for index in indices:
                if index != chosen:
                    claims[index] = None
                    cells[index].metadata.pop("nbgrader", None)
                    if cells[index].source.strip() in ("", text, cells[chosen].source.strip()):
                        gone.add(index)
            self._say(ANSWERED_TWICE if answer else TWICE, place)
        return [(claims[index], cell) for index, cell in enumerate(cells) if index not in gone]

    def _in_order(self, line: list[tuple[int | None, NotebookNode]]) -> list[tuple[int | None, NotebookNode]]:
        """The cells with those that count in the order in which they were handed out: as few as possible move."""
        roles, there = self._due.roles, dict(line)
        counting = [place for place, _ in line if place is not None and roles[place] is not Role.PLAIN]
        staying = set(_longest_rising(counting))
        moved = set(counting) - staying
        line = [(place, cell) for place, cell in line if place not in moved]
        for place in sorted(set(self._due.places.values()) - staying):
            if place in moved:
                cell = there[place]
                self._say(MOVED, place)
            else:
                cell = copy.deepcopy(self._due.cells[place])
                if self._nb.nbformat_minor < MINOR:
                    cell.pop("id", None)
                self._say(MISSING, place)
            line.insert(self._where(line, place), (place, cell))
        return line

    def _where(self, line: Sequence[tuple[int | None, NotebookNode]], place: int) -> int:
        """Where a cell belongs among the others: answers and tests below what the learner wrote there, others above."""
        roles = self._due.roles
        first, last = 0, len(line)
        for index, (other, __) in enumerate(line):
            if other is not None and roles[other] is not Role.PLAIN:
                if other > place:
                    last = index
                    break
                first = index + 1
        plain = [(index, line[index][0]) for index in range(first, last) if line[index][0] is not None]
        first = max([first, *(index + 1 for index, other in plain if other < place)])
        last = min([last, *(index for index, other in plain if other > place and index >= first)])
        return last if roles[place] in (Role.ANSWER, Role.TEST) else first

    def _settle(self, cell: NotebookNode, place: int) -> None:
        """Make a cell what it was handed out as, but for an answer's text."""
        due, role = self._due.cells[place], self._due.roles[place]
        name = name_of(due) or ""
        if role is not Role.ANSWER and not (
            cell.cell_type == due.cell_type and cell.source in (due.source, self._due.graded.get(name))
        ):
            self._say(CHANGED, place)
            _become(cell, due)
            return
        if cell.cell_type != due.cell_type:
            self._say(RETYPED, place)
            text = cell.source
            _become(cell, due)
            cell.source = text
            return
        if name_of(cell) != name or not _same_role(told(cell), told(due)):
            self._say(RENAMED, place)
            cell.metadata["nbgrader"] = copy.deepcopy(due.metadata["nbgrader"])
        tags, due_tags = cell.metadata.get("tags", []), due.metadata.get("tags", [])
        if odd := NOT_EXECUTED & set(tags) ^ NOT_EXECUTED & set(due_tags):
            self._say(TAGGED, place)
            cell.metadata["tags"] = [tag for tag in (*tags, *due_tags) if tag not in odd or tag in due_tags]
            if not cell.metadata["tags"]:
                del cell.metadata["tags"]


def _claims(cells: Sequence[NotebookNode], due: HandedOut) -> list[int | None]:
    """Which cell of what was handed out each cell is: by its name, else its text, else its id."""
    claims = [due.places.get(name_of(cell) or "") for cell in cells]
    taken = {claim for claim in claims if claim is not None}
    ids = {cell.id: place for place, cell in enumerate(due.cells) if "id" in cell}
    texts: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, cell in enumerate(due.cells):
        if due.roles[place] is not Role.ANSWER:
            texts[cell.cell_type, cell.source.strip()].append(place)
    for key in (  # text first: one id in many cells may have made an answer look like a test
        lambda cell: texts.get((cell.cell_type, cell.source.strip()), []),
        lambda cell: [ids[cell.id]] if "id" in cell and cell.id in ids else [],
    ):
        for index, cell in enumerate(cells):
            found = key(cell) if claims[index] is None else []
            if len(found) == 1 and found[0] not in taken:
                claims[index] = found[0]
                taken.add(found[0])
    return claims


def _answers_by_place(claims: list[int | None], cells: Sequence[NotebookNode], due: HandedOut) -> None:
    """Let an answer that is missing be what its learner wrote where it was; the last such cell, as ever."""
    taken = {claim for claim in claims if claim is not None}
    lost = [place for place, role in enumerate(due.roles) if role is Role.ANSWER and place not in taken]
    for place in lost:
        above = max((other for other in taken if other < place), default=-1)
        below = min((other for other in taken if other > place), default=len(due.cells))
        if any(above < other < below for other in lost if other != place):
            continue
        first = claims.index(above) + 1 if above >= 0 else 0
        last = claims.index(below) if below < len(due.cells) else len(cells)
        kind = due.cells[place].cell_type
        for index in reversed(range(first, last)):
            if claims[index] is None and cells[index].cell_type == kind and cells[index].source.strip():
                claims[index] = place
                taken.add(place)
                break


def _in_place(claims: Sequence[int | None], index: int) -> bool:
    """Whether a cell stands between those that it was handed out between, or nearly so."""
    place = claims[index]
    others = [(at < index, claim) for at, claim in enumerate(claims) if claim is not None and claim != place]
    above = [claim for is_above, claim in others if is_above]
    below = [claim for is_above, claim in others if not is_above]
    return (not above or above[-1] < place) and (not below or below[0] > place)


def _longest_rising(places: Sequence[int]) -> list[int]:
    """As many of them as possible that stand in rising order already."""
    ends: list[int] = []  # where the best run of each length ends
    before: list[int | None] = []
    for index, place in enumerate(places):
        length = bisect_left([places[end] for end in ends], place)
        before.append(ends[length - 1] if length else None)
        ends[length : length + 1] = [index]
    found: list[int] = []
    index = ends[-1] if ends else None
    while index is not None:
        found.append(places[index])
        index = before[index]
    return found[::-1]


def _become(cell: NotebookNode, due: NotebookNode) -> None:
    own = {key: cell[key] for key in ("id", "attachments") if key in cell}
    if due.cell_type == "code" or role_of(due) is not Role.ANSWER:
        own.pop("attachments", None)
    cell.clear()
    cell.update({key: value for key, value in copy.deepcopy(due).items() if key != "id"} | own)


def _same_role(says: Mapping[str, Any], due: Mapping[str, Any]) -> bool:
    """Whether nbgrader takes both for the same, and finds no fault; what checksums say it writes itself."""
    points, right = says.get("points"), due.get("points")
    return (
        type(says.get("schema_version")) is int
        and says["schema_version"] == SCHEMA_VERSION
        and set(says) <= FIELDS
        and all(says.get(flag) is due.get(flag) for flag in ("grade", "solution"))
        and says.get("task", False) is due.get("task", False)
        and isinstance(says.get("locked"), bool)
        and (says["locked"] is due.get("locked") or says["grade"] or says["solution"])
        and ("checksum" not in says or (isinstance(says["checksum"], str) and len(says["checksum"]) == 32))
        and ("cell_type" not in says or (says["cell_type"] is not None and says["cell_type"] == due.get("cell_type")))
        and (right is None or points == right)
        and ("points" not in says or (type(points) in (int, float) and points >= 0))
    )


def _own_ids(nb: NotebookNode) -> None:
    """Each cell an id of its own, where the notebook's format has any."""
    taken: set[str] = set()
    for index, cell in enumerate(nb.cells if nb.nbformat_minor >= MINOR else ()):
        if cell.get("id") is None or cell.id in taken:
            cell.id = named(index, taken | {other.get("id") for other in nb.cells})
        taken.add(cell.id)


def _own_kernel(nb: NotebookNode, due: HandedOut) -> list[str]:
    """A learner's own Jupyter may name its kernel as it likes; here there may be none of that name, or another one."""
    kernel, own = nb.metadata.get("kernelspec"), due.notebook.metadata.get("kernelspec")
    if own is None or kernel is None or kernel.get("name") == own.get("name"):
        return []
    nb.metadata.kernelspec = copy.deepcopy(own)
    return [_(OTHER_KERNEL)]


def _without_a_clue(nb: NotebookNode) -> list[str]:
    """Where nothing was handed out that counts, nbgrader decides; it shall not end the class over one notebook."""
    seen: set[str | None] = set()
    strange = 0
    for cell in nb.cells:
        if "nbgrader" in cell.metadata:
            name = name_of(cell)
            if told(cell).get("schema_version") != SCHEMA_VERSION or name in seen:
                del cell.metadata["nbgrader"]
                strange += 1
            seen.add(name)
    return [_(STRANGE).format(count=strange)] if strange else []
