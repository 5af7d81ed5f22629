"""The record of a rollout over several scale sets from the journal, in a format."""

from vmss_tui.journal.store import Journal, WavesHeader
from vmss_tui.report.formats import redacted_report
from vmss_tui.report.waves import waves_report, write_waves


def waves_text(form: str, journal: Journal, header: WavesHeader) -> str:
    """The whole with a part for each set, in the order in which they were started. Raises JournalUnavailable."""
    parts = [
        redacted_report(found, journal.events(found.id), journal.links(found.id))
        for found in journal.waves.sets(header.id)
    ]
    log, links = journal.waves.events(header.id), journal.links(header.id)
    return write_waves(form, waves_report(header, log, parts, links))
