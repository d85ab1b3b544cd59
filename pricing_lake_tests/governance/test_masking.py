"""Tokens: equal texts of one tenant and purpose share one, nothing else does, and without the key there is no way."""

import base64
import hashlib
import hmac

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing_lake.contracts.silver_people import TOKEN_PATTERN
from pricing_lake.errors import ConfigurationError
from pricing_lake.governance.masking import MaskingKey, Purpose, normalised, normalised_texts, token, tokens

KEY = MaskingKey(1, bytes(range(32)))
TEXTS = st.one_of(st.none(), st.text(max_size=12), st.sampled_from([" Ada@Example.org", "ada@example.ORG ", ""]))
TENANTS = st.sampled_from(["acme", "bolt"])


def test_a_token_is_the_hmac_that_the_standard_gives() -> None:
    """RFC 5869's expand step written out: T(1) = HMAC(PRK, info | 0x01)."""
    info = b"pricing-lake token\x00email\x00acme"
    derived = hmac.new(bytes(range(32)), info + b"\x01", hashlib.sha256).digest()
    expected = hmac.new(derived, b"ada@example.org", hashlib.sha256).hexdigest()[:32]
    assert token(KEY, "acme", Purpose.EMAIL, "ada@example.org") == f"k1:{expected}"


def test_a_token_never_changes_between_versions_of_this_code() -> None:
    """Tables are full of tokens: another value here would part every customer from their history."""
    assert token(KEY, "acme", Purpose.EMAIL, "ada@example.org") == "k1:38e889fc7ed41f42579da192d81501a6"


def test_tenant_purpose_version_and_key_each_change_the_token() -> None:
    other_key, second = MaskingKey(1, bytes(range(1, 33))), MaskingKey(2, bytes(range(32)))
    made = {
        token(KEY, "acme", Purpose.EMAIL, "ada"),
        token(KEY, "bolt", Purpose.EMAIL, "ada"),
        token(KEY, "acme", Purpose.NAME, "ada"),
        token(other_key, "acme", Purpose.EMAIL, "ada"),
        token(second, "acme", Purpose.EMAIL, "ada"),
    }
    assert len(made) == 5
    assert token(second, "acme", Purpose.EMAIL, "ada").startswith("k2:")


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        ("Ada@Example.org", "  ada@example.ORG\t", True),
        ("ｊａｎｅ＠example.org", "jane@example.org", True),  # noqa: RUF001  # full width: what NFKC is for
        ("straße@example.org", "STRASSE@example.org", True),
        ("re\u0301ne@example.org", "r\u00e9ne@example.org", True),
        ("\u00a0ada@example.org\u00a0", "ada@example.org", True),
        ("a.da@gmail.com", "ada@gmail.com", False),
        ("ada+shop@example.org", "ada@example.org", False),
    ],
)
def test_spellings_of_one_address_are_one(left: str, right: str, equal: bool) -> None:
    assert (normalised(left) == normalised(right)) is equal


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)


@given(st.lists(st.tuples(TENANTS, TEXTS), max_size=30))
def test_a_column_of_tokens_is_the_tokens_of_its_rows(rows: list[tuple[str, str | None]]) -> None:
    tenants = pl.Series("tenant_id", [tenant for tenant, _ in rows], dtype=pl.String)
    texts = pl.Series("email", [text for _, text in rows], dtype=pl.String)
    made = tokens(KEY, tenants, Purpose.EMAIL, texts)
    assert made.to_list() == [
        token(KEY, tenant, Purpose.EMAIL, normalised(text)) if text and normalised(text) else None
        for tenant, text in rows
    ]
    assert made.drop_nulls().str.contains(TOKEN_PATTERN).all()
    assert made.name == "email"


def test_blank_texts_have_no_token() -> None:
    texts = pl.Series(["", "  ", None, "\u00a0"], dtype=pl.String)
    assert normalised_texts(texts).to_list() == [None] * 4
    assert tokens(KEY, pl.Series(["acme"] * 4), Purpose.NAME, texts).to_list() == [None] * 4


@pytest.mark.parametrize("prefix", ["", "k1:"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_the_setting_is_base64_in_either_alphabet(prefix: str, encode) -> None:
    secret = bytes(range(224, 256))
    assert MaskingKey.from_text(f"{prefix}{encode(secret).decode()}\n") == MaskingKey(1, secret)


def test_a_rotated_key_says_its_version() -> None:
    assert MaskingKey.from_text("k12:" + base64.b64encode(bytes(48)).decode()) == MaskingKey(12, bytes(48))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not base64 at all",
        "k0:" + base64.b64encode(bytes(32)).decode(),
        "v2:" + base64.b64encode(bytes(32)).decode(),
        base64.b64encode(b"thirty-one bytes are one too few").decode()[:-4],
        "abcde",
    ],
)
def test_what_is_no_key_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(ConfigurationError, match="openssl rand") as refused:
        MaskingKey.from_text(text)
    assert not text or text not in str(refused.value)


def test_the_key_is_not_shown() -> None:
    assert repr(MaskingKey(3, b"s" * 32)) == "MaskingKey(version=3)"
