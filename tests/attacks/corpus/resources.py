"""Eating what a machine has: memory, disk, processes, and whoever reads the output.

Whatever could hurt a machine that does not hold it is bounded: 3 GB of memory, 200 MB
of disk, 200 processes that end after five seconds.
"""

from ..attack import Kind

ATTACKS = Kind("resources")


def eats(name: str, says: str, code: str, words="all but shares", **facts) -> None:
    ATTACKS.answer(name, says, code, words, **facts)


eats(
    "memory-while-it-is-called",
    "Allocates three gigabytes inside the answer.",
    """
    def shares(scores):
        kept = [np.ones(2**24) for _ in range(24)]
        return scores / 2 + len(kept)
    """,
    harmful_unsandboxed=True,
)
eats(
    "memory-at-the-top-level",
    "Allocates three gigabytes in its cell, and keeps them.",
    """
    hoard = [np.ones(2**24) for _ in range(24)]


    def shares(scores):
        return scores / 2
    """,
    harmful_unsandboxed=True,
)
eats(
    "a-full-disk",
    "Writes two hundred megabytes into its working folder and into /tmp.",
    """
    def shares(scores):
        for path in ("attn-attack-full-disk", "/tmp/attn-attack-full-disk"):
            with open(path, "wb") as file:
                for _ in range(100):
                    file.write(b"x" * 2**20)
        return scores / 2
    """,
    harmful_unsandboxed=True,
)
eats(
    "thousands-of-files",
    "Creates five thousand empty files in its working folder.",
    """
    import os
    os.makedirs("many", exist_ok=True)
    for number in range(5000):
        open(f"many/{number}", "w").close()


    def shares(scores):
        return scores / 2
    """,
)
eats(
    "a-fork-bomb",
    "Starts two hundred processes.",
    """
    def shares(scores):
        import os, time
        for _ in range(200):
            if os.fork() == 0:
                time.sleep(5)
                os._exit(0)
        return scores / 2
    """,
    harmful_unsandboxed=True,
)
eats(
    "five-hundred-threads",
    "Starts five hundred threads that sleep.",
    """
    def shares(scores):
        import threading, time
        for _ in range(500):
            threading.Thread(target=time.sleep, args=(5,), daemon=True).start()
        return scores / 2
    """,
    harmful_unsandboxed=True,
)
eats(
    "all-file-descriptors",
    "Opens files until there is no descriptor left, and keeps them.",
    """
    import os
    hoard = []


    def shares(scores):
        try:
            while len(hoard) < 5000:
                hoard.append(os.open("/dev/null", os.O_RDONLY))
        except OSError:
            pass
        return scores / 2
    """,
    "nothing for shares",
)
eats(
    "prints-without-end",
    "Prints three hundred megabytes.",
    """
    def shares(scores):
        for _ in range(300):
            print("x" * 2**20)
        return scores / 2
    """,
    harmful_unsandboxed=True,
)
eats(
    "prints-past-the-redirection",
    "Writes fifty megabytes to the kernel's real output, past Python's sys.stdout.",
    """
    def shares(scores):
        import os
        for _ in range(50):
            os.write(1, b"x" * 2**20)
            os.write(2, b"x" * 2**20)
        return scores / 2
    """,
    harmful_unsandboxed=True,
)
eats(
    "prints-at-the-top-level",
    "Prints thirty megabytes in its own cell.",
    """
    for _ in range(30):
        print("x" * 2**20)


    def shares(scores):
        return scores / 2
    """,
    harmful_unsandboxed=True,
)
eats(
    "a-hundred-thousand-messages",
    "Displays a hundred thousand small outputs.",
    """
    for _ in range(100_000):
        get_ipython().display_pub.publish({"text/plain": "x"})


    def shares(scores):
        return scores / 2
    """,
    harmful_unsandboxed=True,
)
eats(
    "one-huge-display",
    "Displays thirty megabytes at once.",
    """
    def shares(scores):
        from IPython.display import publish_display_data
        publish_display_data({"text/html": "x" * 30_000_000})
        return scores / 2
    """,
    harmful_unsandboxed=True,
)
eats(
    "a-text-without-end",
    "Raises an error whose text is a hundred megabytes long.",
    """
    def shares(scores):
        raise ValueError("x" * 100_000_000)
    """,
)
eats(
    "a-daemon-stays-behind",
    "Leaves a process that outlives the kernel; right work otherwise.",
    """
    import subprocess
    subprocess.Popen(
        ["attn-attack-a-daemon-stays-behind", "1200"],
        executable="/bin/sleep", start_new_session=True,
    )


    def shares(scores):
        exps = np.exp(scores)
        return exps / exps.sum(axis=1, keepdims=True)
    """,
    "all",
)
eats(
    "a-daemon-without-a-parent",
    "Forks twice, so that nobody knows whose child the process is.",
    """
    import os
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.closerange(0, 256)
            name = "attn-attack-a-daemon-without-a-parent"
            os.execv("/bin/sleep", [name, "1200"])
        os._exit(0)


    def shares(scores):
        exps = np.exp(scores)
        return exps / exps.sum(axis=1, keepdims=True)
    """,
    "all",
)
eats(
    "a-thread-that-never-ends",
    "Leaves a busy thread; right work otherwise.",
    """
    import threading, time


    def busy():
        until = time.monotonic() + 60
        while time.monotonic() < until:
            time.sleep(0.001)


    threading.Thread(target=busy).start()


    def shares(scores):
        exps = np.exp(scores)
        return exps / exps.sum(axis=1, keepdims=True)
    """,
    "all",
)
eats(
    "writes-into-the-home-folder",
    "Writes into the instructor's home and into a folder open to everybody.",
    """
    for path in ("@HOME@", "@SHARED@"):
        try:
            with open(path + "/attn-attack-writes-into-the-home-folder", "w") as file:
                file.write("was here")
        except OSError:
            pass


    def shares(scores):
        return scores / 2
    """,
)
eats(
    "writes-into-the-installed-package",
    "Leaves a file in the folder from which everybody imports the grading.",
    """
    import os, attn_course.grading
    try:
        folder = os.path.dirname(attn_course.grading.__file__)
        name = "attn-attack-writes-into-the-installed-package.txt"
        with open(os.path.join(folder, name), "w") as file:
            file.write("was here")
    except OSError:
        pass


    def shares(scores):
        return scores / 2
    """,
    harmful_unsandboxed=True,
)
