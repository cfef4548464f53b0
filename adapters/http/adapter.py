"""The bases of the kinds that ask one HTTP server. Public."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, TypeVar

from adapters.http.accounts import AccountOptions, account_credentials
from adapters.http.options import HttpOptions
from smic_tui.contract.adapter import Adapter, Context

if TYPE_CHECKING:
    from adapters.http.session import Credentials, HttpSession

OptionsT = TypeVar("OptionsT", bound=HttpOptions)
AccountT = TypeVar("AccountT", bound=AccountOptions)


class HttpAdapter(Adapter[OptionsT]):
    """Keeps one HTTP session, made when it is first used, so that no start imports its modules."""

    def __init__(self, config: OptionsT, context: Context) -> None:
        super().__init__(config, context)
        self._http: HttpSession | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.close()

    @abstractmethod
    def _credentials(self) -> Credentials:
        """Return what proves who asks. Called in a thread: secrets may be in files."""

    @property
    def _has_account(self) -> bool:
        """Whether the settings name an account at all."""
        return True

    def _server(self) -> HttpOptions:
        """Return the settings of server and line."""
        return self.config

    def _session(self) -> HttpSession:
        if self._http is None:
            from adapters.http.session import HttpSession

            ask = self._credentials if self._has_account else None
            self._http = HttpSession(self._server(), self.context, ask)
        return self._http


class AccountAdapter(HttpAdapter[AccountT]):
    """Signs in with a user or a token, if the settings name one."""

    @property
    def _has_account(self) -> bool:
        return self.config.has_account

    def _credentials(self) -> Credentials:
        return account_credentials(self.config, self.context)
