"""The simulated identity: a token is good for the key of its time."""

import jwt
import pytest

from bot.simulator.identity import READER, Identity
from bot.simulator.world import World


def test_a_rotated_key_signs_at_once_and_the_old_one_no_more() -> None:
    """
    The key is read once, not for each request: what is kept must not outlive it.
    """
    identity = Identity(World())
    before = identity.access_token(READER, "https://arm")
    again = identity.access_token(READER, "https://arm")
    identity.rotate("entra")
    after = identity.access_token(READER, "https://arm")
    published = jwt.PyJWK(identity.jwks("entra")["keys"][0]).key

    assert READER == _claims(after, published)["appid"]
    for old in (before, again):
        with pytest.raises(jwt.InvalidSignatureError):
            _claims(old, published)


def _claims(token: str, key: object) -> dict[str, object]:
    return dict(jwt.decode(token, key, algorithms=["RS256"], audience="https://arm"))  # type: ignore[arg-type]
