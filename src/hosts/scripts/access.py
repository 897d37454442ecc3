# Runs as a service's own user and opens pools as that service would. Speaks Python 2.6 to 3, and to librados since 0.67.
# NONCE and CHECKS (base64 of a JSON list of {index, entity, conf, pool}) stand above.
import base64
import json
import os
import threading


def say(index, word, text=""):
    plain = "".join(c if " " <= c <= "~" else " " for c in str(text))[:300]
    os.write(1, ("\n== %s access %d %s %s\n" % (NONCE, index, word, plain)).encode("ascii", "replace"))


def unreadable(path):
    try:
        open(path).close()
    except (IOError, OSError) as error:
        return "%s: %s" % (path, error.strerror)


def data_pool(rbd, io):
    try:
        return rbd.RBD().pool_metadata_get(io, "conf_rbd_default_data_pool")
    except Exception:
        return None  # There is none, or the library is of before Nautilus and knows of none.


def look_into(rados, cluster, pool):
    io = cluster.open_ioctx(pool)
    try:
        io.stat("rbd_data.0")  # Images are listed elsewhere; of an object that is not there only those may hear who may read.
    except rados.ObjectNotFound:
        pass
    io.close()


def check(index, entity, conf, pool):
    problem = unreadable(conf)
    if problem:
        return say(index, "conf", problem)
    try:
        import rados
        import rbd
    except ImportError as error:
        return say(index, "binding", error)
    # Short deadlines, and no log or socket left behind by a check.
    settings = {
        "client_mount_timeout": "10",
        "rados_mon_op_timeout": "10",
        "rados_osd_op_timeout": "15",
        "admin_socket": "",
        "log_file": "",
        "log_to_stderr": "false",
    }
    try:
        cluster = rados.Rados(name=entity, conffile=conf)
    except Exception as error:
        return say(index, "conf", "%s: %s" % (conf, error))
    for name in settings:
        try:
            cluster.conf_set(name, settings[name])
        except Exception:
            pass  # A library that does not know a deadline works without it.
    late = getattr(rados, "TimedOut", ())
    keyrings = [path for path in cluster.conf_get("keyring").split(",") if path]
    problems = [unreadable(path) for path in keyrings]
    if keyrings and all(problems):
        return say(index, "keyring", problems[0])
    try:
        try:
            cluster.connect(timeout=10)
        except TypeError:
            cluster.connect()
    except Exception as error:
        return say(index, "late" if isinstance(error, late) else "connect", error)
    try:
        io = cluster.open_ioctx(pool)
        rbd.RBD().list(io)
        data = data_pool(rbd, io)
        io.close()
    except Exception as error:
        return say(index, "late" if isinstance(error, late) else "pool", error)
    try:
        if data:
            look_into(rados, cluster, data)
    except Exception as error:
        return say(index, "late" if isinstance(error, late) else "data", "%s: %s" % (data, error))
    say(index, "ok")
    cluster.shutdown()


threads = []
for one in json.loads(base64.b64decode(CHECKS).decode("utf-8")):
    thread = threading.Thread(target=check, args=(one["index"], one["entity"], one["conf"], one["pool"]))
    thread.daemon = True
    thread.start()
    threads.append(thread)
for thread in threads:
    thread.join(35)
# A library that hangs in its own shutdown must not hold up the look.
os._exit(0)
