"""A volume of its own: a file system in a file, mounted where one machine's processes see it. Takes root, and loop devices.

It is mounted in the mount namespace of the supervisor that uses it, so that nothing is left behind, however that one ends:
the namespace ends with its last process, the mount with it, and the loop device is freed by its last mount.
"""

from __future__ import annotations

import functools
import os
import subprocess
import tempfile
from pathlib import Path

# The kernel may still be busy with the mount of the machine before: a volume is attached to one at a time.
_MOUNT = """
mkdir -p "$1" || exit 69
tries=0
until said=$(mount -t ext4 -o loop "$0" "$1" 2>&1); do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || { echo "$said" >&2; exit 69; }
    sleep 0.05
done
shift
exec "$@"
"""


class Volume:
    """A file system that outlives the machine which has it mounted; made empty. `megabytes` of it are as sparse as a file."""

    def __init__(self, file: Path, megabytes: int = 512) -> None:
        self.file = file
        with open(file, "wb") as image:
            image.truncate(megabytes << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", str(file)], check=True, capture_output=True, timeout=60)

    def prefix(self, directory: Path) -> list[str]:
        """What to put in front of a command so that it, and what it starts, has the volume on `directory`."""
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", _MOUNT, str(self.file), str(directory)]


@functools.cache
def volumes_can_be_mounted() -> bool:
    """Whether this machine lets us: not every container does, even to root."""
    if os.geteuid() != 0:
        return False
    with tempfile.TemporaryDirectory() as place:
        try:
            volume = Volume(Path(place) / "volume", megabytes=8)
            command = [*volume.prefix(Path(place) / "mounted"), "true"]
            return subprocess.run(command, capture_output=True, timeout=30, check=False).returncode == 0
        except (OSError, subprocess.SubprocessError):
            return False
