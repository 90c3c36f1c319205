"""The processes beside the web: dispatcher, RQ workers and the supervisor of them all."""
