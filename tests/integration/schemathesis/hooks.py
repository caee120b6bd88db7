"""Each request comes from an address of its own. SPDX-License-Identifier: MIT

The checks show hundreds of wrong credentials. From one address that is a brute force attack, which the host answers with 429
whatever is asked; the whole of 127.0.0.0/8 is this machine.
"""

import secrets

import urllib3.util.connection

connect = urllib3.util.connection.create_connection


def from_anywhere(address, timeout=None, source_address=None, socket_options=None):
    # not from `random`: hypothesis sets its seed
    source = ".".join(["127", *(str(1 + secrets.randbelow(250)) for _ in range(3))])
    return connect(address, timeout, source_address or (source, 0), socket_options)


urllib3.util.connection.create_connection = from_anywhere
