"""Add, test and switch off a destination; renew what opens it."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from opsportal.audit import actions as audit
from opsportal.errors import Refused
from opsportal.network import Forbidden
from opsportal.outbox import sending, signing, ways
from opsportal.outbox.actions import enqueue_to
from opsportal.outbox.channels.github import REPOSITORY
from opsportal.outbox.letter import typed_guard
from opsportal.outbox.models import Channel, Delivery, Destination, Route
from opsportal.privacy import guard
from opsportal.secrets.sealed import seal

# The newest, and the one before it until receivers have changed.
_ACTIVE_SECRETS = 2


@transaction.atomic
def add(*, name: str, channel: str, address: str, token: str, by: str, at: datetime) -> tuple[Destination, str]:
    """A new destination, and its signing secret when it is a webhook; it can be read this once only."""
    guard.require_clean(name)
    require_address(channel, address)
    if channel == Channel.GITHUB and not token:
        raise Refused("TOKEN_MISSING", "A repository needs a token that may write issues.")
    if Destination.objects.filter(name=name).exists():
        raise Refused("NAME_TAKEN", "Another destination has this name.")
    secret = signing.new_secret() if channel == Channel.WEBHOOK else ""
    credentials = secret or (token if channel == Channel.GITHUB else "")
    destination = Destination.objects.create(
        name=name,
        channel=channel,
        address=seal(address),
        credentials=seal(credentials),
        credentials_set_at=at if credentials else None,
        created_by=by,
    )
    ways.ensure(channel, destination)
    audit.record("destination.add", by=by, object=name)
    return destination, secret


def require_address(channel: str, address: str) -> None:
    """Refuse an address that this channel cannot or may not use; it is judged again when it is connected to."""
    match channel:
        case Channel.EMAIL:
            try:
                validate_email(address)
            except ValidationError:
                raise Refused("BAD_ADDRESS", "Write one mail address, such as ops@example.org.") from None
        case Channel.GITHUB:
            if not REPOSITORY.fullmatch(address):
                raise Refused("BAD_ADDRESS", "Write the repository as owner/name.")
        case _:
            try:
                typed_guard().check_url(address)
            except (Forbidden, ValueError) as problem:
                raise Refused("BAD_ADDRESS", str(problem) or "This is not an address.") from None


@transaction.atomic
def renew_secret(destination: Destination, *, by: str, at: datetime) -> str:
    """A new signing secret; the one before signs beside it until the next renewal. Read this once only."""
    destination = Destination.objects.select_for_update().get(pk=destination.pk)
    if destination.channel != Channel.WEBHOOK:
        raise Refused("NO_SIGNATURE", "Only signed webhooks have a signing secret.")
    secret = signing.new_secret()
    held = [secret, *destination.credentials.open().split()][:_ACTIVE_SECRETS]
    destination.credentials, destination.credentials_set_at = seal("\n".join(held)), at
    destination.save(update_fields=["credentials", "credentials_set_at"])
    audit.record("destination.renew_secret", by=by, object=destination.name)
    return secret


@transaction.atomic
def switch_off(destination: Destination, *, by: str, at: datetime) -> None:
    """Nothing more goes there; what waited is given up and can be replayed later."""
    Destination.objects.filter(pk=destination.pk).update(is_active=False)
    sending.give_up_all_to(destination, at=at)
    audit.record("destination.switch_off", by=by, object=destination.name)


@transaction.atomic
def switch_on(destination: Destination, *, by: str) -> None:
    """Messages go there again from now on."""
    Destination.objects.filter(pk=destination.pk).update(is_active=True)
    audit.record("destination.switch_on", by=by, object=destination.name)


def test_environment(route: str, *, by: str, at: datetime) -> int:
    """A test message by each receiver of one of the environment's ways; how many."""
    places = [place for place in ways.environment_places() if ways.ensure(place.channel, None) == route]
    for place in places:
        _queue_test(place, by=by, at=at)
    if not places:
        raise Refused("NOT_CONFIGURED", "This way out is not set, so there is nobody to send a test to.")
    return len(places)


def test_destination(destination: Destination, *, by: str, at: datetime) -> None:
    """A test message to one destination."""
    if not destination.is_active:
        raise Refused("SWITCHED_OFF", "This destination is switched off. Switch it on first.")
    if not ways.can_carry(destination):
        raise Refused("NOT_CONFIGURED", "Mail needs EMAIL_URL, which is not set.")
    place = ways.Place(destination.channel, destination.name, f"to:{destination.pk}", destination)
    _queue_test(place, by=by, at=at)


@transaction.atomic
def _queue_test(place: ways.Place, *, by: str, at: datetime) -> None:
    acts = [Delivery.Act.TELL]
    if place.channel == Channel.GITHUB:
        acts.append(Delivery.Act.CLOSE)  # an issue that says nothing is not left open
    for act in acts:
        enqueue_to(
            place,
            key=f"test:{at:%Y%m%d%H%M%S%f}:{act}",
            event=f"test:{place.suffix}",
            subject="Test message of Opsportal",
            body="Nothing happened. Somebody looked whether messages arrive here, and this one did.",
            because=f"{by} pressed Send a test",
            at=at,
            priority=Delivery.Priority.WRITTEN,
            act=act,
        )
    audit.record("destination.test", by=by, object=(place.to.name if place.to else place.channel))


@transaction.atomic
def set_budget(name: str, *, per_minute: int, by: str) -> None:
    """How many messages a way may carry in a minute."""
    if not 1 <= per_minute <= 100_000:
        raise Refused("BAD_BUDGET", "A budget is between 1 and 100,000 messages a minute.")
    if name in ways.of_environment():
        Route.objects.get_or_create(name=name)
    if not Route.objects.filter(name=name).update(per_minute=per_minute):
        raise Refused("UNKNOWN_WAY", "There is no such way out.")
    audit.record("destination.budget", by=by, object=f"{name} {per_minute}")
