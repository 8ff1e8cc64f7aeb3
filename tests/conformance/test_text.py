"""Awkward text comes through as it is: code, input, output and return value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .client import Run

TEXTS = {
    "control characters": "".join(map(chr, [*range(1, 10), 11, 12, *range(14, 32), 127, 133, 159])),
    "nul": "a\0b\0",
    "emoji": "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea e\u0301 \u00e9",
    "right to left": "\u05e9\u05dc\u05d5\u05dd \u202eabc\u202c \u0645\u0631\u062d\u0628\u0627",
    "line separators": "a\u2028b\u2029c\u0085d",
    "line ends": "a\r\nb\rc\n\n",
    "escapes": "\\n \\u0041 \x1b[31mred\x1b[0m \x1b]0;title\x07",
    "noncharacters": "\ufffe\uffff\U0010ffff\ufeff",
    "markup": "</output><script>alert('x')</script>&amp;",
    "http": "\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "no end": "no end of line",
    "only ends": "\n\n\n",
    "quotes": "'''\"\"\"```${x}\\",
    "a line of 1 MB": "x" * ((1 << 20) - 8),
    "a megabyte of emoji": "\U0001f600" * ((1 << 18) - 2),
}
ECHOS = {
    "python": "import sys\nsys.stdout.buffer.write(sys.stdin.buffer.read())\nsys.stdout.flush()",
    "javascript": "await Deno.stdin.readable.pipeTo(Deno.stdout.writable)",
    "typescript": "await Deno.stdin.readable.pipeTo(Deno.stdout.writable);",
}


@pytest.mark.parametrize("language", ECHOS)
@pytest.mark.parametrize("name", TEXTS)
def test_text_goes_through_input_and_output(run: Run, language: str, name: str) -> None:
    """Byte for byte from the input to the output."""
    answer = run(ECHOS[language], language, input=TEXTS[name])
    assert answer.stderr == ""
    assert answer.stdout == TEXTS[name]


@pytest.mark.parametrize("name", [name for name in TEXTS if "mega" not in name and "MB" not in name])
def test_text_goes_through_code_and_value(run: Run, name: str) -> None:
    """A literal in the code comes back as the value, and on standard error."""
    text = TEXTS[name]
    answer = run(f"import sys\nsys.stderr.write({text!r})\nreturn_val({text!r})")
    assert (answer.stderr, answer.ret_val) == (text, text)


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("python", "import sys\nsys.stdout.buffer.write(b'a\\xff\\xfeb')\nsys.stdout.flush()"),
        ("javascript", "Deno.stdout.writeSync(new Uint8Array([97, 255, 254, 98]))"),
    ],
)
def test_bytes_that_are_not_utf8_are_replaced(run: Run, language: str, code: str) -> None:
    """And nothing else is changed."""
    assert run(code, language).stdout == "a\ufffd\ufffdb"


@pytest.mark.parametrize(
    ("language", "code"),
    [
        (
            "python",
            "import os, time\nfor byte in '\U0001f600é'.encode():\n    os.write(1, bytes([byte]))\n    time.sleep(0.005)",
        ),
        (
            "javascript",
            "for (const byte of new TextEncoder().encode('\U0001f600é')) {\n"
            "  Deno.stdout.writeSync(new Uint8Array([byte])); await new Promise((done) => setTimeout(done, 5));\n}",
        ),
    ],
)
def test_a_character_split_over_writes_is_whole(run: Run, language: str, code: str) -> None:
    """However slowly its bytes come."""
    assert run(code, language).stdout == "\U0001f600é"


def test_lone_surrogates_are_replaced(run: Run) -> None:
    """What UTF-8 cannot carry does not break the answer."""
    assert run("result = 'a\\ud800b'").ret_val in {'"a\ufffdb"', '"a\\ud800b"'}
    assert run("return_val('a\\udfffb')").ret_val == "a\ufffdb"
    assert run("return_val('a\\ud800b')", "javascript").ret_val == "a\ufffdb"
    assert run("console.log('a\\ud800b')", "javascript").stdout == "a\ufffdb\n"


@pytest.mark.parametrize("language", ["python", "javascript", "typescript"])
def test_code_with_other_line_ends_and_marks_runs(run: Run, language: str) -> None:
    """CRLF, a byte order mark, and code that ends without a line's end."""
    code = "a = 1\r\nb = a + 1\r\nb" if language == "python" else "let a = 1\r\nlet b = a + 1\r\nb"
    assert run(code, language).ret_val == "2"
    assert run("\ufeff" + code, language).ret_val == "2"


def test_identifiers_and_strings_of_all_scripts(run: Run) -> None:
    """Names in any script, and an escape in a literal stays one."""
    assert run("größe = 2\nприВет = größe\nприВет").ret_val == "2"
    assert run("const größe = 2; größe", "javascript").ret_val == "2"
    assert run("return_val('\\\\n')").ret_val == "\\n"
    assert run("return_val('a\\nb')").ret_val == "a\nb"


def test_a_nul_in_python_code_is_its_error(run: Run) -> None:
    """CPython refuses it, and so the answer says."""
    answer = run("a = '\0'")
    assert answer.status == "error"
    assert "null bytes" in answer.stderr


@pytest.mark.parametrize(
    "code", ["})();", "*/", "`${", "-->", "<!-- x\n1", "});console.log(1);(async()=>{", "/* open", "'open"]
)
def test_code_cannot_close_what_it_is_put_into(run: Run, code: str) -> None:
    """Text that would end the runner's own function is a syntax error, or what JavaScript says it is."""
    answer = run(code, "javascript")
    assert answer.stdout == ""
    assert answer.status == "error" or code.startswith(("<!--", "-->"))


def test_order_within_a_stream_is_kept(run: Run) -> None:
    """Across print, buffers and raw writes that are flushed."""
    code = "import os, sys\nfor n in range(2000):\n    print(n)\nos.write(1, b'raw\\n')\nsys.stdout.write('end')"
    assert run(code).stdout == "".join(f"{n}\n" for n in range(2000)) + "raw\nend"
