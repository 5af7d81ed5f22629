"""A report on a terminal: the same words in few widgets."""

from vmss_tui.presentation.report_text import for_terminal

REPORT = """# Rollout

|  |  |
|---|---|
| Who | maria \\| ops |
| Why | release |

## Batches

| Batch | Failed |
|---|---|
| 1 | web\\_1 &lt;b> &amp; \\~ |
| 12 | – |

## Decisions

- `02:10` approved
- `02:11` **started**

```text
| not a table |
- not a list
```"""


def test_lists_and_facts_are_lines_and_tables_are_blocks() -> None:
    found = for_terminal(REPORT)
    assert "**Who** maria \\| ops  \n**Why** release  \n" in found
    assert "```text\nBatch  Failed\n1      web_1 <b> & ~\n12     –\n```" in found
    assert "· `02:10` approved  \n· `02:11` **started**  \n" in found
    assert found.endswith("```text\n| not a table |\n- not a list\n```")


def test_what_is_no_list_or_table_stays() -> None:
    assert for_terminal("no table") == "no table"
    assert for_terminal("````text\n```\n| a |\n````\n- b") == "````text\n```\n| a |\n````\n· b  "


def test_an_address_reads_without_escapes() -> None:
    assert for_terminal("- from https://a.example/b\\_c.sh?x=1&amp;y to web\\_2") == (
        "· from `https://a.example/b_c.sh?x=1&y` to web\\_2  "
    )
    assert (
        for_terminal("|  |  |\n|---|---|\n| File | https://a.example/b\\_c |") == "**File** `https://a.example/b_c`  "
    )
    assert for_terminal("`https://a.example/b_c`") == "`https://a.example/b_c`"
