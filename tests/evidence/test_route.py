"""The whole packet over HTTP: what a risk officer downloads can be verified."""

import io
import zipfile

from tests.house import House
from tests.story.remote import until


async def test_the_zip_of_an_incident_is_served(house: House) -> None:
    await house.alert()
    await until("it to be recorded", house.types, lambda t: "CardShown" in t)

    async def zipped() -> bytes:
        url, headers = f"{house.bot}/evidence/A-1", {"Accept": "application/zip"}
        async with house.session.get(url, headers=headers) as answer:
            return await answer.read() if answer.ok else b""

    content = await until("the packet", zipped)

    names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert any(name.endswith(".html") for name in names)
    assert any("manifest" in name for name in names)
