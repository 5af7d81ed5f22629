"""A report on a terminal: what has no titles is a list, real tables stay."""

from vmss_tui.presentation.report_text import for_terminal

REPORT = """# Rollout

|  |  |
|---|---|
| Who | maria \\| ops |
| Why | release |

## Batches

| Batch | Failed |
|---|---|
| 1 | 0 |
"""


def test_a_table_without_titles_becomes_a_list_and_others_stay() -> None:
    found = for_terminal(REPORT)
    assert "- **Who**  maria \\| ops\n- **Why**  release\n" in found
    assert "| Batch | Failed |\n|---|---|\n| 1 | 0 |\n" in found
    assert found.startswith("# Rollout\n\n- ") and "|  |  |" not in found
    assert for_terminal("no table") == "no table" and for_terminal("|  |  |") == ""
