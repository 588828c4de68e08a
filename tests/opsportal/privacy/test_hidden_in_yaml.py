"""A secret that an escape, a fold or a doubled quote of YAML hides from the text: no door that takes YAML stores it."""

import pytest

from checks.catalogue.models import Check
from checks.slo.models import Objective
from incidents.drills.models import Scenario
from incidents.ownership.models import Domain
from opsportal import plain_yaml
from opsportal.privacy import guard

HIDDEN = ['"\\U00000070assword: hunter2xyzzy"', '"pass\\\n      word: hunter2xyzzy"', "'password: ''hunter2xyzzy'''"]
SCENARIO = "title: CDN\ndomain: frontend\nsituation: {}\n"
FILES = {
    "/checks/as-code/": "checks:\n  shop:\n    name: {}\n    kind: tcp\n    domain: backend\n"
    "    spec: {{host: db.example, port: 5432}}\n",
    "/slo/as-code/": "objectives:\n  shop:\n    name: Shop\n    domain: frontend\n    owner: '@a'\n    target: 99\n"
    "    policy: {}\n",
    "/ownership/import/": "ownership:\n  payments:\n    services: {}\n",
}

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("hidden", HIDDEN)
def test_the_text_alone_would_not_have_said_it(hidden):
    assert not guard.scan(SCENARIO.format(hidden))
    assert any(guard.scan(words) for words in plain_yaml.words(SCENARIO.format(hidden)))


@pytest.mark.parametrize("hidden", HIDDEN)
def test_a_scenario_comes_back_without_it(hidden, client_as, responder):
    text = SCENARIO.format(hidden)

    answer = client_as(responder).post("/drills/scenarios/new/", {"slug": "cdn-slow", "document": text})

    page = answer.content.decode()
    assert answer.status_code == 422 and not Scenario.objects.filter(slug="cdn-slow").exists()
    assert "Not saved: password, written so that it is not seen at once. We took it out." in page
    assert "hunter2xyzzy" not in page and "title: CDN" in page and "[removed: password]" in page


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("door", FILES)
def test_a_file_is_refused_and_comes_back_without_it(door, hidden, client_as, admin):
    text = "version: 1\n" + FILES[door].format(hidden)

    answer = client_as(admin).post(door, {"text": text, "act": "import"})

    page = answer.content.decode()
    assert answer.status_code == 422 and "password" in page
    assert "hunter2xyzzy" not in page and "[removed: password]" in page
    assert not Check.objects.filter(key="shop").exists() and not Objective.objects.filter(key="shop").exists()
    assert Domain.objects.get(slug="payments").services == ""


def test_what_is_written_plainly_again_says_the_same():
    text = "title: \"A\\tb\"\nsteps:\n  flag: 'it''s'\ninjects:\n- text: \"é\\u00e9\"\n  after: null\n"

    again = plain_yaml.rewritten(text, str)

    assert plain_yaml.document(again) == plain_yaml.document(text)
