"""What a real broker refuses: a wrong password, rights to write, letters too large, and a topic that is another one."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from pricing_lake.errors import ConfigurationError, SourceDataError, SourceSchemaError
from pricing_lake.sources.orders_stream import OrdersStream, OrdersStreamSettings
from pricing_lake.sources.orders_stream_broker import Timeouts
from pricing_lake_tests.services.kafka_broker import KafkaBroker, running_broker
from pricing_lake_tests.services.kafka_topics import Message, create_topic, produce, recreate_topic
from pricing_lake_tests.sources.order_messages import order

pytestmark = pytest.mark.services

SASL = {
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:SASL_PLAINTEXT",
    "inter.broker.listener.name": "PLAINTEXT",
    "sasl.enabled.mechanisms": "PLAIN",
    "sasl.mechanism.inter.broker.protocol": "PLAIN",
    "listener.name.plaintext.plain.sasl.jaas.config": (
        "org.apache.kafka.common.security.plain.PlainLoginModule required "
        'username="lake" password="right-word" user_lake="right-word";'
    ),
}


@pytest.fixture(scope="module")
def broker() -> Iterator[KafkaBroker]:
    with running_broker() as running:
        yield running


@pytest.fixture
def topic(broker: KafkaBroker) -> str:
    name = f"orders-{uuid4().hex[:8]}"
    create_topic(broker.bootstrap, name, 2)
    return name


def stream(broker: KafkaBroker, topic: str, **properties: str) -> OrdersStream:
    timeouts = Timeouts(answer=10, idle=10, delivery=10)
    return OrdersStream(OrdersStreamSettings(broker.bootstrap, topic, properties=properties, timeouts=timeouts))


def test_a_wrong_password_is_a_setting_to_change_and_is_not_told() -> None:
    account = {"security.protocol": "sasl_plaintext", "sasl.mechanism": "PLAIN", "sasl.username": "lake"}
    with running_broker(SASL) as closed:
        with (
            stream(closed, "orders", **account, **{"sasl.password": "wrong-word"}) as refused,
            pytest.raises(ConfigurationError, match="ORDERS_KAFKA_PASSWORD") as caught,
        ):
            refused.plan(None)
        assert "wrong-word" not in str(caught.value)
        with (
            stream(closed, "orders", **account, **{"sasl.password": "right-word"}) as welcome,
            pytest.raises(SourceSchemaError, match="topic orders does not exist"),
        ):
            welcome.plan(None)


def test_a_topic_of_the_same_name_that_was_created_again_is_not_read_on(broker: KafkaBroker, topic: str) -> None:
    produce(broker.bootstrap, topic, [Message(order())])
    with stream(broker, topic) as opened:
        until = opened.read(opened.plan(None)).until
        assert until.topic_id
    recreate_topic(broker.bootstrap, topic, 2)
    produce(broker.bootstrap, topic, [Message(order(order_id=f"new-{number}")) for number in range(5)])
    with stream(broker, topic) as opened:
        with pytest.raises(SourceDataError, match=r'created again.*resume_at {"0": 0, "1": 0}'):
            opened.plan(until)
        batch = opened.read(opened.plan(until, {0: 0, 1: 0}))
        assert batch.received == 5
        assert batch.until.topic_id not in ("", until.topic_id)
        assert opened.plan(batch.until).is_empty


def test_letters_need_a_topic_that_takes_them(broker: KafkaBroker, topic: str) -> None:
    produce(broker.bootstrap, topic, [Message(b"{" + b"x" * 200_000)])
    with stream(broker, topic) as opened:
        assert opened.probe().missing_topics == (f"{topic}.dlq",)
        poison = opened.read(opened.plan(None)).poison
        with pytest.raises(SourceSchemaError, match="create the topic"):
            opened.send_letters(poison, "run")
        create_topic(broker.bootstrap, f"{topic}.dlq", 1, {"max.message.bytes": "100000"})
        with pytest.raises(ConfigurationError, match=r"raise max\.message\.bytes"):
            opened.send_letters(poison, "run")
