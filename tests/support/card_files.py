"""A freshly written card's boot partition, and what somebody wants of it."""

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEQyKrB1iqPTNsmKZ5mLlPbg1bqCxxQYqyNcxJ5dG0uM"
PASSWORD = "correct horse"  # noqa: S105 - nobody's
PSK = "9f4f95b4cb0ed52f1567bbc411e9f1c6af7339e68e7c7ad95d5746982c11d755"
ANSWERS = f"""hostname: ionto-7
serial: "A-7"
time_zone: Europe/Berlin
account: technician
ssh_key: "{KEY} me@desk"
wifi:
  country: DE
  network: "Our house"
  password: "{PASSWORD}"
"""


def fresh_boot(boot):
    """Make what the boot partition of a Raspberry Pi OS with cloud-init has."""
    boot.mkdir(parents=True, exist_ok=True)
    (boot / "config.txt").write_text("# For more options see\n[all]\ndtparam=audio=on\n")
    (boot / "cmdline.txt").write_text("console=tty1 root=PARTUUID=8a438930-02 rootwait\n")
    (boot / "user-data").write_text("#cloud-config\n#hostname: raspberrypi\n")
    (boot / "meta-data").write_text("dsmode: local\ninstance_id: rpios-image\n")
    (boot / "network-config").write_text("network:\n  version: 2\n")
    return boot
