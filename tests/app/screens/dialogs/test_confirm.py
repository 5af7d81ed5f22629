"""Questions: what answers them, what must be typed first, what they show."""

from pathlib import Path

from textual.widgets import Button

from support.desk import sitting
from vmss_tui.app.app import VmssTui
from vmss_tui.app.effects import Question
from vmss_tui.app.screens.dialogs.confirm import ConfirmScreen
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.table import Line


async def ask(desk_app: VmssTui, question: Question) -> list[bool | None]:
    answers: list[bool | None] = []
    await desk_app.push_screen(ConfirmScreen(question), answers.append)
    return answers


async def test_confirm_answers_no_to_enter_and_neither_to_escape(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        for key, answer in (("enter", False), ("escape", None)):
            answers = await ask(desk.app, Question(title="Cancel the rollout?", yes="Cancel it"))
            await desk.press(key)
            assert answers == [answer]
        answers = await ask(desk.app, Question(title="Cancel the rollout?", yes="Cancel it"))
        await desk.press("tab", "enter")
        assert answers == [True]


async def test_confirm_of_something_big_wants_the_name_typed(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        question = Question(title="Start on 60 instances of production?", yes="Start", type_this="web-weu")
        answers = await ask(desk.app, question)
        await desk.shows("Type web-weu to confirm")
        await desk.press("enter")
        await desk.shows("Type web-weu to confirm")
        await desk.type("web-we")
        await desk.press("enter")
        await desk.shows("Does not match. Type web-weu to confirm")
        assert answers == []
        assert desk.app.screen.query_one("#yes", Button).disabled
        await desk.type("u")
        await desk.shows("Press enter to select Start, then enter to confirm")
        await desk.press("enter")
        await desk.shows("Press enter: Start")
        await desk.press("enter")
        assert answers == [True]


async def test_confirm_scrolls_long_text_and_never_reads_it_as_markup(tmp_path: Path) -> None:
    lines: tuple[Line, ...] = tuple(((f"[/subscriptions/{n}] step", Role.PLAIN),) for n in range(60))
    async with sitting(tmp_path, size=(80, 24)) as desk:
        await ask(desk.app, Question(title="[bold]Start?", yes="Start", details=lines))
        await desk.shows("[bold]Start?", "[/subscriptions/0] step")
        assert "Start" in desk.text().splitlines()[-4] or "Start" in desk.text()
        assert "[/subscriptions/59]" not in desk.text()


async def test_y_and_n_answer_and_y_never_replaces_a_name(tmp_path: Path) -> None:
    async with sitting(tmp_path) as desk:
        for key, answer in (("y", True), ("n", False)):
            answers = await ask(desk.app, Question(title="Cancel the rollout?", yes="Cancel it"))
            await desk.press(key)
            assert answers == [answer]
        answers = await ask(desk.app, Question(title="Start?", yes="Start", type_this="web"))
        await desk.press("y", "tab", "y")
        assert answers == []


async def test_what_changes_while_a_question_is_open_is_shown(tmp_path: Path) -> None:
    counts = iter(range(100))
    question = Question(
        title="Pause?",
        yes="Pause",
        details=((("0 in progress", Role.PLAIN),),),
        refresh=lambda: (((f"{next(counts)} in progress", Role.PLAIN),),),
    )
    async with sitting(tmp_path) as desk:
        await ask(desk.app, question)
        await desk.shows("0 in progress")
        await desk.shows("1 in progress")


async def test_a_dialog_uses_the_room_that_there_is(tmp_path: Path) -> None:
    lines: tuple[Line, ...] = tuple(((f"line {n}.", Role.PLAIN),) for n in range(12))
    async with sitting(tmp_path, size=(80, 24)) as desk:
        await ask(desk.app, Question(title="Undo?", yes="Undo", details=lines))
        await desk.shows("line 0.", "line 11.", "Undo")
