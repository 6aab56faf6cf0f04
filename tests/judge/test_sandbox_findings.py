"""What is said where there can be no sandbox: what is missing and how to mend it."""

import platform

import pytest

from attn_course.judge.findings import Findings, look
from attn_course.judge.sandbox import CannotSandbox, require, support

APPARMOR = "kernel.apparmor_restrict_unprivileged_userns"
REFUSED = "bwrap: setting up uid map: Permission denied"
CASES = {
    "no bubblewrap on Ubuntu": (
        Findings(family="ubuntu debian", bwrap=None),
        ["bwrap", "not installed", "sudo apt-get install bubblewrap"],
    ),
    "no bubblewrap on Rocky": (
        Findings(family="rocky rhel centos fedora", bwrap=None),
        ["sudo dnf install bubblewrap"],
    ),
    "no bubblewrap on Arch": (
        Findings(family="arch", bwrap=None),
        ["sudo pacman -S bubblewrap"],
    ),
    "no bubblewrap on something rare": (
        Findings(family="", bwrap=None),
        ["get the package called bubblewrap"],
    ),
    "an old bubblewrap": (
        Findings(version=(0, 4, 1)),
        ["wanted 0.6 or newer, got 0.4.1"],
    ),
    "a bubblewrap that does not say how old it is": (
        Findings(version=()),
        ["got an unknown version"],
    ),
    "Ubuntu's AppArmor": (
        Findings(words=REFUSED, switch=APPARMOR),
        [REFUSED, "profile bwrap /usr/bin/bwrap", "userns,", f"-w {APPARMOR}=0"],
    ),
    "user namespaces off on Debian": (
        Findings(words=REFUSED, switch="kernel.unprivileged_userns_clone"),
        ["sudo sysctl -w kernel.unprivileged_userns_clone=1"],
    ),
    "user namespaces off on Red Hat": (
        Findings(words=REFUSED, switch="user.max_user_namespaces"),
        ["sudo sysctl -w user.max_user_namespaces=15000"],
    ),
    "an ordinary container": (
        Findings(words=REFUSED, container=True),
        ["--security-opt seccomp=unconfined", "systempaths=unconfined"],
    ),
    "a container as root": (
        Findings(words=REFUSED, container=True, root=True),
        ["--security-opt seccomp=unconfined", "--cap-add SYS_ADMIN"],
    ),
    "something else": (
        Findings(words=REFUSED),
        [REFUSED, "bwrap --ro-bind / / --unshare-all true"],
    ),
    "macOS": (
        Findings(system="Darwin", bwrap=None),
        ["no sandboxes on Darwin", "virtual machine", "container"],
    ),
    "a machine without a filter": (
        Findings(machine="riscv64"),
        ["riscv64", "x86_64, aarch64"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_refuses_with_what_is_missing_and_how_to_mend_it(case):
    found, wanted = CASES[case]
    with pytest.raises(CannotSandbox) as refusal:
        require(support(found))
    for words in [*wanted, "attn-course grade --unsandboxed everything"]:
        assert words in str(refusal.value)


def test_only_a_container_is_told_to_be_started_otherwise():
    for found, _ in CASES.values():
        said = support(found).missing
        assert ("--security-opt" in said) is found.container
        assert ("--cap-add" in said) is (found.container and found.root)


def test_a_machine_on_which_all_works_is_told_nothing():
    assert require(support(Findings(root=True))).mode == "root"
    assert require(support(Findings())).mode == "user"
    assert require(support(Findings())).userns_off
    assert not require(support(Findings(version=(0, 6, 1)))).userns_off


def test_this_machine_has_what_the_tests_of_the_sandbox_need():
    found = look()
    assert found.machine == platform.machine()
    assert support(found).missing is None, support(found).missing
