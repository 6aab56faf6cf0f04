"""A Jupyter kernel for one submission: an ordinary one to talk to, in a sandbox.

Its messages go through Unix sockets that are opened here, in a folder that the kernel
can read and not write; so it has no network, and cannot put others in their place.
"""

import asyncio
from pathlib import Path
from typing import Any

from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.provisioning import KernelProvisionerBase
from traitlets import Bool, Dict, Instance

from attn_course.judge import sandbox
from attn_course.judge.box import CHANNELS, Box
from attn_course.judge.limits import Limits
from attn_course.judge.place import Place

ARGUMENTS = ("--HistoryManager.hist_file=:memory:", "--IPKernelApp.log_level=ERROR")
PERIOD = 0.01  # seconds between two looks whether a kernel has ended


class SandboxedKernelManager(AsyncKernelManager):
    """Starts, interrupts and ends one kernel; nbclient can use it as any other.

    Raises CannotSandbox when a kernel is started where there can be no sandbox.
    """

    sandboxed = Bool(True, help="False: the same folders and limits, no walls.")
    files = Dict(help="What lies in the working folder: name → bytes, or Path to copy.")
    limits = Instance(Limits, ())
    _place: Place | None = None
    _reason: str | None = None

    def __init__(self, **settings: Any):
        super().__init__(**settings)
        self.transport, self.autorestart = "ipc", False
        self._kernel_spec = KernelSpec(
            argv=["python"],
            display_name="Python in a sandbox",
            language="python",
            interrupt_mode="message",  # a signal would reach the walls and not the cell
        )

    @property
    def private(self) -> Path:
        """A folder on this machine, which the kernel sees under the same name."""
        return self.place().private

    def why_died(self) -> str | None:
        """Say in plain words which limit ended the kernel, or why it did not start."""
        box = self.provisioner and self.provisioner.box
        return box.why() if box else self._reason

    async def _async_pre_start_kernel(self, **settings: Any):
        if self.sandboxed:
            sandbox.require()
        if self.provisioner is None:
            self.provisioner = Provisioner(parent=self, kernel_spec=self._kernel_spec)
        return await super()._async_pre_start_kernel(**settings)

    def place(self) -> Place:
        """Return the place of this kernel, claimed if it has none yet."""
        if self._place is None:
            self._place = Place.claim()
            self._place.private.chmod(0o755)
        return self._place

    def cleanup_connection_file(self) -> None:
        """Leave it: the place is removed, and its number may be another's by now."""

    def cleanup_ipc_files(self) -> None:
        """Leave them, for the same reason."""

    def leave(self, reason: str | None) -> None:
        """Give the place back and keep the reason of the end."""
        self._reason = reason or self._reason
        if self._place is not None:
            self._place.release()
            self._place = None


class Provisioner(KernelProvisionerBase):
    """What a manager asks to start and end a process, for a `SandboxedKernelManager`.

    The manager makes its own, so none has to be registered with Jupyter.
    """

    box: Box | None = None

    @property
    def has_process(self) -> bool:
        return self.box is not None

    async def pre_launch(self, **settings: Any) -> dict[str, Any]:
        """Write the connection file; the caller's folder and environment stay out."""
        manager = self.parent
        place = manager.place()
        manager.ip = str(place.private / "k")
        for channel, number in CHANNELS.items():
            setattr(manager, f"{channel}_port", number)
        manager.connection_file = str(place.connection)
        manager.write_connection_file()
        place.connection.chmod(0o644)  # in a folder that nobody else can enter
        theirs = settings.get("extra_arguments", [])
        named = {each.partition("=")[0] for each in theirs}
        ours = [each for each in ARGUMENTS if each.partition("=")[0] not in named]
        return {"cmd": [*ours, *theirs]}

    async def launch_kernel(self, cmd: list[str], **_: Any) -> dict[str, Any]:
        manager = self.parent
        files = {name: _content(name, what) for name, what in manager.files.items()}
        box = Box(manager.place(), manager.limits, sandboxed=manager.sandboxed)
        box.start(files, [Path.cwd()], cmd)
        self.box = box
        return manager.get_connection_info()

    async def poll(self) -> int | None:
        return self.box.process.poll() if self.box else 0

    async def wait(self) -> int | None:
        while (code := await self.poll()) is None:
            await asyncio.sleep(PERIOD)
        return code

    async def send_signal(self, signum: int) -> None:
        """End the kernel, which is all that a signal can do from outside."""
        await self.kill()

    async def kill(self, restart: bool = False) -> None:
        if self.box:
            self.box.kill()

    async def terminate(self, restart: bool = False) -> None:
        await self.kill()

    async def cleanup(self, restart: bool = False) -> None:
        reason = None
        if self.box:
            reason = self.box.why()
            self.box.close()
            self.box = None
        self.parent.leave(reason)


def _content(name: str, what: bytes | Path) -> bytes:
    if Path(name).name != name or name == "..":
        raise ValueError(
            f"files: wanted the name of a file in one folder, got {name!r}"
        )
    return what if isinstance(what, bytes) else what.read_bytes()
