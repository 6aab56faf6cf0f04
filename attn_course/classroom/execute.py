"""Execute a notebook to its end, also when a cell takes the kernel down with it."""

from nbclient.exceptions import DeadKernelError
from nbformat import v4 as nb_v4
from nbgrader.preprocessors import Execute as StockExecute


class Execute(StockExecute):
    """nbgrader's Execute; a cell that kills the kernel costs itself alone.

    The notebook starts over in a new kernel without the cells known to be deadly.
    """

    def preprocess(self, nb, resources, km=None):
        self.deadly: set[int] = set()
        while True:
            try:
                return super().preprocess(nb, resources, km)
            except DeadKernelError:
                self.deadly.add(self.at)

    def preprocess_cell(self, cell, resources, index):
        self.at = index
        if index not in self.deadly:
            return super().preprocess_cell(cell, resources, index)
        said = "the kernel died while this cell ran"
        cell.outputs = [
            nb_v4.new_output(
                "error",
                ename="DeadKernel",
                evalue=said,
                traceback=[f"DeadKernel: {said}"],
            )
        ]
        return cell, resources
