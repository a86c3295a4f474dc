"""`make bench`: dingbridge beside the official SDK and bare clients, in one run on one machine."""
