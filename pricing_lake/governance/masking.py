"""Tokens in the place of texts that name a person: equal text, equal token, and no way back without the key.

A token is `k<version>:<32 hexadecimal digits>`: HMAC-SHA256, cut to 128 bits, under a key of its tenant and purpose
alone (HKDF-Expand, RFC 5869). So nobody can join two shops by e-mail, nor test a guess, without the lake's key.
"""

import base64
import hmac
import re
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum

import polars as pl

from pricing_lake.errors import ConfigurationError

SECRET_BYTES = 32
_WRITTEN = re.compile(r"(?:k(?P<version>[1-9][0-9]{0,8}):)?(?P<secret>[A-Za-z0-9+/_-]+=*)")
_TOKEN_DIGITS = 32


class Purpose(StrEnum):
    """What a text is. Texts of two purposes never share a token, even when they are equal."""

    EMAIL = "email"
    NAME = "name"
    TEXT = "text"
    """Anything else, taken as it is."""


@dataclass(frozen=True)
class MaskingKey:
    """The lake's secret and its version, which every token carries so that a rotation is seen.

    Raises ConfigurationError when the secret is shorter than 32 bytes or the version below 1.
    """

    version: int
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) < SECRET_BYTES:
            raise ConfigurationError(
                f"the masking key has {len(self.secret)} bytes and needs {SECRET_BYTES}; make one with "
                "`openssl rand -base64 32`"
            )
        if self.version < 1:
            raise ConfigurationError(f"the masking key's version is {self.version}; count from 1")

    @classmethod
    def from_text(cls, text: str) -> "MaskingKey":
        """The key as settings hold it: base64 of at least 32 random bytes, after `k<version>:` from the second on.

        Raises ConfigurationError, without the text, when it is anything else.
        """
        written = _WRITTEN.fullmatch(text.strip())
        try:
            if written is None:
                raise ValueError
            standard = written["secret"].replace("-", "+").replace("_", "/")
            secret = base64.b64decode(standard, validate=True)
        except ValueError:
            raise ConfigurationError(
                "the masking key is not base64; make one with `openssl rand -base64 32`, and write k2: before it when "
                "it is the second"
            ) from None
        return cls(int(written["version"] or 1), secret)

    def derived(self, tenant: str, purpose: Purpose) -> bytes:
        """The key of one tenant's texts of one purpose: the first block of HKDF-Expand with SHA-256."""
        return hmac.digest(self.secret, f"pricing-lake token\0{purpose}\0{tenant}".encode() + b"\x01", "sha256")


def normalised(text: str) -> str:
    """`text` as it is compared: NFKC, case folded, without white space around it. Dots and plus signs stay."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", folded).strip()


def normalised_texts(texts: pl.Series) -> pl.Series:
    """Each text normalised; what is blank becomes null. Each distinct text is worked on once."""
    distinct = texts.drop_nulls().unique().to_list()
    found = {text: normalised(text) or None for text in distinct}
    return texts.replace_strict(found, default=None, return_dtype=pl.String)


def token(key: MaskingKey, tenant: str, purpose: Purpose, text: str) -> str:
    """The token of one text, which is taken as it is: normalise it first where spellings are to be one."""
    return _token(key.derived(tenant, purpose), key.version, text)


def tokens(key: MaskingKey, tenants: pl.Series, purpose: Purpose, texts: pl.Series) -> pl.Series:
    """The token of each normalised text under its row's tenant; null where the text is null or blank."""
    pairs = pl.DataFrame({"tenant": tenants, "text": normalised_texts(texts)})
    distinct = pairs.drop_nulls().unique(maintain_order=True)
    keys = {tenant: key.derived(tenant, purpose) for tenant in distinct["tenant"].unique().to_list()}
    made = [_token(keys[tenant], key.version, text) for tenant, text in distinct.iter_rows()]
    known = distinct.with_columns(token=pl.Series(made, dtype=pl.String))
    return pairs.join(known, on=["tenant", "text"], how="left", maintain_order="left")["token"].rename(texts.name)


def salesforce_tokens(key: MaskingKey, records: pl.DataFrame) -> dict[str, pl.Series]:
    """`name_token` and `email_token` of records that belong to no shop: their tokens have a key of their own."""
    tenants = pl.repeat("salesforce", records.height, eager=True)
    return {
        "name_token": tokens(key, tenants, Purpose.NAME, records["name"]),
        "email_token": tokens(key, tenants, Purpose.EMAIL, records["email"]),
    }


def _token(derived: bytes, version: int, text: str) -> str:
    return f"k{version}:{hmac.digest(derived, text.encode(), 'sha256').hex()[:_TOKEN_DIGITS]}"
