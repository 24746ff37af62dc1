"""CPU time and memory of processes, from /proc, and the core that they run on."""
import os

TICK = os.sysconf("SC_CLK_TCK")
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE = CORES[0]
CLIENT_CORE = CORES[-1]


def _all():
    """(pid, parent, ticks) of every process; the ticks of children that ended are in those of their parent."""
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open("/proc/%s/stat" % name) as file:
                    fields = file.read().rpartition(") ")[2].split()
            except OSError:
                continue
            yield int(name), int(fields[1]), sum(map(int, fields[11:15]))


def tree(root):
    """`root` and all that descend from it, with their ticks."""
    processes = list(_all())
    found = {pid: ticks for pid, _, ticks in processes if pid == root}
    grown = True
    while grown:
        grown = False
        for pid, parent, ticks in processes:
            if parent in found and pid not in found:
                found[pid] = ticks
                grown = True
    return found


def cpu(root):
    """Seconds of CPU, user and system, of a process and its descendants."""
    return sum(tree(root).values()) / TICK


def backends(database):
    """{pid: seconds of CPU} of the PostgreSQL processes that serve one database."""
    found = {}
    for pid, _, ticks in _all():
        try:
            with open("/proc/%d/cmdline" % pid) as file:
                title = file.read()
        except OSError:
            continue
        if title.startswith("postgres:") and (" %s " % database) in title:
            found[pid] = ticks / TICK
    return found


def pin(pids, core):
    """Whether all could be bound to the core."""
    try:
        for pid in pids:
            os.sched_setaffinity(pid, {core})
    except ProcessLookupError:
        pass
    except PermissionError:
        return False
    return True


def busy():
    """Seconds that all cores together have not been idle."""
    with open("/proc/stat") as file:
        fields = list(map(int, file.readline().split()[1:9]))
    return (sum(fields) - fields[3] - fields[4]) / TICK


def memory(root):
    """Resident and proportional set of a process and its descendants, MiB."""
    resident = proportional = 0
    for pid in tree(root):
        with open("/proc/%d/smaps_rollup" % pid) as file:
            for line in file:
                if line.startswith("Rss:"):
                    resident += int(line.split()[1])
                elif line.startswith("Pss:"):
                    proportional += int(line.split()[1])
    return {"rss": resident / 1024, "pss": proportional / 1024}
