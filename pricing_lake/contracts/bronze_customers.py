"""Bronze tables of people: Snowflake's customers, what they did (Redshift), and Salesforce's accounts and leads."""

from dataclasses import replace

from pricing_lake.contracts import columns as c
from pricing_lake.contracts.model import Column, Layer, Mode, Owner, Partition, Pii, Retention, Rule, Severity, Table
from pricing_lake.contracts.order_columns import CUSTOMER_ID
from pricing_lake.contracts.types import BOOLEAN, INSTANT, TEXT

EVENT_TYPES = ("view", "search", "like", "add_to_cart", "checkout", "purchase")


def _person(name: str, doc: str) -> Column:
    """A column that names a person."""
    rules = (
        c.no_longer_than(name, 320, f"{name}_too_long"),
        c.no_control_characters(name, f"{name}_control_characters"),
    )
    return Column(name, TEXT, doc, pii=Pii.DIRECT, rules=rules)


def _label(name: str, doc: str) -> Column:
    """A short text of the source's own vocabulary."""
    return Column(name, TEXT, doc, rules=(c.no_longer_than(name, 200, f"{name}_too_long"),))


def _id(name: str, doc: str, pii: Pii = Pii.NONE) -> Column:
    """The id of something that need not be told."""
    return Column(name, TEXT, doc, pii=pii, rules=c.like_an_id(name))


def _email_like(reason: str) -> Rule:
    """Blank is no address, as null is; a customer without one is still a customer."""
    doc = "`email` has one @ with text on both sides, or is blank."
    return c.matches("email", r"^\s*(?:[^@\s]+@[^@\s]+\s*)?\z", reason, doc)


_EMAIL = _person("email", "E-mail address as the source keeps it.")
EMAIL = Column(_EMAIL.name, TEXT, _EMAIL.doc, pii=Pii.DIRECT, rules=(*_EMAIL.rules, _email_like("email_malformed")))
IS_DELETED = Column("is_deleted", BOOLEAN, "Whether the source has deleted the record since.", required=True)

RAW_SNOWFLAKE_CUSTOMERS = Table(
    layer=Layer.BRONZE,
    name="raw_snowflake_customers",
    grain="One row per change of a customer in the warehouse.",
    owner=Owner.INGESTION,
    key=("customer_id", "updated_at"),
    window="updated_at",
    partition_by=(Partition("updated_at", "month"),),
    correctable=True,
    incremental=True,
    allow_empty=True,
    max_bad_share=0.05,
    mode=Mode.QUARANTINE,
    columns=(
        CUSTOMER_ID,
        Column("updated_at", INSTANT, "When the customer took this state, UTC.", required=True),
        c.TENANT_ID,
        EMAIL,
        _person("full_name", "Name as the customer gave it."),
        _label("country", "Country of the customer, in the shop's words."),
        _label("segment", "The shop's own grouping of customers."),
        Column("created_at", INSTANT, "When the customer signed up, UTC."),
        IS_DELETED,
    ),
    rules=(
        c.not_before(
            "updated_at", "created_at", "updated_at_before_created", "A customer takes no state before signing up."
        ),
    ),
)

RAW_REDSHIFT_BEHAVIOR = Table(
    layer=Layer.BRONZE,
    name="raw_redshift_behavior",
    grain="One row per thing a visitor did in a shop.",
    owner=Owner.INGESTION,
    key=("event_id",),
    window="event_ts",
    partition_by=(Partition("event_ts", "month"),),
    allow_empty=True,
    max_bad_share=0.05,
    mode=Mode.QUARANTINE,
    retention=Retention(days=760),
    columns=(
        Column(
            "event_id",
            TEXT,
            "The event's id.",
            required=True,
            rules=(
                c.not_blank("event_id"),
                c.no_longer_than("event_id", c.MAX_ID_CHARACTERS, "event_id_too_long", Severity.WARN),
            ),
        ),
        Column("event_ts", INSTANT, "When it happened, UTC.", required=True),
        c.TENANT_ID,
        _id("customer_id", "The customer; null while nobody is signed in.", Pii.PSEUDONYM),
        _id("session_id", "The visit it belongs to.", Pii.PSEUDONYM),
        Column(
            "event_type",
            TEXT,
            f"What happened: {', '.join(EVENT_TYPES)}.",
            required=True,
            rules=(c.one_of("event_type", EVENT_TYPES, "event_type_unknown"),),
        ),
        _id("product_id", "The product it was about; null when about none."),
        _label("channel", "Where it happened: web, app and the like."),
    ),
)

_ID_PATTERN = r"^[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?\z"
_SALESFORCE_ID = Column(
    "id",
    TEXT,
    "Salesforce's own id of the record, 18 characters.",
    required=True,
    rules=(c.matches("id", _ID_PATTERN, "id_malformed", "15 or 18 letters and digits."),),
)
_SYSTEM_MODSTAMP = Column(
    "system_modstamp", INSTANT, "When a user or a process last changed the record, UTC.", required=True
)
_CREATED_DATE = Column("created_date", INSTANT, "When the record was made, UTC.")

RAW_SALESFORCE_ACCOUNTS = Table(
    layer=Layer.BRONZE,
    name="raw_salesforce_accounts",
    grain="One row per change of a Salesforce account that a read found; deletions included.",
    owner=Owner.INGESTION,
    key=("id", "system_modstamp"),
    window="system_modstamp",
    partition_by=(Partition("system_modstamp", "month"),),
    correctable=True,
    incremental=True,
    allow_empty=True,
    max_bad_share=0.05,
    mode=Mode.QUARANTINE,
    columns=(
        _SALESFORCE_ID,
        _SYSTEM_MODSTAMP,
        _person("name", "Name of the account."),
        EMAIL,
        _label("industry", "Line of business."),
        _label("country", "Country of the billing address."),
        _label("account_type", "Salesforce's Type: Customer, Prospect and the like."),
        _CREATED_DATE,
        IS_DELETED,
    ),
    rules=(
        c.not_before(
            "system_modstamp", "created_date", "system_modstamp_before_created", "No record changes before it is made."
        ),
    ),
)

RAW_SALESFORCE_LEADS = replace(
    RAW_SALESFORCE_ACCOUNTS,
    name="raw_salesforce_leads",
    grain="One row per change of a Salesforce lead that a read found; deletions included.",
    columns=(
        _SALESFORCE_ID,
        _SYSTEM_MODSTAMP,
        _person("name", "Name of the lead."),
        EMAIL,
        _label("company", "The company the lead works for."),
        _label("country", "Country of the lead."),
        _label("lead_source", "Where the lead came from."),
        _label("status", "Stage of the lead in Salesforce's words."),
        Column("is_converted", BOOLEAN, "Whether the lead became an account.", required=True),
        Column(
            "converted_account_id",
            TEXT,
            "The account it became; null until then.",
            rules=(
                c.matches(
                    "converted_account_id",
                    _ID_PATTERN,
                    "converted_account_id_malformed",
                    "15 or 18 letters and digits.",
                    Severity.WARN,
                ),
            ),
        ),
        Column("converted_date", INSTANT, "When it became one, UTC midnight of the day; null until then."),
        _CREATED_DATE,
        IS_DELETED,
    ),
)
