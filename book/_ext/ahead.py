"""Run the pages that have to be run, several at a time, before Sphinx reads them.

Sphinx reads one page after another, and a page that is not in the execution cache is
run when it is read. So the pages about to be read that are not in the cache are run
here first, as many at a time as there are processors, each on one thread, and put into
the cache. A page that uses what another has saved says so in its front matter,
`needs: [that_page]`, and runs after it.

A page that fails is not put into the cache: it is run once more when it is read, and
then reported as ever.
"""

import os
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter
from pathlib import Path

from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn, JupyterCacheAbstract
from jupyter_cache.executors.utils import ExecutionResult, single_nb_execution
from myst_nb.core.read import create_nb_reader
from nbformat import NotebookNode

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
NO_BARS = ("TQDM_DISABLE",)  # they would be widgets, whose scripts lie elsewhere


def before_reading(app, env, names):
    """Run what is not in the cache of the pages `names`."""
    cache = get_cache(env.mystnb_config.execution_cache_path or ".jupyter_cache")
    pages = {name: page for name in names if (page := notebook(env, name))}
    missing = {name: page for name, page in pages.items() if not kept(cache, page)}
    os.environ.update(dict.fromkeys((*ONE_THREAD, *NO_BARS), "1"))
    for name, result in run(env, missing):
        if result.err is None:
            path = env.doc2path(name)
            seconds = {"execution_seconds": result.time}
            bundle = CacheBundleIn(missing[name], path, data=seconds)
            cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def notebook(env, name: str) -> NotebookNode | None:
    """Return the page as a notebook, None if it is none or runs nothing."""
    path = env.doc2path(name)
    text = Path(path).read_text("utf8")
    reader = create_nb_reader(path, env.myst_config, env.mystnb_config, text)
    if reader is None:
        return None
    page = reader.read(text)
    return page if any(cell.cell_type == "code" for cell in page.cells) else None


def kept(cache: JupyterCacheAbstract, page: NotebookNode) -> bool:
    """Whether the cache has the outputs of such a page."""
    try:
        cache.match_cache_notebook(page)
    except KeyError:
        return False
    return True


def run(env, pages: dict[str, NotebookNode]):
    """Run the pages in their order, each after those it needs; yield what comes of it.

    Raises
    ------
    graphlib.CycleError
        If pages need each other.
    """
    needs = {name: {*page.metadata.get("needs", ())} for name, page in pages.items()}
    TopologicalSorter(needs).prepare()
    waiting, running = list(pages), {}
    at_once = os.cpu_count() or 1
    with ThreadPoolExecutor(at_once) as pool:
        while waiting or running:
            unfinished = {*waiting, *running.values()}
            ready = [name for name in waiting if not needs[name] & unfinished]
            for name in ready[: at_once - len(running)]:
                running[pool.submit(run_one, env, name, pages[name])] = name
                waiting.remove(name)
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                yield running.pop(done), done.result()


def run_one(env, name: str, page: NotebookNode) -> ExecutionResult:
    """Run one page where it lies, as it is run when it is read."""
    return single_nb_execution(
        page,
        cwd=str(Path(env.doc2path(name)).parent),
        timeout=env.mystnb_config.execution_timeout,
        allow_errors=False,
    )


def setup(app):
    app.connect("env-before-read-docs", before_reading)
