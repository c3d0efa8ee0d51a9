"""Content credentials: three words for what holds, one for what does not."""

import json
import os
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import av
import pytest

from tests.tools.provenance.conftest import GENERATED, Studio, write_keys
from tools.errors import DecoderStopped, RefusedRequest
from tools.provenance.credentials import (
    TEST_SIGNER,
    Credentials,
    Source,
    of_manifest,
    read_credentials,
)
from tools.provenance.evidence import words
from tools.provenance.provenance import (
    UNREAD,
    Provenance,
    Signal,
    as_row,
    of_row,
    provenance,
    read_with,
)
from tools.provenance.signing import Action, Ingredient, Made, sign
from tools.sandbox import Child, Event

CHANGES = 200


def media_of(path: Path) -> range:
    """Places of the bytes that hold pictures and sound: the box `mdat`."""
    data, at = path.read_bytes(), 0
    while at < len(data):
        size, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        if kind == b"mdat":
            return range(at + 8, at + size)
        at += size
    raise AssertionError("there is no box of media")


def test_a_file_without_credentials_has_none(studio: Studio, tmp_path: Path) -> None:
    assert read_credentials(studio.film) == Credentials()
    other = tmp_path / "notes.txt"
    other.write_text("no video")
    assert read_credentials(other).state == "none"


def test_what_somebody_signed_is_valid_and_trusted_by_who_trusts_them(studio: Studio) -> None:
    found = read_credentials(studio.signed)
    assert found.state == "valid, signer unknown" and "Gull Point Films" in found.signer
    assert (found.title, found.made_by.split()[0]) == ("A dog", "Cuepoint")
    assert [step.name for step in found.actions] == ["c2pa.created"]
    assert found.source_types == ("trainedAlgorithmicMedia",)
    assert read_credentials(studio.signed, studio.keys.certificates).state == "trusted"
    strangers = write_keys(studio.folder / "others", "Somebody Else").certificates
    assert read_credentials(studio.signed, strangers).state == "valid, signer unknown"


def test_every_change_of_a_byte_of_the_media_is_told(studio: Studio) -> None:
    places, chance = media_of(studio.signed), random.Random(6)
    whole, path = studio.signed.read_bytes(), studio.folder / "changed.mp4"
    trust = studio.keys.certificates.read_text()
    states: list[str] = []
    with Child() as child:
        for place in chance.sample(places, CHANGES):
            changed = bytearray(whole)
            changed[place] ^= chance.randrange(1, 256)
            path.write_bytes(changed)
            (read,) = child.call(
                "tools.provenance.manifest_child:read", path=str(path), anchors=trust
            )
            states.append(of_manifest(read["manifest"], read["broken"]).state)
    assert states == ["tampered"] * CHANGES


def test_a_manifest_that_is_damaged_counts_as_tampered(studio: Studio) -> None:
    data = bytearray(studio.signed.read_bytes())
    at = data.index(b"c2pa.claim")
    data[at : at + 200] = bytes(200)
    studio.signed.write_bytes(data)
    assert read_credentials(studio.signed, studio.keys.certificates).state == "tampered"


def test_what_is_muxed_anew_has_lost_its_credentials(studio: Studio) -> None:
    copy = studio.folder / "copy.mp4"
    with av.open(str(studio.signed)) as source, av.open(str(copy), "w") as target:
        stream = source.streams.video[0]
        new = target.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.dts is not None:
                packet.stream = new
                target.mux(packet)
    assert read_credentials(copy).state == "none"


def test_a_file_that_was_signed_elsewhere_stays_and_is_the_parent_of_ours(studio: Studio) -> None:
    before, target = studio.signed.read_bytes(), studio.folder / "ours.mp4"
    ours = write_keys(studio.folder / "ours", "Us")
    parent = Ingredient(studio.signed, "Theirs", "parentOf")
    made = Made("Ours", (Action("opened"), Action("edited")), (parent, studio.film))
    sign(studio.film, target, made, ours)
    assert studio.signed.read_bytes() == before
    found = read_credentials(target)
    assert found.ingredients == (
        Source("Theirs", "parentOf", True),
        Source("film.mp4", "componentOf", False),
    )
    assert [step.name for step in found.actions] == ["c2pa.opened", "c2pa.placed", "c2pa.edited"]
    assert found.source_types == ("trainedAlgorithmicMedia",)  # as what it came from says


def test_a_public_test_certificate_is_never_trusted_and_is_named() -> None:
    manifest = {
        "active_manifest": "a",
        "manifests": {"a": {"signature_info": {"common_name": "C2PA Signer"}}},
        "validation_state": "Trusted",
    }
    found = of_manifest(manifest)
    assert found.state == "valid, signer unknown" and found.problems == (TEST_SIGNER,)
    assert any("public test certificate" in line for line in words(Provenance(**as_part(found))))


def as_part(found: Credentials) -> dict[str, object]:
    return {"state": found.state, "signer": found.signer, "problems": found.problems}


@pytest.mark.parametrize(
    "told",
    [
        {}, {"manifests": 3, "active_manifest": []}, {"validation_results": {"activeManifest": 1}},
        {"active_manifest": "a", "manifests": {"a": {"ingredients": [7], "assertions": {"x": 1}}}},
        {"active_manifest": "a", "manifests": {"a": {
            "assertions": [{"label": "c2pa.actions", "data": {"actions": ["x", {"action": 1}]}}]}}},
    ],
)  # fmt: skip
def test_nonsense_in_a_manifest_is_no_credential(told: dict[str, object]) -> None:
    assert of_manifest(told).state == "tampered"


def test_what_a_manifest_says_is_cleaned_and_bounded() -> None:
    title = "line\nbreak \N{RIGHT-TO-LEFT OVERRIDE}" + "x" * 9999
    ingredient = {"title": title, "relationship": "parentOf"}
    told = {
        "active_manifest": "a",
        "manifests": {"a": {"title": title, "ingredients": [ingredient] * 999}},
        "validation_state": "Trusted",
    }
    found = of_manifest(told)
    assert len(found.title) == 200 and found.title.startswith("line break xxx")
    assert len(found.ingredients) == 20


def test_trust_is_certificates_and_no_key(studio: Studio) -> None:
    for path, told in (
        (studio.keys.key, "holds no certificates"),
        (studio.folder / "none.pem", "holds no certificates"),
    ):
        with pytest.raises(RefusedRequest, match=told):
            read_credentials(studio.signed, path)
    both = studio.folder / "both.pem"
    both.write_bytes(studio.keys.certificates.read_bytes() + studio.keys.key.read_bytes())
    with pytest.raises(RefusedRequest, match="holds a private key"):
        read_credentials(studio.signed, both)


def test_the_words_of_the_container_are_told_and_judged_by_nobody(studio: Studio) -> None:
    path = studio.folder / "tagged.mp4"
    with av.open(str(studio.film)) as source, av.open(str(path), "w") as target:
        target.metadata["comment"] = "Made with SomeGen"
        stream = source.streams.video[0]
        new = target.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.dts is not None:
                packet.stream = new
                target.mux(packet)
    found = provenance(path)
    assert Signal("comment", "Made with SomeGen") in found.signals and found.tells_more
    assert not provenance(studio.film).tells_more
    assert 'A note in the file (comment) says: "Made with SomeGen".' in words(found)


def test_iptc_in_xmp_is_a_word_of_the_container(studio: Studio) -> None:
    xmp = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="r"><rdf:Description '
        b'Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/'
        b'trainedAlgorithmicMedia"/></rdf:RDF></x:xmpmeta>'
    )
    kind = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
    box = (8 + len(kind) + len(xmp)).to_bytes(4) + b"uuid" + kind + xmp
    studio.film.write_bytes(studio.film.read_bytes() + box)
    signals = provenance(studio.film).signals
    (told,) = [one.value for one in signals if one.name == "digital_source_type"]
    assert told.endswith("/trainedAlgorithmicMedia")


def test_credentials_that_could_not_be_read_are_not_said_to_be_none(studio: Studio) -> None:
    def read(function: str, **arguments: Any) -> Iterable[Event]:
        if "manifest_child" in function:
            raise DecoderStopped("the decoder stopped (exit -6) while reading this file")
        with Child() as child:
            yield from child.call(function, path=str(studio.signed), **arguments)

    found = read_with(read)
    assert found.problems == (UNREAD,)
    assert not any("carries no" in line for line in words(found))
    assert "Credentials: not read: the reader stopped at this file." in words(found)


def test_what_was_read_is_kept_as_it_was(studio: Studio) -> None:
    found = provenance(studio.signed)
    assert found.state == "valid, signer unknown" and GENERATED.title == found.title
    assert of_row(json.loads(json.dumps(as_row(found)))) == found
    assert os.fspath(studio.folder) not in json.dumps(as_row(found))
