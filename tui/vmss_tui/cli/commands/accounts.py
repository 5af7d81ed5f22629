"""Signing in otherwise while the app runs: what an account changes in the settings, the cloud and its clock."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from vmss_tui.app.session import Account
from vmss_tui.cli.settings import Settings
from vmss_tui.errors import SignInFailed, UsageError
from vmss_tui.gateway.sign_in.clouds import Cloud, load_cloud, own_clouds
from vmss_tui.gateway.sign_in.credentials import CLOUD_NAMES, CREDENTIALS, IN_PERSON
from vmss_tui.ports import Azure, Clock, CloudInfo, SystemClock


def with_account(settings: Settings, account: Account) -> Settings:
    """The settings for an account; another cloud has tenants and credentials of its own."""
    return replace(
        settings,
        cloud=account.cloud or settings.cloud,
        auth=account.auth or (None if account.cloud else settings.auth),
        tenant=account.tenant or (None if account.cloud else settings.tenant),
    )


def info_of(cloud: Cloud, settings: Settings) -> CloudInfo:
    """The cloud, with the paces of the configuration before its own."""
    return CloudInfo(
        name=cloud.name,
        resource_manager=cloud.resource_manager,
        portal=cloud.portal,
        watch_seconds=settings.watch_seconds or cloud.watch_seconds,
        idle_seconds=settings.idle_seconds or cloud.idle,
        authority=cloud.authority,
    )


def clock_of(cloud: Cloud, *, drives: bool) -> Clock:
    """The host's clock, or the one of a cloud whose time is its own."""
    from vmss_tui.engine.shared_clock import SharedClock

    return SharedClock(Path(cloud.clock_file), drives=drives) if cloud.clock_file else SystemClock()


class Switching:
    """A session that can sign in again, and says whether its runner can too."""

    _settings: Settings
    _cloud: Cloud
    _azure: Azure | None
    cloud: CloudInfo

    @property
    def method(self) -> str:
        """The credential to sign in with: what was asked for, else the cloud's."""
        given = self._settings.auth or "auto"
        return self._cloud.credential if given == "auto" else given

    def require_runner_sign_in(self, *, before_sign_in: bool = False) -> None:
        """Raise SignInFailed when the runner could not sign in: no one is there to do it.

        `before_sign_in`: a person will do it here first, so that only its tokens have to be kept.
        """
        if self.method not in IN_PERSON:
            return
        from vmss_tui.gateway.sign_in.token_cache import are_kept, outlives

        choice, tenant = self._settings.token_cache, self._settings.tenant or ""
        if not (are_kept(choice, self._cloud) if before_sign_in else outlives(choice, self._cloud, tenant)):
            raise SignInFailed(
                "the runner is a separate process, in which no person can sign in",
                hint='Set token_cache = "plain" (vmss-tui config edit) and sign in again, so that it can renew your '
                f"tokens; or run az login --use-device-code, and start without --auth {self.method}",
            )

    async def use_account(self, account: Account) -> None:
        """See `app.session.Session`."""
        if self._settings.guest:
            raise UsageError("who only looks on cannot sign in otherwise", hint="Ask the person who serves the app.")
        settings = with_account(self._settings, account)
        cloud = load_cloud(settings.cloud, directories=settings.cloud_directories)
        before, self._azure = self._azure, None
        self._settings, self._cloud, self.cloud = settings, cloud, info_of(cloud, settings)
        if before is not None:
            await before.close()

    def clouds(self) -> Sequence[str]:
        """See `app.session.Session`."""
        return (*CLOUD_NAMES, *own_clouds(self._settings.cloud_directories))

    def credentials(self) -> Sequence[str]:
        """See `app.session.Session`."""
        return CREDENTIALS

    def runner_refusal(self) -> str:
        """See `app.session.Session`."""
        try:
            self.require_runner_sign_in()
        except SignInFailed:
            return (
                'no person can sign in for the runner: set token_cache = "plain" and sign in again, '
                "or run az login --use-device-code and sign in with cli"
            )
        return ""
