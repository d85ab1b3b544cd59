"""Dead letters into their topic: all confirmed, or an error. What becomes a dead letter is decided elsewhere."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from pricing_lake.errors import SourceUnavailableError
from pricing_lake.sources.orders_stream_errors import made, translated
from pricing_lake.sources.orders_stream_messages import DeadLetter

PREFIX = "dlq."
"""Begins the names of the headers that a letter gets; the message's own headers stay as they are."""
LARGEST_MESSAGE = 1_000_000_000
_POLL_SECONDS = 0.5


OnDelivery = Callable[[KafkaError | None, Message], None]


class DeadLetters:
    """Sends letters to one topic. The same letter sent twice has the same key: whoever reads them can tell."""

    def __init__(self, topic: str, properties: Mapping[str, str], timeout_seconds: float) -> None:
        """`properties` are librdkafka's for the connection. Raises ConfigurationError for one it does not know."""
        self.topic = topic
        self._timeout_seconds = timeout_seconds
        self._producer = made(
            Producer,
            properties,
            {
                "enable.idempotence": "true",
                "linger.ms": "5",
                # How long a topic that is not there may still be on its way; longer, and letters just time out.
                "topic.metadata.propagation.max.ms": "5000",
                "message.max.bytes": str(LARGEST_MESSAGE),
                "delivery.timeout.ms": str(int(timeout_seconds * 1_000)),
                "request.timeout.ms": str(min(30_000, int(timeout_seconds * 1_000))),
            },
        )

    def send(self, letters: Sequence[DeadLetter], run_id: str) -> None:
        """Send letters and return when the brokers have confirmed every one.

        Raises SourceUnavailableError when one is not confirmed in time, ConfigurationError when the topic does not
        take it (it does not exist, we may not write, its messages may not be so large). Nothing must be committed then.
        """
        failures: Counter[KafkaError] = Counter()
        confirmed = 0

        def delivered(error: KafkaError | None, _: Message) -> None:
            nonlocal confirmed
            if error:
                failures[error] += 1
            else:
                confirmed += 1

        for letter in letters:
            self._hand_over(letter, run_id, delivered)
        left = self._producer.flush(self._timeout_seconds)
        for error, count in failures.most_common(1):
            raise translated(error, f"{count} dead letters to {self.topic} were not delivered")
        if left or confirmed < len(letters):
            self._producer.purge()
            raise SourceUnavailableError(
                f"{len(letters) - confirmed} of {len(letters)} dead letters to {self.topic} were not confirmed within "
                f"{self._timeout_seconds:.0f} s; nothing is committed, try again"
            )

    def _hand_over(self, letter: DeadLetter, run_id: str, delivered: OnDelivery) -> None:
        while True:
            try:
                self._producer.produce(
                    self.topic,
                    value=letter.message,
                    key=letter.identity.encode(),
                    headers=letter_headers(letter, run_id),
                    on_delivery=delivered,
                )
            except BufferError:  # the queue is full: wait for confirmations, or for letters to time out
                self._producer.poll(_POLL_SECONDS)
            except KafkaException as error:
                raise translated(error.args[0], f"a dead letter to {self.topic} was refused") from None
            else:
                self._producer.poll(0)
                return


def letter_headers(letter: DeadLetter, run_id: str) -> list[tuple[str, bytes | str | None]]:
    """The message's own headers, then ours: where it came from, what was wrong, who says so, its own key and time."""
    told: dict[str, bytes | str | None] = {
        "topic": letter.topic,
        "partition": str(letter.partition),
        "offset": str(letter.offset),
        "reason": letter.reason,
        "error": letter.error,
        "run_id": run_id,
        "timestamp": letter.message_ts.isoformat() if letter.message_ts else None,
        "key": letter.key,
    }
    return [*letter.headers, *((PREFIX + name, value) for name, value in told.items())]
