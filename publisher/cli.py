"""The command line. Roles are started as `python -m workers …` and `python -m sandbox`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import click
from cryptography.fernet import Fernet
from flask import Flask

from publisher import __version__, backup, demo, doctor, restore, schema
from publisher.accounts import service as accounts
from publisher.api.operations import reseal_answers
from publisher.application import create_app
from publisher.config import Config, ConfigError
from publisher.copies import CopyError
from publisher.errors import DomainError
from publisher.people import links, tokens
from publisher.people import service as people
from publisher.people.rules import Role, Scope


@contextmanager
def _app() -> Iterator[Flask]:
    """The app in its context; errors that a person can mend become one sentence."""
    try:
        app = create_app()
        with app.app_context():
            yield app
    except (ConfigError, CopyError, DomainError) as error:
        raise click.ClickException(str(error)) from error


def _become(*command: str) -> NoReturn:
    """Turn this process into `python …`, so that signals and exit codes are the role's own."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *command])  # noqa: S606 - no shell wanted


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="publisher")
def main() -> None:
    """Editorial calendar and multi-channel publisher."""


@main.command()
@click.option(
    "--demo", "with_demo", is_flag=True, help="With sandbox accounts and a story about to go out."
)
@click.option("--sandbox", "with_sandbox", is_flag=True, help="Empty, with the sandbox beside it.")
def up(with_demo: bool, with_sandbox: bool) -> None:
    """Run everything on this machine: web, dispatcher, workers, Valkey and, if wanted, the sandbox."""
    if with_demo or with_sandbox:
        demo.set_environment()
    with _app() as app:
        config: Config = app.extensions["settings"]
        click.echo(f"Publisher {__version__} on {config.base_url}")
        click.echo(f"  data: {config.home}")
        schema.upgrade()
        click.echo("  database: ready")
        if with_demo:
            for line in demo.prepare():
                click.echo(f"  {line}")
        if not people.everyone():
            click.echo("  nobody works here yet: publisher people add you@example.com --role admin")
    _become("-m", "workers", "up", *(["--demo"] if with_demo or with_sandbox else []))


@main.command()
def web() -> None:
    """Run only the web server."""
    _become("-m", "workers", "web")


@main.command()
def dispatch() -> None:
    """Run one dispatcher. Any number may run, on any machine."""
    _become("-m", "workers", "dispatch")


@main.command()
@click.option("--count", default=1, show_default=True, type=click.IntRange(1, 64))
def worker(count: int) -> None:
    """Run RQ workers. Needs REDIS_URL."""
    if not Config.from_environment().redis_url:
        raise click.ClickException("Set REDIS_URL, for instance redis://localhost:6379/0.")
    if count == 1:
        _become("-m", "workers", "worker")
    raise SystemExit(_together([sys.executable, "-m", "workers", "worker"], count))


def _together(command: list[str], count: int) -> int:
    """Run so many until all have ended. Each is told to stop, and finishes what it has begun."""
    workers = [subprocess.Popen(command, start_new_session=True) for _ in range(count)]

    def stop(_number: int, _frame: object) -> None:
        for worker in workers:
            worker.terminate()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    return max(worker.wait() for worker in workers)


@main.command()
@click.option("--port", default=8899, show_default=True, type=click.IntRange(0, 65535))
def sandbox(port: int) -> None:
    """Run the sandbox: a local X and Facebook with a ledger of what was really posted."""
    home = Config.from_environment().home
    _become("-m", "sandbox", "--port", str(port), "--home", str(home))


@main.group("db")
def database() -> None:
    """The database."""


@database.command("upgrade")
def database_upgrade() -> None:
    """Bring the schema up to date. Safe to run at each start, by several machines at once."""
    with _app():
        schema.upgrade()
        click.echo(f"The database is at {schema.current()}.")


@database.command("downgrade")
@click.argument("revision")
def database_downgrade(revision: str) -> None:
    """Take the schema back to REVISION, such as 0010. Data that only newer tables hold is lost."""
    with _app():
        schema.downgrade(revision)
        click.echo(f"The database is at {schema.current()}.")


@database.command("backup")
@click.option(
    "--to",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Another file than one in the folder of backups.",
)
def database_backup(to: Path | None) -> None:
    """Copy the database while everything runs. Keys are not in it: keep secrets.json, too."""
    with _app():
        click.echo(backup.take(to))


@database.command("restore")
@click.argument("copy", type=click.Path(path_type=Path))
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%SZ"]),
    help="When the copy was made, in UTC, if not when its newest entry was.",
)
@click.option(
    "--journal",
    "journals",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The wire.log of another machine that sent posts. May be given several times.",
)
@click.option("--no-hold", is_flag=True, help="Go on sending at once, without anybody looking.")
def database_restore(
    copy: Path, as_of: datetime | None, journals: tuple[Path, ...], no_hold: bool
) -> None:
    """Put COPY in the database's place. Refuses while anything runs; keeps the database of before.

    What went out after the copy was made is looked for on the platforms, not sent again. Everything is held
    until an editor has looked and released it.
    """
    at = as_of.replace(tzinfo=UTC) if as_of else None
    with _app():
        restored = restore.restore(copy, hold=not no_hold, as_of=at, journals=journals)
        found = restored.findings
        click.echo(f"The database is a copy of {found.as_of:%Y-%m-%d %H:%M:%S} UTC now.")
        click.echo(f"  {len(found.doubted)} posts that went out since, or may have, are looked for")
        for post_id in found.unplanned:
            click.echo(f"  post {post_id} went out since, and is not scheduled here: see it")
        if found.foreign:
            click.echo(f"  {found.foreign} posts went out since that this copy does not have")
        if restored.kept:
            click.echo(f"  the database of before is kept: {restored.kept}")
        if not no_hold:
            click.echo("  everything is held until an editor releases it")


@main.group("people")
def people_group() -> None:
    """People and their sign-in links."""


@people_group.command("add")
@click.argument("email")
@click.option(
    "--role", type=click.Choice([str(role) for role in Role]), default="author", show_default=True
)
@click.option(
    "--name", default="", help="As others shall see it; the address's first part if left out."
)
def people_add(email: str, role: str, name: str) -> None:
    """Add a person and print a link with which they sign in the first time."""
    with _app():
        _user, link = people.invite(None, email, name or email.partition("@")[0], role)
        click.echo(link)


@people_group.command("link")
@click.argument("email")
def people_link(email: str) -> None:
    """Print a link that signs the person in once."""
    with _app():
        user = people.by_email(email)
        if user is None:
            raise click.ClickException(f"There is nobody with the address {email}.")
        click.echo(links.make_link(None, user))


@main.group("tokens")
def tokens_group() -> None:
    """API tokens."""


@tokens_group.command("create")
@click.argument("email")
@click.option("--name", default="command line", show_default=True)
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice([str(scope) for scope in Scope])
)
def tokens_create(email: str, name: str, scopes: tuple[str, ...]) -> None:
    """Print a new token, this once. Without --scope it may do whatever the person may."""
    with _app():
        user = people.by_email(email)
        if user is None:
            raise click.ClickException(f"There is nobody with the address {email}.")
        _token, secret = tokens.create_token(
            None, user, name, scopes or [str(each) for each in Scope]
        )
        click.echo(secret)


@main.group("accounts")
def accounts_group() -> None:
    """Channel accounts."""


@accounts_group.command("add")
@click.argument("kind", type=click.Choice(["blog", "twitter", "facebook"]))
@click.argument("slug")
@click.option("--credentials", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--label", default="", help="The name that people see.")
@click.option(
    "--api-url", default="", help="Instead of the platform's own, for a sandbox or proxy."
)
@click.option("--spacing", type=float, default=None, help="Least seconds between two posts.")
def accounts_add(
    kind: str, slug: str, credentials: Path | None, label: str, api_url: str, spacing: float | None
) -> None:
    """Connect an account, or renew its credentials: a JSON file of names and values."""
    try:
        given = json.loads(credentials.read_text()) if credentials else {}
    except json.JSONDecodeError as error:
        raise click.ClickException(f"{credentials} is not JSON: {error}") from error
    with _app():
        account = accounts.connect(
            None,
            kind=kind,
            slug=slug,
            label=label,
            credentials=given,
            api_url=api_url,
            spacing_s=spacing,
            sandbox=demo.is_local(api_url),
        )
        click.echo(f"{account.slug}: connected")


@accounts_group.command("check")
def accounts_check() -> None:
    """Ask each platform who its account is."""
    failed = False
    with _app():
        for slug in [account.slug for account in accounts.all_accounts()]:
            try:
                account = accounts.check(None, accounts.by_slug(slug))
                click.echo(f"{slug}: {account.public_name or 'ready'}")
            except DomainError as error:
                failed = True
                click.echo(f"{slug}: {error}")
    raise SystemExit(1 if failed else 0)


@main.group("vault")
def vault_group() -> None:
    """The keys that encrypt credentials."""


@vault_group.command("new-key")
def vault_new_key() -> None:
    """Print a fresh key for PUBLISHER_VAULT_KEYS."""
    click.echo(Fernet.generate_key().decode())


@vault_group.command("rotate")
def vault_rotate() -> None:
    """Encrypt everything anew with the first key of PUBLISHER_VAULT_KEYS; then the others can go."""
    with _app():
        click.echo(f"{accounts.rotate_keys()} accounts are encrypted with the newest key.")
        click.echo(f"{reseal_answers()} kept answers of the API are, too.")


@main.command("doctor")
def doctor_command() -> None:
    """Check this installation and say what to do about what is wrong."""
    with _app():
        findings = doctor.examine()
    for finding in findings:
        click.echo(f"{'ok ' if finding.well else 'BAD'}  {finding.what}: {finding.sentence}")
    raise SystemExit(0 if all(finding.well for finding in findings) else 1)


@main.command("demo")
@click.option("--json", "as_json", is_flag=True, help="A JSON line per step.")
def demo_command(as_json: bool) -> None:
    """Run the whole main job in a throwaway home; succeeds only if the sandbox's ledger agrees."""
    _become("-m", "publisher.rehearsal", *(["--json"] if as_json else []))
