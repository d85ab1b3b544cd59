"""What lanes hold of people: nothing that names them, and enough to count, compare and erase."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES
from pricing_lake.contracts.bronze_customers import RAW_SNOWFLAKE_CUSTOMERS
from pricing_lake.contracts.bronze_orders import RAW_ORDERS_DLQ, RAW_ORDERS_STREAM
from pricing_lake.contracts.model import Pii
from pricing_lake.errors import ConfigurationError
from pricing_lake.governance.lane_masking import LANE_POLICY, LaneMasking, Treatment
from pricing_lake.governance.masking import MaskingKey, Purpose, token
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.lane_rows import rejudge
from pricing_lake.lake.publish import publish
from pricing_lake.lake.quarantine import ErrorLanes, is_masked
from pricing_lake_tests.silver.bronze_days import BronzeDays, at, table_of, window_of

KEY = MaskingKey(1, bytes(range(32)))
ADA = {"customer_id": "c1", "tenant_id": "acme", "email": " Ada@Example.org", "full_name": "Ada L", "country": "FI"}


def masked(**policy: Treatment) -> dict[str, object]:
    levels = {**LANE_POLICY, **{Pii(name): treatment for name, treatment in policy.items()}}
    row, _ = LaneMasking(KEY, levels).masked(RAW_SNOWFLAKE_CUSTOMERS, ADA)
    return row


def test_names_become_the_tokens_that_silver_has() -> None:
    row = masked()
    assert row["email"] == token(KEY, "acme", Purpose.EMAIL, "ada@example.org")
    assert row["full_name"] == token(KEY, "acme", Purpose.NAME, "ada l")
    assert (row["customer_id"], row["country"]) == ("c1", "FI")


@pytest.mark.parametrize(
    ("treatment", "found"),
    [(Treatment.DROP, None), (Treatment.MASK, "*** (16 characters)"), (Treatment.KEEP, " Ada@Example.org")],
)
def test_each_treatment_does_what_it_says(treatment: Treatment, found: object) -> None:
    assert masked(direct=treatment)["email"] == found


def test_the_columns_that_changed_are_named_and_nulls_stay_null() -> None:
    row, changed = LaneMasking(KEY).masked(RAW_SNOWFLAKE_CUSTOMERS, {**ADA, "full_name": None})
    assert changed == ("email",)
    assert row["full_name"] is None


def test_a_column_that_the_contract_does_not_know_is_never_left_as_it_is() -> None:
    row, changed = LaneMasking(KEY).masked(RAW_SMARTGO_SALES, {"sale_id": "s", "phone": "040 1", "age": 7})
    assert changed == ("phone", "age")
    assert not {"040 1", 7} & set(row.values())


def test_texts_that_differ_stay_different_and_equal_ones_equal() -> None:
    masking = LaneMasking(KEY)
    one, other, again = (masking.masked(RAW_SMARTGO_SALES, {"description": text})[0] for text in ("aa", "ab", "aa"))
    assert one == again != other


def test_dead_letters_stay_as_received() -> None:
    letter = {name: f"a {name}" for name in RAW_ORDERS_DLQ.names}
    letter["schema_id"] = "AAAAAAE="
    assert LaneMasking(KEY).masked(RAW_ORDERS_STREAM, letter) == (letter, ())


def test_a_policy_that_forgets_a_level_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="direct"):
        LaneMasking(KEY, {level: Treatment.KEEP for level in Pii if level is not Pii.DIRECT})


def test_a_published_lane_holds_tokens_reasons_and_keys(tmp_path: Path) -> None:
    days = BronzeDays(tmp_path)
    lake = replace(days.lake, masking=LaneMasking(KEY))
    contract = replace(RAW_SNOWFLAKE_CUSTOMERS, incremental=False)
    rows = table_of(contract, [{**ADA, "email": "no address", "updated_at": at(1), "is_deleted": False}])
    published = publish(lake, contract, [window_of(1)], lambda _: Candidate(rows), "run")
    (verdict,) = published.verdicts
    assert dict(verdict.reasons) == {"email_malformed": 1}
    (line,) = ErrorLanes(lake.proofs).lines(contract.id, verdict.partition, verdict.batch_id)
    body = json.loads(line)
    assert body["masked"] == ["email", "full_name"]
    assert body["reasons"] == ["email_malformed"]
    assert body["row_key"].startswith("c1|2026-03-01")
    files = b"".join(path.read_bytes() for path in tmp_path.rglob("_errors/**/*.json"))
    assert b"no address" not in files
    assert b"Ada" not in files


def test_a_masked_row_is_never_replayed_and_keeps_its_reasons(tmp_path: Path) -> None:
    """A token would pass for a name: the row has to come from its source again."""
    line = json.dumps(
        {
            "tenant_id": "acme",
            "row_key": "c1",
            "reasons": ["country_too_long"],
            "raw_row": {**ADA, "email": None, "updated_at": at(1).isoformat(), "is_deleted": "false"},
        }
    )
    hidden = json.dumps({**json.loads(line), "masked": ["full_name"]})
    assert is_masked(hidden)
    bounds = window_of(1).bounds(RAW_SNOWFLAKE_CUSTOMERS)
    judged = rejudge(RAW_SNOWFLAKE_CUSTOMERS, [line, hidden], None, bounds, ())
    assert judged.usable.num_rows == 1
    assert judged.lines == (hidden,)
