import Supervision

// First of all: our own executable is also what every child is before it becomes itself.
Trampoline.runIfAsked()

print("etcd-cluster")
