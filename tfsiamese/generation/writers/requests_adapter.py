"""Lets an exchange guard watch a session of requests."""

from typing import Any

from tfsiamese.generation.writers.exchange import ExchangeGuard

__all__ = ["guard_session"]


def guard_session(session: Any, guard: ExchangeGuard) -> None:
    """Bounds time and size of the session's exchanges, and lets it follow no redirect, which would take the key along.

    Args:
        session: a `requests.Session`.
        guard: whose `watch` encloses each call.
    """
    from requests.adapters import HTTPAdapter
    from urllib3 import HTTPConnectionPool, HTTPSConnectionPool

    def watched(pool: Any) -> Any:
        """The class of pool, with connections that name their sockets."""

        class Connection(pool.ConnectionCls):
            def request(self, *arguments: Any, **options: Any) -> None:
                super().request(*arguments, **options)
                if guard.current is not None:
                    guard.current.note(self.sock)

        return type(pool.__name__, (pool,), {"ConnectionCls": Connection})

    pools = {"http": watched(HTTPConnectionPool), "https": watched(HTTPSConnectionPool)}

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
            super().init_poolmanager(*arguments, **options)
            self.poolmanager.pool_classes_by_scheme = pools

        def proxy_manager_for(self, *arguments: Any, **options: Any) -> Any:
            manager = super().proxy_manager_for(*arguments, **options)
            manager.pool_classes_by_scheme = pools
            return manager

        def send(self, *arguments: Any, **options: Any) -> Any:
            response = super().send(*arguments, **options)
            response.raw.stream = guard.bounded(response.raw.stream)
            response.encoding = "utf-8"
            if guard.current is not None:
                guard.current.response = response
            return response

    session.max_redirects = 0
    session.mount("http://", Adapter())
    session.mount("https://", Adapter())
