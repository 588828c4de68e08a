"""What the page was built from lies beside it, and comes back as it was."""

import json

import pytest

from incidents.statuspage import kept
from tests.incidents.statuspage.test_documents import edges

EDGES = list(edges())


@pytest.mark.parametrize("content", [one for _, one in EDGES], ids=[name for name, _ in EDGES])
def test_content_comes_back_as_it_was_written(content):
    assert kept.read(kept.written(content)) == content


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"page_id": 1}', b"\xff"])
def test_what_is_no_content_is_refused(body):
    with pytest.raises(ValueError, match=r"not the content|Expecting|decode"):
        kept.read(body)


def test_a_value_that_an_earlier_version_did_not_know_is_as_it_comes():
    content = EDGES[1][1]
    facts = json.loads(kept.written(content))
    del facts["look"]

    assert kept.read(json.dumps(facts).encode()) == content


def test_a_value_that_a_later_version_knows_is_left_out():
    content = EDGES[1][1]
    facts = json.loads(kept.written(content))
    facts["incidents"][0]["mood"] = "fine"

    assert kept.read(json.dumps(facts).encode()) == content
