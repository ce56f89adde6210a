"""Which IP addresses are somebody else's, out in the public network. Pure."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

# `is_global` lets these through, though an IPv4 address of the inside may be wrapped in them, or
# a router of the inside may answer.
WRAPPED = tuple(
    ip_network(each)
    for each in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96", "fec0::/10")
)
RELAYS = ip_network("192.88.99.0/24")


def is_public(text: str) -> bool:
    """Whether a connection to that IP address leaves for the public network; False for anything
    that is no IP address."""
    try:
        address: IPv4Address | IPv6Address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        elif any(address in network for network in WRAPPED):
            return False
    if isinstance(address, IPv4Address) and address in RELAYS:
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def is_inside(host: str) -> bool:
    """Whether that host says by itself that it is no public one: this machine's name, or an address
    that is not public. Any other name has to be looked up to be known."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return not is_public(host)
