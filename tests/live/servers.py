"""Next hops of the scripts of this folder."""
import socketserver


class Threads(socketserver.ThreadingTCPServer):
    """A thread for each connection. Those of a burst wait in its queue: one that finds it full looks open to whoever calls and is not heard
    for minutes."""
    allow_reuse_address = daemon_threads = True
    request_queue_size = 1024
