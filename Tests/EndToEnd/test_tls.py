"""TLS everywhere, both sides verified: the cluster forms, is found under the `-ssl` names, and heals."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Callable

from rig.aws import Instance
from rig.etcd import etcdctl
from rig.waiting import wait_until
from rig.world import World


class Authority:
    """A certificate authority that lives as long as one test."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True)
        self._directory = directory
        self.certificate = directory / "ca.pem"
        self._key = directory / "ca.key"
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                      "-subj", "/CN=test authority", "-keyout", str(self._key), "-out", str(self.certificate))

    def issue(self, name: str, alternatives: str) -> tuple[Path, Path]:
        """A certificate and its key, good for servers and for clients."""
        certificate, key, request = (self._directory / f"{name}.{end}" for end in ("pem", "key", "csr"))
        extensions = self._directory / f"{name}.ext"
        extensions.write_text(f"subjectAltName={alternatives}\nextendedKeyUsage=serverAuth,clientAuth\n")
        self._openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                      f"/CN={name}", "-keyout", str(key), "-out", str(request))
        self._openssl("x509", "-req", "-in", str(request), "-CA", str(self.certificate), "-CAkey", str(self._key),
                      "-CAcreateserial", "-days", "2", "-extfile", str(extensions), "-out", str(certificate))
        return certificate, key

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=30)


def test_a_cluster_with_mutual_tls_forms_and_heals(
        make_world: Callable[..., World], binary: str, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca")
    domain = "v1.example.org"

    def environment(instance: Instance) -> dict[str, str]:
        # On one machine every connection comes from 127.0.0.1, and etcd holds a client to the addresses it names.
        certificate, key = authority.issue(
            instance.id, f"IP:{instance.address},IP:127.0.0.1,DNS:*.{domain},DNS:{domain}")
        files = {"CERT_FILE": certificate, "KEY_FILE": key, "TRUSTED_CA_FILE": authority.certificate}
        return {
            **{f"ETCD_{name}": str(path) for name, path in files.items()},
            **{f"ETCD_PEER_{name}": str(path) for name, path in files.items()},
            "ETCD_CLIENT_CERT_AUTH": "true", "ETCD_PEER_CLIENT_CERT_AUTH": "true",
            "ETCD_LISTEN_CLIENT_URLS": f"https://{instance.address}:2379",
            "ETCD_LISTEN_PEER_URLS": f"https://{instance.address}:2380"}

    world = make_world([binary], environment=environment)
    world.fleet.follow()
    certificate, key = authority.issue("client", "DNS:client")

    def members() -> dict[str, list[str]]:
        text = etcdctl(
            "member", "list", "-w", "json", "--cacert", str(authority.certificate), "--cert", str(certificate), "--key",
            str(key), "--command-timeout=2s", endpoints=[f"https://{one.address}:2379" for one in world.aws.running()])
        return {one["name"]: one.get("clientURLs", []) for one in json.loads(text)["members"] if one.get("name")}

    def is_whole() -> bool:
        running = {one.id: [f"https://{one.address}:2379"] for one in world.aws.running()}
        return members() == running

    def is_named() -> bool:
        records = world.present_records()
        names = {name.split(".")[0] for name, kind in records if kind == "SRV"}
        targets = records.get((f"_etcd-client-ssl._tcp.{domain}.", "SRV"), ())
        return names == {"_etcd-server-ssl", "_etcd-client-ssl", "_etcd-ssl"} and sorted(targets) == sorted(
            f"1 1 2379 {one.id}.{domain}." for one in world.aws.running())

    wait_until("three members serve TLS", is_whole, 60)
    wait_until("they are found under the names of TLS", is_named, 30)
    world.aws.terminate(world.aws.running()[0].id)
    wait_until("the replacement has joined", is_whole, 60)
    wait_until("DNS follows", is_named, 30)
