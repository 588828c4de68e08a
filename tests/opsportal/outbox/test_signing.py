"""Signatures that other people's libraries accept."""

import base64
import hashlib
import hmac

from opsportal.outbox.signing import new_secret, signature

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_the_example_of_standard_webhooks_comes_out():
    signed = signature("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}', [SECRET])

    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_each_active_secret_signs():
    fresh = new_secret()

    signed = signature("msg_1", 1, b"{}", [fresh, SECRET]).split()

    assert signed[1] == signature("msg_1", 1, b"{}", [SECRET])
    key = base64.b64decode(fresh.removeprefix("whsec_"))
    assert signed[0] == "v1," + base64.b64encode(hmac.new(key, b"msg_1.1.{}", hashlib.sha256).digest()).decode()
