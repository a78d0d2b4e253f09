"""Messages that nobody thought of: what a kernel can send, mutated at random, against the trusted end of its channel.

Nothing may be raised past it, and no account may bring more than that of the model that it describes.
"""

from __future__ import annotations

import copy
import json
import socket
import struct
import threading
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.autograde.reception import Reception
from grader.channel import Channel, ChannelError
from grader.exercises import EXERCISES, RUBRICS
from grader.handed import HandedEvidence, Retrained
from grader.judged import Judged, judged
from grader.spec import ModelSpec
from tests.test_handed_over import SPOTIFY, told

from .attacking import train
from .case import Ours
from .defences import removed

EXAMPLES = {False: 200, True: 2000}
LENGTHS = pytest.mark.parametrize("full", [False, pytest.param(True, marks=pytest.mark.long)], ids=["short", "long"])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(
        [-1, 1e9, 10**400, float("nan"), float("inf"), -0.0, "nan", "np.float64(0.5)", "", "\0", "\ud800"]
    )
    | st.text(max_size=8)
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner), max_leaves=6
)


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROPNORM_SOURCE", "stand-in")


def examined(full: bool, strategy: Any, check: Callable[[Any], None]) -> None:
    """Check so many examples."""
    given(strategy)(
        settings(max_examples=EXAMPLES[full], derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))(
            check
        )
    )()


@cache
def places(rubric: str) -> list[tuple[Any, ...]]:
    """The paths of everything in an honest account."""

    def walk(value: Any, path: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        inner = value.items() if isinstance(value, dict) else enumerate(value[:3]) if isinstance(value, list) else ()
        return [path, *(found for name, item in inner for found in walk(item, (*path, name)))]

    return walk(honest(rubric), ())[1:]


@cache
def honest(rubric: str) -> Any:
    """The account of the Spotify exercise's baseline: overfitting, and no dropout."""
    steps = tuple(each for each in SPOTIFY.reference.operations if each.kind != "dropout")
    baseline = ModelSpec(SPOTIFY.reference.inputs, steps, SPOTIFY.reference.compile, SPOTIFY.reference.fit)
    return json.loads(json.dumps(told(baseline, rubric=rubric)))


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """An honest account in which some values are others, gone, or stand elsewhere."""
    rubric = draw(st.sampled_from(("spotify_curve", "spotify_structure")))
    account = copy.deepcopy(honest(rubric))
    for path in draw(st.lists(st.sampled_from(places(rubric)), min_size=1, max_size=3)):
        *above, last = path
        holder = account
        try:
            for name in above:
                holder = holder[name]
            if draw(st.booleans()):
                holder[last] = draw(JSON)
            else:
                del holder[last]
        except (KeyError, IndexError, TypeError):  # what is above it has changed by now
            continue
    return account


def worth(account: Any) -> float:
    """The most that an honest learner could have of the model that an account describes.

    That is judged by the same network and training, in an account that is honest in everything else.
    """
    evidence = HandedEvidence.read(account, lambda spec, owner: Retrained(train([], spec, owner).runs))
    again = told(evidence.spec, rubric=account["rubric"])
    return judged(
        json.loads(json.dumps(again)), lambda spec, owner: Retrained(train([], spec, owner).runs)
    ).verdict.score


@LENGTHS
def test_a_mutated_account_is_judged_and_brings_no_more_than_its_model(full: bool) -> None:
    def check(account: dict[str, Any]) -> None:
        desk = Reception(partial(train, []))
        desk.answer({"account": account})
        for said in desk.finish():
            found = Judged.from_dict(json.loads(json.dumps(said)))
            maximum = RUBRICS[found.rubric][1].maximum
            assert 0 <= found.verdict.score <= maximum
            if found.verdict.score > BASELINE[found.rubric]:
                assert found.verdict.score <= worth(account)

    examined(full, mutated(), check)


BASELINE = {"spotify_curve": 2.0, "spotify_structure": 4.0}


def test_the_account_that_is_mutated_is_worth_what_a_baseline_is() -> None:
    for rubric, points in BASELINE.items():
        desk = Reception(partial(train, []))
        assert desk.answer({"account": honest(rubric)})[0] == {"kept": True}
        assert Judged.from_dict(desk.finish()[0]).verdict.score == points


def test_it_would_bring_more_if_its_curves_were_believed() -> None:
    flat = [0.18] * 50
    account = honest("spotify_curve") | {"rubric": "spotify_curve"}
    account["history"] = account["history"] | {"series": dict.fromkeys(("loss", "val_loss", "loss_at_inference"), flat)}
    with removed({Ours.TRAINED_ANEW}):
        desk = Reception(partial(train, []))
        desk.answer({"account": account})
        assert Judged.from_dict(desk.finish()[0]).verdict.score > BASELINE["spotify_curve"]


@LENGTHS
def test_whatever_is_asked_is_answered(full: bool) -> None:
    names = st.sampled_from([*EXERCISES, *RUBRICS, "", "../x"]) | JSON
    spec = st.just(SPOTIFY.reference.to_json()) | JSON | JSON.map(lambda value: json.dumps(value, default=str))
    message = st.fixed_dictionaries(
        {}, optional={"ask": st.just("fit") | JSON, "exercise": names, "spec": spec, "account": JSON}
    )

    def check(asked: dict[str, Any]) -> None:
        desk = Reception(partial(train, []))
        answer, content = desk.answer(asked)
        assert json.dumps(answer) and (not content or answer == {"trained": True})
        assert all(Judged.from_dict(said).verdict.score == 0 for said in desk.finish())

    examined(full, message, check)


@pytest.mark.parametrize("order", ["as they came", "each again at once", "all again at the end"])
def test_what_is_sent_once_more_changes_nothing(order: str) -> None:
    """A kernel may record what it has sent, and send it again: to the same process, for nobody else hears it."""
    sent = [{"account": honest(name)} for name in BASELINE]
    sent.append({"ask": "fit", "exercise": SPOTIFY.name, "spec": SPOTIFY.reference.to_json()})
    messages = {
        "as they came": sent,
        "each again at once": [each for each in sent for _ in range(3)],
        "all again at the end": sent * 3,
    }
    desk = Reception(partial(train, []))
    for message in messages[order]:
        desk.answer(message)
    found = [Judged.from_dict(said) for said in desk.finish()]
    assert {each.rubric: each.verdict.score for each in found} == BASELINE and len(found) == len(BASELINE)


def test_after_the_end_nothing_is_taken() -> None:
    desk, trained = Reception(partial(train, (asked := []))), {"ask": "fit", "exercise": SPOTIFY.name}
    assert desk.finish() == []
    assert desk.answer({"account": honest("spotify_curve")})[0] == {"kept": False}
    answer, content = desk.answer(trained | {"spec": SPOTIFY.reference.to_json()})
    assert not answer["trained"] and not content and asked == [] and desk.finish() == []


def heads() -> st.SearchStrategy[bytes]:
    """Beginnings of messages: right ones, and such that promise more or less than comes."""
    content = JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=40)
    sizes = st.integers(0, 2**32 - 1) | st.sampled_from([0, 1, 2**20, 2**20 + 1])
    right = content.map(lambda text: struct.pack("!II", len(text), 0) + text)
    return right | st.builds(lambda size, blob, text: struct.pack("!II", size, blob) + text, sizes, sizes, content)


@LENGTHS
def test_whatever_bytes_come_are_messages_or_end_the_channel(full: bool) -> None:
    def check(sent: list[bytes]) -> None:
        own, other = socket.socketpair()
        with other:
            thread = threading.Thread(target=lambda: (other.sendall(b"".join(sent)), other.shutdown(socket.SHUT_WR)))
            thread.start()
            desk, channel = Reception(partial(train, [])), Channel(own, blob=0)
            try:
                for message, blob in channel:
                    assert isinstance(message, dict) and blob == b""
                    desk.answer(message)
            except ChannelError:
                pass
            finally:
                channel.close()
                thread.join()
            assert all(said["verdict"]["findings"] is not None for said in desk.finish())

    examined(full, st.lists(heads(), max_size=4), check)
