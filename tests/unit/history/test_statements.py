"""What is written in one transaction: in few statements, and as if one came after the other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, create_engine, event, select

from monitor.history.rows import of_entry, of_outgoing, of_settled, of_states
from monitor.history.statements import apply
from monitor.history.tables import METADATA, evidence, outbox, state, transition
from tests.support.factories_observed import NOW
from tests.support.factories_record import make_entry, make_outgoing

Run = list[str]


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    METADATA.create_all(engine)
    with engine.begin() as opened:
        yield opened
    engine.dispose()


@pytest.fixture
def run(connection: Connection) -> Run:
    """The statements that are run from now on."""
    found: Run = []
    event.listen(
        connection,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, *_: found.append(statement),
    )
    return found


def test_twenty_transitions_are_a_statement_a_table(connection: Connection, run: Run) -> None:
    """With their evidence, messages and states."""
    every = []
    for number in range(20):
        every += [*of_entry(make_entry(number)), *of_states({f"s{number}": b"red"}, NOW)]
    apply(connection, every)
    assert len(run) == 4
    tables = (transition, evidence, outbox, state)
    found = [len(connection.execute(select(one)).all()) for one in tables]
    assert found == [20, 10, 20, 20]


def test_what_changes_a_row_comes_after_it_and_before_the_next(connection: Connection) -> None:
    """A message is settled that was written just before; a state is the last that was given."""
    apply(
        connection,
        [
            of_outgoing(make_outgoing(0)),
            *of_states({"ext5/expo": b"red"}, NOW),
            of_settled(make_outgoing(0).id, NOW + 1),
            of_settled(make_outgoing(1).id, NOW + 1),
            of_outgoing(make_outgoing(1)),
            *of_states({"ext5/expo": b"green"}, NOW),
        ],
    )
    settled = connection.execute(select(outbox.c.id, outbox.c.settled_at)).all()
    assert [tuple(one) for one in settled] == [("message-0", NOW + 1), ("message-1", None)]
    assert connection.execute(select(state.c.data)).scalar_one() == b"green"
