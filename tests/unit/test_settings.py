"""Settings: read strictly, documented completely."""

from dataclasses import fields
from pathlib import Path

import pytest

from faaspool_executor.core.sizes import parse_size
from faaspool_executor.errors import SettingsError
from faaspool_executor.reference import settings_page
from faaspool_executor.settings import Settings, default_text, describe_settings, load_settings

VARIABLES = [str(item.metadata["variable"]) for item in fields(Settings)]
ANYTHING_GOES = {"FAAS_WORKSPACE", "FAAS_API_TOKENS"}


def test_the_page_of_the_documentation_is_of_this_code() -> None:
    """`make docs` was run."""
    page = Path(__file__).parents[2] / "docs" / "settings.md"
    assert page.read_text() == settings_page()


def test_an_empty_environment_gives_the_defaults() -> None:
    """So do variables that are set to nothing."""
    assert load_settings({}) == Settings()
    assert load_settings(dict.fromkeys(VARIABLES, "")) == Settings()


def test_defaults_written_out_are_the_defaults() -> None:
    """What the documentation shows can be put into the environment."""
    assert load_settings({item.metadata["variable"]: default_text(item) for item in fields(Settings)}) == Settings()


@pytest.mark.parametrize("variable", [name for name in VARIABLES if name not in ANYTHING_GOES])
@pytest.mark.parametrize("value", ["nonsense", "-1", "1e9x", "\N{SUPERSCRIPT TWO}", "99999999999999999999999"])
def test_a_wrong_value_is_one_line_that_names_the_variable(variable: str, value: str) -> None:
    """Sizes are the exception: any number of bytes is one."""
    if value.isdecimal() and variable in {"FAAS_MEMORY_LIMIT", "FAAS_TASK_MEMORY_LIMIT"}:
        return
    with pytest.raises(SettingsError) as refused:
        load_settings({variable: value})
    message = str(refused.value)
    assert message.startswith(f"{variable}=")
    assert "\n" not in message


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"FAAS_TIMEOUT": "2000", "FAAS_MAX_TIMEOUT": "1000"}, ["FAAS_TIMEOUT=2000", "FAAS_MAX_TIMEOUT", "1000"]),
        ({"FAAS_POOL_SIZE": "6", "FAAS_MAX_INSTANCES": "5"}, ["FAAS_POOL_SIZE=6", "FAAS_MAX_INSTANCES", "5"]),
    ],
)
def test_values_that_contradict_each_other(environment: dict[str, str], words: list[str]) -> None:
    """Both variables are named."""
    with pytest.raises(SettingsError) as refused:
        load_settings(environment)
    assert all(word in str(refused.value) for word in words)


def test_every_setting_is_described() -> None:
    """`faaspool serve --help` leaves none out."""
    assert all(name in describe_settings() for name in VARIABLES)


@pytest.mark.parametrize(
    ("text", "size"),
    [("512M", 512 << 20), ("2G", 2 << 30), ("1.5g", 3 << 29), ("256MiB", 256 << 20), ("1024", 1024), ("1k", 1024)],
)
def test_sizes(text: str, size: int) -> None:
    """Units are powers of 1024."""
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "M", "0", "0M", "-1", "1X", "1 2", "1e3"])
def test_what_is_no_size(text: str) -> None:
    """It is refused with an example."""
    with pytest.raises(ValueError, match="such as 512M"):
        parse_size(text)
