"""What `c` copies and `o` opens for a scale set or an instance: effects, shared by the screens that show them.

Must not import Textual.
"""

from dataclasses import dataclass

from vmss_tui.app.effects import Copy, Effects, OpenLink, Pick, Say
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.ports import CloudInfo
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.links import az_command, portal_link
from vmss_tui.presentation.table import Column, Row, cell

_COLUMNS = (Column("what", "COPY", 12), Column("text", "TEXT", 20, flex=1))


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A scale set or one of its instances, and what is needed to find it outside of this program."""

    target: ScaleSetId
    cloud: CloudInfo
    tenant: str
    instance: str = ""

    @property
    def title(self) -> str:
        """The instance's number, or the set's name."""
        return self.instance or self.target.name

    @property
    def link(self) -> str:
        """Its page in the portal; empty where there is none."""
        return portal_link(self.cloud.portal, self.tenant, self.target, self.instance)


def copy_menu(it: Elsewhere) -> Effects:
    """Choose what of it is copied: the id first, then the link where there is a portal, and the command."""
    instance, target = it.instance, it.target
    choices = {
        "resource id": f"{target}/virtualMachines/{instance}" if instance else str(target),
        "portal link": it.link,
        "az command": az_command(target, instance),
        "name": it.title,
    }
    offered = {what: words for what, words in choices.items() if words}
    rows = [Row(what, (cell(what), cell(words, Role.DIM))) for what, words in offered.items()]

    def chosen(what: str | None) -> Effects:
        return (Copy(offered[what], f"the {what}"),) if what is not None else ()

    return (Pick(title=f"Copy of {it.title}", columns=_COLUMNS, rows=rows, empty="", then=chosen),)


def open_portal(it: Elsewhere) -> Effects:
    """Open its page in the portal."""
    if not it.link:
        return (Say(f"{it.cloud.name} has no portal", Role.WARN),)
    return (OpenLink(it.link, f"{it.title} in the portal"),)
