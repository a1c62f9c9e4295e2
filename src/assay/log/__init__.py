"""The transparency log: an append-only Merkle tree in files, as C2SP tlog-tiles lays it out."""
