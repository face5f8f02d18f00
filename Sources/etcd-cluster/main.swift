print("etcd-cluster")
