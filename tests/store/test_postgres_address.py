"""The address of a PostgreSQL shop: each option counts or is refused by name."""

from __future__ import annotations

import socket
import threading
from urllib.parse import quote

import psycopg
import pytest

from jitledger.domain.errors import StoreError
from jitledger.store.open import open_database
from jitledger.store.postgres import PostgresDatabase
from tests.conftest import done, open_shop


def with_option(url: str, option: str) -> str:
    """Return an address with one more option."""
    return url + ("&" if "?" in url else "?") + option


def schema_of(url: str, name: str) -> str:
    """Return an address of another schema."""
    return with_option(url.split("?")[0], f"options={quote(f'-c search_path={name}')}") + _host(url)


def _host(url: str) -> str:
    found = [part for part in url.partition("?")[2].split("&") if part.startswith("host=")]
    return f"&{found[0]}" if found else ""


def test_what_an_address_asks_for_holds(postgres_url: str) -> None:
    """A name for the program, a time-out of the server, the schema: all of them."""
    url = with_option(postgres_url, "application_name=counter")
    options = quote("-c statement_timeout=9s -c search_path=public")
    database = open_database(with_option(url, f"options={options}"))
    with database.snapshot() as tx:
        assert tx.one("SELECT current_setting('application_name')")[0] == "counter"
        assert tx.one("SELECT current_setting('statement_timeout')")[0] == "9s"
        assert tx.one("SELECT current_setting('search_path')")[0] == "public"
    database.close()


def test_a_server_without_encryption_is_refused_where_it_is_required() -> None:
    """Nothing is recorded in plain text behind the back of who asked for TLS."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            client, _ = server.accept()
            client.recv(64)  # Asked for encryption, a server that has none says N.
            client.sendall(b"N")
            asked.append(client.recv(64))
            client.close()

        asked: list[bytes] = []
        talker = threading.Thread(target=answer)
        talker.start()
        port = server.getsockname()[1]
        with pytest.raises(StoreError) as refused:
            open_database(f"postgresql://shop:secret@127.0.0.1:{port}/shop?sslmode=require")
        talker.join(10)
    assert "SSL" in refused.value.message
    assert asked == [b""]  # Nothing was said in plain text.
    assert "secret" not in refused.value.message


def test_options_that_there_are_not_are_refused_by_name(postgres_url: str) -> None:
    """And neither the password nor the rest of the address is said."""
    with pytest.raises(StoreError) as refused:
        open_database(with_option(postgres_url, "sslmod=require"))
    assert refused.value.code == "bad-database"
    assert "sslmod" in refused.value.message
    assert "postgres@" not in refused.value.message


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgresql://postgres@no-such-host.invalid/postgres", "no-such-host.invalid"),
        ("postgresql://postgres@127.0.0.1:1/postgres", "refused"),
    ],
)
def test_what_is_wrong_with_a_server_is_said(address: str, said: str) -> None:
    """Another host, a closed port: each says what it is."""
    with pytest.raises(StoreError) as refused:
        open_database(address)
    assert refused.value.message.startswith("The database cannot be reached")
    assert said in refused.value.message
    assert refused.value.passing


def test_a_database_that_there_is_not_is_named(postgres_url: str) -> None:
    """The sentence names it."""
    with pytest.raises(StoreError) as refused:
        open_database(postgres_url.replace("/postgres?", "/no_such_shop?"))
    assert "no_such_shop" in refused.value.message


def test_a_question_creates_no_schema(postgres_url: str) -> None:
    """A mistyped schema is not there afterwards either."""
    database = open_database(schema_of(postgres_url, "mistyped"))
    assert not database.exists()
    database.close()
    with psycopg.connect(postgres_url) as server:
        found = server.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'mistyped'").fetchone()
    assert found is None


def test_whoever_owns_a_schema_and_nothing_else_opens_a_shop_in_it(postgres_url: str) -> None:
    """The right to create schemas is not needed where the schema is there."""
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute("DROP SCHEMA IF EXISTS own CASCADE")
        server.execute("DROP ROLE IF EXISTS keeper")
        server.execute("CREATE ROLE keeper LOGIN")
        server.execute("CREATE SCHEMA own AUTHORIZATION keeper")
        server.execute("REVOKE CREATE ON DATABASE postgres FROM PUBLIC")
    url = schema_of(postgres_url.replace("postgres:@", "keeper:@"), "own")
    app = open_shop(url)
    assert isinstance(app.database, PostgresDatabase)
    done(app, do="register", sku="MUG", name="Mug")
    with app.database.snapshot() as tx:
        assert tx.one("SELECT current_user")[0] == "keeper"
    app.close()
