"""Asks one thing after the other, and what got no answer once more: a line that is lost leaves no trace.

Theory: the next question goes out as soon as the last one is answered, or after `PACE_S` without an answer, so a unit
that thinks for long is not waited for with every question, and never has two commands in one read. When all are out,
the answers that are late are waited for; then what is missing is asked again. What is silent in `ROUNDS` is not known
to this unit. Source: docs/protocols/psm1000.md#lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from services.drivers.shure.conversation import Conversation
from services.drivers.shure.families import WireAddress

PACE_S = 0.1
"""How long a question has the line for itself."""
ROUNDS = 4
"""How often something is asked that is not answered."""


async def ask_one_by_one(
    conversation: Conversation, questions: Mapping[WireAddress, bytes], *, timeout: float
) -> set[WireAddress]:
    """Ask; what is still not answered after `ROUNDS`, or after one in which nothing at all was.

    ``questions`` are commands by what their answer is about; ``timeout`` is how long, in seconds, nothing may come.
    Raises `DriverError` when the connection ends.
    """
    answers = conversation.answers
    before = {address: answers[address] for address in questions}

    def missing() -> set[WireAddress]:
        return {address for address, count in before.items() if answers[address] <= count}

    for _ in range(ROUNDS):
        asked = missing()
        for address in [each for each in questions if each in asked]:
            if answers[address] <= before[address]:  # else it was late, or came by itself
                await conversation.ask(
                    [questions[address]],
                    partial(_came, answers, address, before[address]),
                    timeout=min(PACE_S, timeout),
                )
        await conversation.wait(lambda: not missing(), timeout=timeout)
        if not missing() or len(missing()) == len(questions):
            break
    return missing()


def _came(answers: Mapping[WireAddress, int], address: WireAddress, before: int) -> bool:
    return answers.get(address, 0) > before
