"""The end-to-end rig: an AWS, the instances of a group and their etcds, all on this machine's loopback interface.

The tests and the demo share it. `rig.world.World` puts the parts together; each part stands alone too:

    addresses   which loopback addresses a world may use
    processes   programs that are certain to end; `nursery` forks what takes long to load
    aws         a signature-checking AWS with faults on request
    imds        the metadata service of one instance
    fleet       the instances of the group, one `etcd-cluster` each; `host` is the machine of one
    network     networks of their own for the machines, which can be cut
    bare        plain etcds, and a cluster as an older tool leaves it
    etcd        talking to the etcds; `writer` writes throughout and counts what was lost
    dns         the hosted zone, served to real resolvers
    progress    what the demo prints
"""
