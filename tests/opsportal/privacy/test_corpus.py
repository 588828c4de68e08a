"""The pass lines, on seeds the guard has not been written against."""

import socket
from collections import Counter

import pytest

from opsportal.privacy import guard
from tests.opsportal.privacy import corpus

UNSEEN = [1007, 2011, 4242]


@pytest.fixture(autouse=True)
def no_way_out(monkeypatch):
    def refuse(*_: object) -> None:
        raise AssertionError("the guard opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.parametrize("seed", UNSEEN)
def test_secrets_and_people_are_found(seed):
    asked: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for line in corpus.positives(seed):
        asked[line.kind] += 1
        word = guard.judge(line.text).word
        missed[line.kind] += word != "block" if line.kind in corpus.MUST_BLOCK else word == "pass"

    for kind in asked:
        assert missed[kind] / asked[kind] <= 0.15, kind
    assert sum(missed[kind] for kind in corpus.MUST_BLOCK) <= 0.03 * sum(asked[kind] for kind in corpus.MUST_BLOCK)
    assert sum(missed[kind] for kind in corpus.MUST_WARN) <= 0.05 * sum(asked[kind] for kind in corpus.MUST_WARN)
    assert len(corpus.MUST_BLOCK) + len(corpus.MUST_WARN) >= 44


@pytest.mark.parametrize("seed", UNSEEN)
def test_words_of_the_trade_pass(seed):
    lines = list(corpus.negatives(seed))
    wrong = Counter(line.kind for line in lines if guard.scan(line.text))

    assert sum(wrong.values()) <= 0.02 * len(lines), wrong
    assert [kind for kind in corpus.NEVER if wrong[kind]] == []
    assert len(corpus.HARMLESS) >= 28


@pytest.mark.parametrize("seed", UNSEEN)
def test_disguises_are_seen_through(seed):
    lines = list(corpus.evasions(seed))
    found = Counter(line.kind for line in lines if guard.judge(line.text).word == "block")

    assert sum(found.values()) >= 0.9 * len(lines)
    for kind in corpus.DISGUISES:
        assert found[kind] >= 0.6 * len(lines) / len(corpus.DISGUISES), kind


@pytest.mark.parametrize("seed", UNSEEN)
def test_what_was_taken_out_is_gone_and_the_rest_passes(seed):
    for line in corpus.positives(seed, each=3):
        clean = guard.redact(line.text)

        assert guard.judge(clean).word == "pass", (line.kind, clean)
        assert guard.redact(clean) == clean
