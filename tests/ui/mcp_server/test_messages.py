"""What is no message is answered before the SDK sees it."""

import json

import pytest

from ui.mcp_server.messages import DEEPEST, MOST_BYTES, refusal

GOOD = '{"jsonrpc":"2.0","id":1,"method":"ping"}'


@pytest.mark.parametrize(
    ("line", "code", "id"),
    [
        (b"", -32700, None),
        (b"{", -32700, None),
        (b"\xff\xfe{}", -32700, None),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":NaN}}', -32700, None),
        (b'{"jsonrpc":"2.0","id":1,"method":"\\ud800"}', -32700, None),
        (b"[" * 200_000, -32700, None),
        (b'{"id":' + b"9" * 5000 + b"}", -32700, None),
        (b"[]", -32600, None),
        (b"3", -32600, None),
        (f"[{GOOD}]".encode(), -32600, None),
        (b'{"jsonrpc":"2.0","id":true,"method":"ping"}', -32600, None),
        (b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600, None),
        (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600, None),
        (b'{"jsonrpc":"1.0","id":"a","method":"ping"}', -32600, "a"),
        (b'{"jsonrpc":"2.0","id":7}', -32600, 7),
        (b'{"jsonrpc":"2.0","id":7,"result":{}}', -32600, 7),
        (b'{"jsonrpc":"2.0","id":7,"method":"ping","params":[1]}', -32600, 7),
        (b'{"jsonrpc":"2.0","method":5}', -32600, None),
        (b" " * (MOST_BYTES + 1), -32600, None),
    ],
)
def test_a_wrong_message_is_answered_with_its_id(line: bytes, code: int, id: object) -> None:
    answer = json.loads(refusal(line) or "null")
    assert (answer["error"]["code"], answer["id"]) == (code, id) and answer["jsonrpc"] == "2.0"


def test_a_message_may_be_nested_so_deeply_and_no_deeper() -> None:
    def nested(levels: int) -> bytes:
        inner = '{"a":' * levels + "1" + "}" * levels
        return f'{{"jsonrpc":"2.0","id":1,"method":"x","params":{{"a":{inner}}}}}'.encode()

    assert refusal(nested(DEEPEST - 3)) is None
    assert "levels" in str(refusal(nested(DEEPEST)))


@pytest.mark.parametrize("line", [GOOD, '{"jsonrpc":"2.0","method":"notifications/initialized"}'])
def test_a_good_message_passes(line: str) -> None:
    assert refusal(line.encode()) is None
