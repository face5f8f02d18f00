"""Loopback addresses for worlds: each world reserves its own block inside 127.77.0.0/16.

A reservation is an abstract Unix socket: the kernel drops it when the last process that holds it is gone, however that
ended, and it is as wide as the loopback interface itself (one network namespace). Keepers of programs inherit it, so a
block is free again only after everything that used it has ended.
"""

from __future__ import annotations

import ipaddress
import os
import socket

VPC = ipaddress.IPv4Network("127.77.0.0/16")
_SMALL = [ipaddress.IPv4Network(f"127.77.{third}.0/24") for third in range(16, 128)]
_LARGE = [ipaddress.IPv4Network(f"127.77.{third}.0/20") for third in range(128, 256, 16)]


class NoFreeBlock(RuntimeError):
    """All blocks of the wanted size are in use by other worlds."""


class Block:
    """A reserved part of the VPC. Address 2 is its resolver, as in a real VPC; the last ones are for the rig itself."""

    def __init__(self, network: ipaddress.IPv4Network, reservation: socket.socket) -> None:
        self.network = network
        self._reservation = reservation

    @property
    def descriptor(self) -> int:
        """The reservation's file descriptor, to be inherited by whatever must end before the block is free again."""
        return self._reservation.fileno()

    @property
    def resolver(self) -> str:
        """The address for DNS: AWS reserves the third address of a subnet, so no instance gets it."""
        return str(self.network[2])

    @property
    def aws(self) -> str:
        """The address of AWS where machines have networks of their own: the fourth, reserved like the resolver's."""
        return str(self.network[3])

    @property
    def spares(self) -> ipaddress.IPv4Network:
        """The last sixteen addresses."""
        return ipaddress.IPv4Network((int(self.network[-16]), 28))

    def spare(self, index: int) -> str:
        """An address, counted from the block's end, that no instance will get before some 240 launches."""
        return str(self.network[-2 - index])

    def release(self) -> None:
        """Gives the block back; it is free as soon as no keeper holds it either."""
        self._reservation.close()


def reserve(large: bool = False) -> Block:
    """Reserves a free /24, or with `large` a /20, for groups of more than some two hundred instances."""
    candidates = _LARGE if large else _SMALL
    # Start somewhere else each time: an address just left may still have connections in TIME_WAIT.
    start = os.getpid() % len(candidates)
    for network in candidates[start:] + candidates[:start]:
        block = claim(network)
        if block:
            return block
    raise NoFreeBlock(f"all {len(candidates)} blocks of {VPC} of this size are reserved by other worlds")


def claim(network: ipaddress.IPv4Network) -> Block | None:
    """Reserves this very block; None if another world has it."""
    reservation = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        reservation.bind(f"\0etcd-cluster-rig:{network}")
    except OSError:
        reservation.close()
        return None
    return Block(network, reservation)
