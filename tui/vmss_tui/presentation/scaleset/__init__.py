"""One scale set in words: summary, instances, interference, outputs."""
